"""What is decoded for training is not decoded once more for the card."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tiny_clips import write_tiny_clips

from pins_plugin.cli import main
from pins_plugin.cli.train import score_manifest
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.training import shards
from pins_plugin.inference import clips as inference_clips
from pins_plugin.inference.embedder import FaceVoiceEmbedder

ROOT = Path(__file__).resolve().parents[2]


def test_clips_of_validation_are_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_tiny_clips(tmp_path / "clips")
    read: Counter[str] = Counter()
    for module, name in ((shards, "load_faces"), (inference_clips, "load_clip_faces")):
        original = getattr(module, name)

        def count(path: Path, *args: object, original=original, **kwargs: object) -> np.ndarray:
            read[Path(path).name] += 1
            return original(path, *args, **kwargs)

        monkeypatch.setattr(module, name, count)
    options = {
        "manifest": manifest, "output_folder": tmp_path / "run", "image_size": 32, "frames_per_clip": 4, "seconds": 0.5,
        "batch_size": 8, "num_epochs": 1, "embedding_dim": 8, "device": "cpu",
    }  # fmt: skip
    words = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    main(["train", str(ROOT / "hparams" / "talking_heads.yaml"), *words])
    clips = read_manifest(manifest)
    assert read == Counter({clip.faces.name: 1 for clip in clips})
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "<!-- measured" in card

    embedder = FaceVoiceEmbedder.from_hparams(tmp_path / "run" / "model")
    valid = [clip for clip in clips if clip.split == "valid"]
    decoded = inference_clips.embed_clips(embedder, valid, quiet=True)
    assert f"{len({clip.identity for clip in valid})}" in card and len(decoded[0]) == len(valid)


@pytest.mark.parametrize(
    "text",
    ["file,person\na.mp4,anna\n", "clip_id,identity,video,faces,audio\na,anna,v,a.mp4,a.mp4\n"],
)
def test_a_manifest_that_says_no_split_ends_without_scores(tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(text)
    assert score_manifest(tmp_path / "model", {"manifest": manifest}) is None
