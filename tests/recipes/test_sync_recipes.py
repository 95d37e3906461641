"""The recipes of synchronization on simulated people: clips, judging, and the ablation of separation."""

import csv
import json
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.corpora.words import SpokenWord
from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.training.sync_clips import SyncClip, load_sync_clip, save_sync_clip
from pins_plugin.inference.synchronizer import Synchronizer, SyncResult
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.train.experiment import run_experiment

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def run(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> dict:
    path = RECIPES / script
    monkeypatch.setattr(sys, "argv", [path.name, *map(str, arguments)])
    monkeypatch.syspath_prepend(path.parent)
    return runpy.run_path(str(path), run_name="__main__")


def write_toy_clips(folder: Path, people: int = 6, num_frames: int = 80) -> None:
    """Lips that move as loudly as it sounds: up and down in one word, sideways in the other."""
    generator = np.random.default_rng(0)
    lines = ["clip,start_s,end_s,word,split"]
    for person in range(people):
        split = "train" if person < 4 else "test"
        shape = generator.normal(size=(88, 2))
        words = generator.permutation([0, 1] * 4)
        opening = generator.random(num_frames)
        direction = np.eye(2)[words].repeat(num_frames // 8, axis=0)  # (num_frames, 2)
        lips = shape + 0.5 * opening[:, None, None] * direction[:, None] * np.sign(shape)
        loudness = np.interp(np.arange(num_frames * 640) / 640, np.arange(num_frames), opening)
        sound = 0.3 * loudness**2 * generator.normal(size=num_frames * 640)
        mouths = np.zeros((num_frames, 1, 1), np.uint8)
        clip = SyncClip(
            f"c{person}", f"p{person}", lips.astype(np.float32), mouths, sound.astype(np.float32)
        )
        save_sync_clip(folder / split / f"c{person}.npz", clip)
        lines += [
            f"c{person},{0.4 * index},{0.4 * index + 0.4},{'ab'[word]},{split}"
            for index, word in enumerate(words)
        ]
    (folder / "words.csv").write_text("\n".join(lines))


def test_simulated_clips_are_read_like_real_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    options = ("--people", 3, "--words", 1, "--splits", 0.34, 0.33, 0.33)
    run(monkeypatch, "Sync/simulate.py", tmp_path, *options)
    paths = {path.parent.name: path for path in tmp_path.glob("*/*.npz")}
    assert set(paths) == {"train", "valid", "test"}
    clip = load_sync_clip(paths["test"])
    assert len(clip.waveform) == 640 * len(clip.lips)
    opening = clip.lips[:, 23:28, 1].mean(axis=1) - clip.lips[:, 33:38, 1].mean(axis=1)
    assert opening.max() - opening.min() > 0.08  # of the distance between the eyes: it speaks
    run(monkeypatch, "Sync/simulate.py", tmp_path / "truth", *options, "--truth")
    truth = load_sync_clip(tmp_path / "truth" / "test" / paths["test"].name).lips
    true_opening = truth[:, 23:28, 1].mean(axis=1) - truth[:, 33:38, 1].mean(axis=1)
    assert np.corrcoef(opening, true_opening)[0, 1] > 0.8  # the face mesh reads what was drawn
    rows = list(csv.DictReader((tmp_path / "words.csv").read_text().splitlines()))
    assert {row["split"]: row["clip"] for row in rows} == {
        split: path.stem for split, path in paths.items()
    }
    run(
        monkeypatch,
        "Sync/evaluate.py",
        "sync",
        tmp_path,
        "--lengths",
        10,
        "--out",
        tmp_path / "t.md",
    )
    table = (tmp_path / "t.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines()]
    assert rows[0] == ["right within one frame, %, 3 people", "10 frames"]
    assert rows[-1] == ["chance", "9.7"]
    assert "mouth opening x loudness" in capsys.readouterr().out


def test_phones_are_where_the_joint_experiment_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Phones were heard before, so that PocketSphinx is not needed: noise is one, a tone another."""
    clips, sound, rate = tmp_path / "clips", tmp_path / "clips" / "sound", 16000
    generator = np.random.default_rng(0)
    heard = {}
    for number in range(13):
        tones = np.sin(2 * np.pi * 300 * np.arange(4 * rate) / rate)
        tones[: 2 * rate] = generator.normal(size=2 * rate)
        save_audio(tmp_path / "voices" / f"v{number:02}.wav", 0.1 * tones.astype(np.float32), rate)
        heard[f"v{number:02}.wav"] = [["S", 0, 199], ["SIL", 200, 399]]
    sound.mkdir(parents=True)
    (sound / "phones.json").write_text(json.dumps(heard))
    run(monkeypatch, "Sync/phones.py", tmp_path / "voices", "--out", sound, "--num-steps", 40)
    right = float(re.search(r"([\d.]+) % of the frames of 2 files", capsys.readouterr().out)[1])
    assert right > 90
    for source in ("real", "simulated"):
        write_toy_clips(clips / source, people=1)
    options = ["--clips", str(clips), "--output_folder", str(tmp_path / "run"), "--num_epochs", "1"]
    run_experiment(["hparams/sync_joint.yaml", *options, "--steps_per_epoch", "2"])
    learnt = load_model_folder(tmp_path / "run" / "model").modules["sound_encoder"]
    start = load_model_folder(sound / "model").modules["sound_encoder"]
    assert learnt.pool.weight.equal(start.pool.weight)
    assert not learnt.last.weight.equal(start.last.weight)


def test_sync_run_scores_offsets_and_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toy_clips(tmp_path)
    monkeypatch.syspath_prepend(RECIPES / "SeeingVoices")
    import sync_runs

    clips = sync_runs.SimulatedClips(tmp_path)
    assert (len(clips.train), len(clips.test), clips.vocabulary) == (4, 2, ["a", "b"])
    result = sync_runs.train_and_score(
        clips, ("sound",), weight=1.0, num_epochs=1, num_steps=10, seed=0, steps_per_epoch=3
    )
    dimensions = {result.pop(f"{name}, dimensions") for name in ("lips", "sound")}
    assert all(1 <= each <= sync_runs.LipEncoder().embedding_dim for each in dimensions)
    assert set(result) == {
        "words right",
        "words right, outputs",
        *(f"offsets right, {n} frames" for n in (1, 5, 15, 25)),
    }
    assert all(0 <= value <= 1 for value in result.values())
    encoder = sync_runs.LipEncoder()
    before = encoder.last.weight.detach().clone(), encoder.modes.weight.detach().clone()
    sync_runs.read_lips(clips, encoder, num_steps=2, seed=0, end_to_end=True)
    assert encoder.last.weight.equal(before[0])  # what words do not need is left alone
    assert not encoder.modes.weight.equal(before[1])


def test_ablation_keeps_runs_and_tells_differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every run done before, the command only lays out the tables."""
    for seed in (0, 1):
        for place, name in enumerate(
            ("across only", "+ within sound", "+ within video", "+ within both",
             "untrained network", "trained with labels")
        ):  # fmt: skip
            for part in ("sync", "words", "identity"):
                path = tmp_path / "runs" / f"{part} {name} {seed}.json"
                path.parent.mkdir(exist_ok=True)
                keys = ["offsets right, 5 frames", "offsets right, 15 frames", "words right"]
                keys += [
                    f"{kind} {score}"
                    for kind in ("voice", "face")
                    for score in ("EER", "EER, probe", "minDCF")
                ]
                path.write_text(json.dumps(dict.fromkeys([*keys, "across AUC"], 0.5 + 0.1 * place)))
    write_toy_clips(tmp_path / "toy")
    options = ("--clips", tmp_path / "toy", "--manifest", tmp_path / "none.csv", "--seeds", 0, 1)
    run(
        monkeypatch,
        "SeeingVoices/ablation.py",
        "--out",
        tmp_path,
        "--results",
        tmp_path / "pages",
        *options,
    )
    text = (tmp_path / "results.md").read_text()
    rows = {
        cells[1]: cells[2]
        for cells in (
            [*map(str.strip, line.split("|"))] for line in text.splitlines() if "|" in line
        )
    }
    assert rows["+ within both, difference"] == "30.0 ± 0.0"
    assert "9.68" in text
    page = json.loads((tmp_path / "pages" / "sync.json").read_text())
    assert page["rows"][0] == ["chance", "9.68", "9.68", "4"]
    assert json.loads((tmp_path / "results.json").read_text())["seeds"] == [0, 1]


def test_reliability_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    write_toy_clips(tmp_path / "clips", people=3)

    def always_two_frames_late(self, lips, times, waveform, max_offset):
        return SyncResult(0.08, 2, 0.8, "shifted")

    monkeypatch.setattr(Synchronizer, "offset", always_two_frames_late)
    people = ("--people", "p0", "p1", "p2")
    for late, right in ((0.08, "100.0"), (0.5, "0.0")):
        run(monkeypatch, "Sync/reliability.py", "sync", tmp_path / "clips", *people, "--late", late)
        lines = [[cell.strip() for cell in line.split("|")] for line in capsys.readouterr().out.splitlines()]  # fmt: skip
        assert next(line for line in lines if "all" in line)[2:6] == ["100.0", right, "100.0", "0.0"]  # fmt: skip
        assert next(line for line in lines if "0.7 - 0.9" in line)[3:5] == ["80.0", right]


def test_why_tells_dimensions_beside_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every run done before, the command only lays out the table; a seed's difference is from the same seed."""
    names = ("across only", "+ within sound", "+ within video", "+ within both")
    for name in (*names, "+ within both, a separate term"):
        for seed in (0, 1):
            scores = ("voice EER", "voice EER, probe", "face EER", "face EER, probe", "across AUC")
            numbers = dict.fromkeys(scores, 0.2 + 0.1 * seed)
            numbers |= {f"{part}, dimensions": len(name) + 5 * seed for part in ("voices", "faces")}
            path = tmp_path / "runs" / f"identity {name} {seed}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(numbers))
    options = ("--manifest", tmp_path / "none.csv", "--out", tmp_path, "--seeds", 0, 1)
    run(monkeypatch, "SeeingVoices/why.py", *options)
    rows = {row[0]: row[1:] for row in json.loads((tmp_path / "why_identity.json").read_text())["rows"]}  # fmt: skip
    assert rows["chance"] == ["50"] * 5 + ["-"] * 2
    assert rows["across only"][:1] == ["25.0 ± 63.5"]
    assert rows["+ within sound, difference"] == ["0.0 ± 0.0"] * 5 + ["3.0 ± 0.0"] * 2
    assert rows["+ within both, less + within sound"][-1] == "-1.0 ± 0.0"
    assert not (tmp_path / "why_sync.json").exists()


def test_learning_curve_tests_every_sentence_once_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    write_toy_clips(tmp_path / "clips")
    out = tmp_path / "out"
    options = ("--clips", tmp_path / "clips", "--words", tmp_path / "clips" / "words.csv", "--out", out,
               "--folds", 2, "--labeled", 2, "--steps", 1, 2, "--sync_steps", 2)  # fmt: skip
    run(monkeypatch, "LipReading/learning_curve.py", *options)
    assert capsys.readouterr().out.count("\n-- ") + 1 == 2 * 3 * 2  # folds, ways, steps
    for steps in (1, 2):
        runs = [out / "runs" / f"end to end 2 {fold} of 2 {steps}.json" for fold in (0, 1)]
        right = [json.loads(path.read_text())["right"] for path in runs]
        assert sorted([*right[0], *right[1]]) == [f"c{n}" for n in range(5)]  # c5 chooses the steps
        assert {len(words) for fold in right for words in fold.values()} == {8}
    first = json.loads((out / "results.json").read_text())
    assert first["about"].startswith("40 words of 5 sentences in 2 folds")
    assert first["rows"][-1] == ["chance", "50.0"]
    run(monkeypatch, "LipReading/learning_curve.py", *options)
    assert not capsys.readouterr().out.startswith("-- ")
    assert json.loads((out / "results.json").read_text()) == first


def test_guess_by_place_counts_the_commonest_word_of_each_place() -> None:
    curve = runpy.run_path(str(RECIPES / "LipReading" / "learning_curve.py"))
    train, test = (
        [SpokenWord(f"{part}{n}", float(at), at + 1.0, word) for n, words in enumerate(sentences) for at, word in enumerate(words)]
        for part, sentences in (("train", ("ab", "ac", "db")), ("test", ("ab", "bb", "aba")))
    )  # fmt: skip
    assert curve["guess_by_place"](train, test) == [True, True, False, True, True, True, False]
