"""The miniature of VoxCeleb1 is read by what reads VoxCeleb1."""

from dataclasses import replace
from pathlib import Path

import pytest

from pins_plugin.data.corpora.voxceleb import VoxCelebFolder, read_ids, read_traits
from pins_plugin.data.corpora.voxceleb_clips import find_voxceleb1, read_splits
from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.pins_lists import PinsLists, read_pins_lists
from pins_plugin.simulation.corpus import CorpusSettings
from pins_plugin.simulation.voxceleb_tree import write_voxceleb_tree

SETTINGS = CorpusSettings(
    people=16,
    clips_per_person=1,
    num_images=2,
    words=1,
    image_size=48,
    splits=(0.5, 0.0, 0.5),
    test_clips=2,
    seen_heard=4,
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    write_voxceleb_tree(folder, SETTINGS, jobs=1, quiet=True)
    return folder


@pytest.fixture(scope="module")
def lists(tree: Path) -> PinsLists:
    return read_pins_lists(tree / "lists")


def test_every_listed_file_is_there(tree: Path, lists: PinsLists) -> None:
    folder = VoxCelebFolder(tree / "vox1", lists.ids)
    assert len(lists.voices()) == 8 * 2 + 4 * 2
    assert all(folder.voice(key) for key in lists.voices())
    assert all(folder.face(key) for key in lists.faces())


def test_lists_hold_what_their_names_say(tree: Path, lists: PinsLists) -> None:
    names = {vox_id: name for name, vox_id in lists.ids.items()}
    traits = read_traits(tree / "lists" / "vox1_meta.csv")
    assert {pairs.condition for pairs in lists.verification} == {"seenheard", "unseenunheard"}
    for pairs in lists.verification:
        assert pairs.same.mean() == 0.5
        for voice, face, same in zip(pairs.voices, pairs.faces, pairs.same, strict=True):
            assert (voice.person == face.person) == same
            if pairs.stratum in ("G", "GNA"):
                one, other = (traits[names[key.person]]["gender"] for key in (voice, face))
                assert one == other
    for trials in lists.matching:
        for query, (right, wrong) in zip(trials.queries, trials.candidates, strict=True):
            assert query.person == right.person != wrong.person


def test_recipe_keeps_seen_heard_videos_out_of_training(
    tree: Path, lists: PinsLists, tmp_path: Path
) -> None:
    splits = read_splits(tree / "lists" / "identity_splits.txt")
    assert sorted(splits.values()) == ["test"] * 8 + ["train"] * 8
    held_out = {
        (key.person, key.video)
        for pairs in lists.verification
        if pairs.condition == "seenheard"
        for key in pairs.voices
    }
    ids = read_ids(tree / "lists" / "vox1_meta.csv")
    clips, skipped = find_voxceleb1(tree / "vox1", splits, ids, tmp_path, held_out)
    assert not skipped
    train = {clip.identity for clip in clips if clip.split == "train"}
    test = {clip.identity for clip in clips if clip.split == "test"}
    assert len(train) == 8
    assert len(test) == 8 + 4
    assert len(train & test) == 4
    assert all(len(list(clip.faces.glob("*.jpg"))) == 2 for clip in clips)


def test_videos_are_no_voxceleb1(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="form: expected images, as VoxCeleb1 holds"):
        write_voxceleb_tree(tmp_path / "out", replace(SETTINGS, form="video"), quiet=True)
    assert not (tmp_path / "out").exists()
