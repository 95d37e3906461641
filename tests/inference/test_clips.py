"""Files of faces and voices embedded shard by shard, and taken from the cache where they are the same."""

from pathlib import Path

import numpy as np
import soundfile

from pins_plugin.inference.clips import embed_files
from pins_plugin.inference.embedder import FaceVoiceEmbedder


def test_files_are_embedded_once_and_anew_where_they_changed(
    model_folder: Path, tmp_path: Path
) -> None:
    embedder = FaceVoiceEmbedder.from_hparams(model_folder)
    sounds = 0.1 * np.random.default_rng(0).normal(size=(2, 16000))
    soundfile.write(tmp_path / "a.wav", sounds[0], 16000)
    paths, options = [tmp_path / "a.wav", tmp_path / "later.wav"], {"cache": tmp_path / "cache"}
    first = embed_files(embedder, paths, "voice", quiet=True, **options)
    assert np.isfinite(first).all(axis=1).tolist() == [True, False]
    [saved] = (tmp_path / "cache").iterdir()
    np.save(saved, first + 1, allow_pickle=False)
    again = embed_files(embedder, paths, "voice", quiet=True, **options)
    np.testing.assert_array_equal(again[0], first[0] + 1)
    soundfile.write(tmp_path / "later.wav", sounds[1], 16000)
    assert np.isfinite(embed_files(embedder, paths, "voice", quiet=True, **options)).all()
