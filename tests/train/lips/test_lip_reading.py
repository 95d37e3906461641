"""Lip reading: windows by hand, and a toy vocabulary that must be learnt, frozen and end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pins_plugin.data.corpora.words import SpokenWord, cut_word, read_words, vocabulary
from pins_plugin.data.training.sync_clips import SyncClip, save_sync_clip
from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.inference.lip_reader import LipReader
from pins_plugin.train.experiment import load_experiment
from pins_plugin.train.lips.lip_reading import load_spoken, split_words

HPARAMS = Path(__file__).resolve().parents[3] / "hparams"


def test_cut_word_by_hand() -> None:
    features = torch.arange(1.0, 51.0)[:, None]
    window = cut_word(features, 0.8, 1.0, num_frames=11, context=2)  # frames 20 to 25
    assert window[:, 1].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0]
    assert window[:, 2].tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert window[:, 0].tolist() == [0, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28]


def test_cut_word_at_the_edge_of_a_clip_sees_what_is_there() -> None:
    window = cut_word(torch.ones(5, 3), 0.0, 0.2, num_frames=20, context=4)
    assert window[:, 4].sum() == 5
    assert cut_word(torch.ones(0, 3), 0.0, 0.2).shape == (20, 5)


@pytest.mark.parametrize("text", ["", "clip,word\na,b\n", "clip,start_s,end_s,word\na,x,1,b\n"])
def test_broken_word_lists_are_explained(tmp_path, text: str) -> None:
    path = tmp_path / "words.csv"
    path.write_text(text)
    with pytest.raises(ManifestError, match=r"words.csv: expected"):
        read_words(path)


def test_vocabulary_is_sorted_and_has_each_word_once() -> None:
    words = [SpokenWord("c", 0.0, 0.1, word) for word in ("red", "at", "red")]
    assert vocabulary(words) == ["at", "red"]


def test_split_words_by_column_or_by_name() -> None:
    words = [SpokenWord(clip, 0, 1, "a") for clip in "cab"]
    train, valid, test = split_words(words, 1, 1)
    assert [[word.clip for word in part] for part in (train, valid, test)] == [["c"], ["b"], ["a"]]
    assert [len(part) for part in split_words(words, 1)] == [2, 0, 1]
    marked = [SpokenWord("a", 0, 1, "x", split) for split in ("test", "train", "valid")]
    assert [len(part) for part in split_words(marked, 1)] == [1, 1, 1]


def silent_clip(name: str, lips: np.ndarray, start: float = 0.0) -> SyncClip:
    mouths, sound = np.zeros((len(lips), 1, 1), np.uint8), np.zeros(640 * len(lips), np.float32)
    return SyncClip(name, "a", lips.astype(np.float32), mouths, sound, start)


@pytest.fixture
def spoken(tmp_path) -> dict[str, str]:
    """Clips in which one of three words moves the lips in its own way."""
    generator = np.random.default_rng(0)
    ways = generator.normal(size=(3, 88, 2))
    rows = ["clip,start_s,end_s,word"]
    for index in range(40):
        lips = 0.02 * generator.normal(size=(60, 88, 2))
        for place in range(4):
            word = int(generator.integers(3))
            first = 4 + 14 * place
            lips[first : first + 6] += np.hanning(6)[:, None, None] * ways[word]
            rows.append(f"clip{index:02d},{first / 25},{(first + 6) / 25},word{word}")
        clip = silent_clip(f"clip{index:02d}", lips)
        save_sync_clip(tmp_path / "clips" / f"{clip.name}.npz", clip)
    (tmp_path / "words.csv").write_text("\n".join(rows))
    return {
        "clips": str(tmp_path / "clips"), "words": str(tmp_path / "words.csv"),
        "output_folder": str(tmp_path / "run"),
    }  # fmt: skip


@pytest.mark.parametrize("end_to_end", [False, True])
def test_a_toy_vocabulary_is_learnt(spoken, tmp_path, end_to_end: bool) -> None:
    options = {**spoken, "num_test_clips": 10, "num_steps": 40, "batch_size": 32, "channels": 16}
    hparams = load_experiment(HPARAMS / "lip_reading.yaml", {**options, "end_to_end": end_to_end})
    hparams["run"](hparams, {})
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (result["num_train_words"], result["num_test_words"], result["step"]) == (80, 40, 40)
    assert result["top1"] > 0.8
    reader = LipReader.from_hparams(tmp_path / "run" / "model")
    assert reader.vocabulary == ("word0", "word1", "word2")


def test_words_keep_their_times_in_a_clip_that_begins_late(tmp_path) -> None:
    save_sync_clip(tmp_path / "late.npz", silent_clip("late", np.zeros((30, 88, 2)), start=1.2))
    (tmp_path / "words.csv").write_text("clip,start_s,end_s,word\nlate,1.6,2.0,a\n")
    lips, words = load_spoken(tmp_path, tmp_path / "words.csv")
    assert lips["late"].shape == (30, 88, 2)
    assert (words[0].start, words[0].end) == pytest.approx((0.4, 0.8))


def test_words_without_clips_are_explained(spoken, tmp_path) -> None:
    hparams = load_experiment(HPARAMS / "lip_reading.yaml", {**spoken, "clips": str(tmp_path)})
    (tmp_path / "words.csv").write_text("clip,start_s,end_s,word\nnobody,0,1,a\n")
    with pytest.raises(PinsError, match="got none"):
        hparams["run"](hparams, {})


def test_words_of_one_split_only_are_explained(spoken, tmp_path) -> None:
    (tmp_path / "words.csv").write_text("clip,start_s,end_s,word,split\nclip00,0,1,a,train\n")
    hparams = load_experiment(HPARAMS / "lip_reading.yaml", spoken)
    with pytest.raises(PinsError, match="words to test on, got 1 and 0"):
        hparams["run"](hparams, {})
