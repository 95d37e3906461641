"""pins embed: the arrays that were promised, equal to those of the library."""

from pathlib import Path

import numpy as np

from pins_plugin.cli import main
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.inference.embedder import FaceVoiceEmbedder


def test_embeddings_of_a_manifest(model_folder: Path, noise_manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "embeddings.npz"
    command = ["embed", str(model_folder), "--manifest", str(noise_manifest), "--out", str(out)]
    assert main([*command, "--split", "test", "--quiet"]) == 0
    with np.load(out) as arrays:
        clips = read_manifest(noise_manifest, "test")
        assert arrays["face_clip_id"].tolist() == [clip.clip_id for clip in clips]
        assert arrays["voice_clip_id"].tolist() == [clip.clip_id for clip in clips]
        assert arrays["face_embeddings"].dtype == np.float32
        for name in ("face_embeddings", "voice_embeddings"):
            np.testing.assert_allclose(np.linalg.norm(arrays[name], axis=1), 1, atol=1e-5)
        embedder = FaceVoiceEmbedder.from_hparams(model_folder)
        longest = embedder.encode_voice_file(clips[-1].audio).numpy()
        np.testing.assert_allclose(arrays["voice_embeddings"][-1], longest, atol=1e-5)
        first = embedder.encode_voice_file(clips[0].audio).numpy()
        assert arrays["voice_embeddings"][0] @ first > 0.99  # padded beside longer ones


def test_a_broken_clip_costs_itself_only(
    model_folder: Path, noise_manifest: Path, tmp_path: Path, capsys
) -> None:
    from dataclasses import replace

    from pins_plugin.data.corpora.manifest import write_manifest

    clips = read_manifest(noise_manifest, "test")
    (tmp_path / "broken.wav").write_text("no sound")
    clips[1] = replace(clips[1], audio=tmp_path / "broken.wav")
    write_manifest(tmp_path / "manifest.csv", clips)
    out = tmp_path / "embeddings.npz"
    command = ["embed", str(model_folder), "--manifest", str(tmp_path / "manifest.csv")]
    assert main([*command, "--out", str(out), "--quiet"]) == 2
    printed = capsys.readouterr().err
    last = printed.splitlines()[-1]
    assert f"1 of {len(clips)} clips" in last and clips[1].clip_id in last
    assert "broken.wav" in printed
    kept = [clip.clip_id for clip in clips if clip is not clips[1]]
    with np.load(out) as arrays:
        assert arrays["face_clip_id"].tolist() == arrays["voice_clip_id"].tolist() == kept
        assert len(arrays["face_embeddings"]) == len(arrays["voice_embeddings"]) == len(kept)
        embedder = FaceVoiceEmbedder.from_hparams(model_folder)
        second = embedder.encode_voice_file(clips[2].audio).numpy()
        assert arrays["voice_embeddings"][1] @ second > 0.99


def test_nothing_is_written_when_a_clip_is_missing(
    model_folder: Path, tmp_path: Path, capsys
) -> None:
    manifest, out = tmp_path / "manifest.csv", tmp_path / "embeddings.npz"
    manifest.write_text("clip_id,identity,video,faces,audio\na,b,v,x.png,y.wav\n")
    command = ["embed", str(model_folder), "--manifest", str(manifest), "--out", str(out)]
    assert main([*command, "--quiet"]) == 2
    assert "none of 1 clips could be read: x.png" in capsys.readouterr().err.replace(
        f"{tmp_path}/", ""
    )
    assert list(tmp_path.iterdir()) == [manifest]


def test_media_files_are_embedded_each_by_itself(
    model_folder: Path, noise_manifest: Path, tmp_path: Path, capsys
) -> None:
    import json

    import cv2

    clips = read_manifest(noise_manifest, "test")
    media = tmp_path / "media"
    media.mkdir()
    for number, clip in enumerate(clips[:2]):
        (media / f"voice{number}.wav").write_bytes(Path(clip.audio).read_bytes())
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    cv2.imwrite(str(media / "face.png"), picture)
    (media / "broken.mp4").write_text("no video")
    out = tmp_path / "out"
    command = ["embed", str(model_folder), str(media), "--out", str(out), "--quiet"]
    assert main(command) == 2
    embedder = FaceVoiceEmbedder.from_hparams(model_folder)
    for number, clip in enumerate(clips[:2]):
        with np.load(out / f"voice{number}.npz") as arrays:
            assert set(arrays) == {"voice_embeddings", "voice_clip_id"}
            expected = embedder.encode_voice_file(clip.audio).numpy()
            np.testing.assert_allclose(arrays["voice_embeddings"][0], expected, atol=1e-5)
    with np.load(out / "face.npz") as arrays:
        assert set(arrays) == {"face_embeddings", "face_clip_id"}
        assert arrays["face_embeddings"].shape == (1, embedder.embedding_dim)
    (row,) = (json.loads(line) for line in (out / "failed.jsonl").read_text().splitlines())
    assert row["path"].endswith("broken.mp4") and "not a readable media file" in row["error"]
    capsys.readouterr()
    assert main([*command, "--strict", "--limit", "1"]) == 1  # broken.mp4 comes first
    assert main(command) == 2
    assert "3 done before, 1 failed of 4" in capsys.readouterr().err
    both = ["--manifest", str(noise_manifest)]
    assert main([*command, *both]) == 2
    assert "got several" in capsys.readouterr().err
