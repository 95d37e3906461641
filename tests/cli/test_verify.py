"""pins verify: similarity, probability, decision; one line for each mistake."""

import json
from pathlib import Path

import pytest

from pins_plugin.cli import main


@pytest.fixture(autouse=True)
def all_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clips hold noise, which counts as speech here."""
    from pins_plugin.inference import verification

    monkeypatch.setattr(verification, "find_speech", lambda waveform: [(0.0, 1.0)])


def _verify(model: Path, face: Path, voice: Path, *options: str) -> int:
    return main(["verify", str(face), str(voice), "--model", str(model), *options])


def test_json_holds_similarity_probability_and_decision(
    model_folder, noise_manifest, capsys
) -> None:
    folder = noise_manifest.parent
    assert _verify(model_folder, folder / "c00.png", folder / "c00.wav", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {
        "similarity", "probability", "same_person", "largest_probability", "reason", "decision",
    }  # fmt: skip
    words = {True: "one person", False: "two people", None: "cannot tell"}
    assert result["decision"] == words[result["same_person"]]


def test_text_says_the_decision_in_words(model_folder, noise_manifest, capsys) -> None:
    folder = noise_manifest.parent
    assert _verify(model_folder, folder / "c00.png", folder / "c00.wav") == 0
    out = capsys.readouterr().out
    decisions = ("one person", "two people", "cannot tell")
    assert "similarity" in out and any(decision in out for decision in decisions)


@pytest.mark.parametrize(
    ("face", "voice", "message"),
    [
        ("none.jpg", "c00.wav", "no such file"),
        ("c00.png", "none.wav", "no such file"),
        ("text.mp4", "c00.wav", "not a readable media file"),
        ("c00.png", "text.mp4", "not a readable media file"),
        ("text.jpg", "c00.wav", "not a readable image"),
        ("c00.png", "c00.png", "has no sound"),
    ],
)
def test_mistakes_are_one_line(
    model_folder, noise_manifest, tmp_path, capsys, face, voice, message
) -> None:
    def path(name: str) -> Path:
        if name.startswith("text"):
            (tmp_path / name).write_text("this is text")
            return tmp_path / name
        return noise_manifest.parent / name

    assert _verify(model_folder, path(face), path(voice)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_an_unknown_model_is_one_line(noise_manifest: Path, capsys) -> None:
    folder = noise_manifest.parent
    assert _verify(Path("no_such_model"), folder / "c00.png", folder / "c00.wav") == 2
    assert "no such model folder" in capsys.readouterr().err
