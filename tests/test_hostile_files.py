"""A stranger's files: model folders, galleries and ONNX networks that try to climb out, fill the memory or crash."""

import json
import os
import shutil
import socket
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from pins_plugin.cli import main
from pins_plugin.data.links.corrections import read_corrections
from pins_plugin.data.links.links_file import read_links, write_links_table
from pins_plugin.data.media.container import open_media
from pins_plugin.errors import LinksError, MediaError, ModelFolderError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.gallery import Gallery
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.models.onnx_encoder import OnnxFaceEncoder
from pins_plugin.pipelines.diarization.rttm import read_rttm, write_rttm
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.vector_file import Appearance

WEIGHTS, YAML = "face_encoder.safetensors", "hyperparams.yaml"


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def refusal(folder: Path) -> str:
    started = time.process_time()
    with pytest.raises(ModelFolderError) as caught:
        load_model_folder(folder)
    assert time.process_time() - started < 10 and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 10**7) + b"{" * 10**7,
        struct.pack("<Q", 70)
        + b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}'[:70],
    ],
)
def test_made_up_headers_of_weights_are_refused(folder: Path, content: bytes) -> None:
    (folder / WEIGHTS).write_bytes(content)
    assert "damaged" in refusal(folder)


@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero"])
def test_links_to_other_files_are_no_weights(folder: Path, target: str) -> None:
    if not Path(target).exists():
        pytest.skip(f"no {target} here")
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).symlink_to(target)
    refusal(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", [WEIGHTS, YAML])
def test_a_pipe_does_not_make_it_wait(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    refusal(folder)


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 90_000, "a: " + "1:" * 90_000 + "1", "a: 0b" + "1" * 150_000, "x" * 10**6],
)
def test_text_made_to_keep_the_parser_busy_is_refused(folder: Path, text: str) -> None:
    (folder / YAML).write_text(text)
    refusal(folder)


def test_a_copy_takes_no_files_of_others_along(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (folder / "notes.txt").symlink_to(tmp_path / "secret")
    FaceVoiceEmbedder.from_hparams(folder, savedir=tmp_path / "copy")
    assert not (tmp_path / "copy" / "notes.txt").exists()
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(tmp_path / "secret")
    with pytest.raises(ModelFolderError, match="leads out of the folder"):
        FaceVoiceEmbedder.from_hparams(folder, savedir=tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_the_hubs_cache_may_be_copied(folder: Path, tmp_path: Path) -> None:
    """There, files are links to ../../blobs."""
    snapshot = tmp_path / "hub" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    blobs = tmp_path / "hub" / "blobs"
    shutil.copytree(folder, blobs)
    for file in blobs.iterdir():
        (snapshot / file.name).symlink_to(f"../../blobs/{file.name}")
    FaceVoiceEmbedder.from_hparams(snapshot, savedir=tmp_path / "copy")
    assert not any(file.is_symlink() for file in (tmp_path / "copy").iterdir())


def test_settings_of_another_kind_are_refused(folder: Path) -> None:
    model = load_model_folder(folder)
    with pytest.raises(ModelFolderError, match="calibration"):
        FaceVoiceEmbedder(*model.modules.values(), {"calibration": {"scale": "x", "offset": 1}})


@pytest.mark.parametrize(
    "arrays",
    [
        {"face_labels": np.frombuffer(b"[" * 200_000, np.uint8)},
        {"face_labels": np.frombuffer(b"{}", np.uint8)},
        {"face_embeddings": np.zeros(3, np.float32)},
        {"voice_embeddings": np.zeros((0, 5), np.float32)},
    ],
)
def test_damaged_galleries_are_one_line(tmp_path: Path, arrays: dict) -> None:
    nothing = np.frombuffer(b"[]", np.uint8)
    empty = np.zeros((0, 2), np.float32)
    whole = {"face_embeddings": empty, "voice_embeddings": empty, "face_labels": nothing, "voice_labels": nothing}  # fmt: skip
    kind = {"kind": "pins_plugin gallery", "version": "1"}
    save_file(whole | arrays, tmp_path / "g.safetensors", metadata=kind)
    with pytest.raises(MediaError, match="damaged gallery") as caught:
        Gallery.load(tmp_path / "g.safetensors")
    assert "\n" not in str(caught.value)


def test_a_network_cannot_read_other_files(tmp_path: Path, monkeypatch) -> None:
    """ONNX files may say that their weights lie elsewhere, relative to wherever the program was started."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    np.arange(12, dtype=np.float32).tofile(tmp_path / "secret.bin")
    weights = onnx.TensorProto(name="w", data_type=1, dims=[3, 4], data_location=1)
    for key, value in (("location", "secret.bin"), ("offset", "0"), ("length", "48")):
        weights.external_data.add(key=key, value=value)
    nodes = [onnx.helper.make_node("Flatten", ["x"], ["f"]), onnx.helper.make_node("MatMul", ["f", "w"], ["y"])]  # fmt: skip
    inputs = [onnx.helper.make_tensor_value_info("x", 1, ["b", 3, 1, 1])]
    outputs = [onnx.helper.make_tensor_value_info("y", 1, ["b", 4])]
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, [weights])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFolderError, match="not a usable ONNX network"):
        OnnxFaceEncoder.from_file("x.onnx")


@pytest.mark.parametrize(
    "settings", ["image_size: 100000000", "image_size: .nan", "image_size: true", "image_size: [1]"]
)
def test_sizes_out_of_all_proportion_are_refused(tmp_path: Path, settings: str) -> None:
    (tmp_path / "x.onnx").write_bytes(b"")
    (tmp_path / "x.yaml").write_text(settings)
    with pytest.raises(
        ModelFolderError, match=r"image_size: expected a number of 1 to 4096|got nan"
    ):
        OnnxFaceEncoder.from_file(tmp_path / "x.onnx")


def test_pickles_are_not_weights(folder: Path) -> None:
    torch.save({"a": torch.zeros(1)}, folder / WEIGHTS)
    assert "damaged" in refusal(folder)


TURN = {"start": 0, "end": 1, "speaker": "S", "person": None, "box": None, "confidence": 0.5}
TRACK = {"track": "T", "person": "P", "boxes": [[0, 0, 0, 1, 1]]}


@pytest.mark.parametrize(
    "value",
    [
        {"duration": 1e18},
        {"duration": float("nan")},
        {"links": [{**TURN, "end": 1e12}]},
        {"links": [{**TURN, "confidence": float("inf")}]},
        {"links": [{**TURN, "box": [0, 0, float("nan"), 1]}]},
        {"links": [{**TURN, "evidence": {"sync": float("nan")}}]},
        {"tracks": [{**TRACK, "boxes": [[0, 0, 0, 1, 1], [1e13, 0, 0, 1, 1]]}]},
        {"notes": 5},
    ],
)
def test_links_beyond_all_bounds_are_refused(tmp_path: Path, value: dict) -> None:
    links = {"version": 1, "video": "a.mp4", "duration": 1, "links": [TURN], "tracks": [TRACK]}
    (tmp_path / "links.json").write_text(json.dumps({**links, **value}))
    with pytest.raises(LinksError, match=r"not of the expected form|is no number"):
        read_links(tmp_path / "links.json")


@pytest.mark.parametrize("times", ["nan 1", "0 inf", "-5 1", "0 1e18"])
def test_turns_at_impossible_times_are_refused(tmp_path: Path, times: str) -> None:
    (tmp_path / "a.rttm").write_text(f"SPEAKER a 1 {times} <NA> <NA> x <NA> <NA>\n")
    with pytest.raises(MediaError, match="line 1"):
        read_rttm(tmp_path / "a.rttm")


def test_labels_add_no_lines_and_no_formulas(tmp_path: Path) -> None:
    from pyannote.core import Annotation, Segment

    turns = Annotation(uri="my talk")
    turns[Segment(0, 1)] = "eve\nSPEAKER b 1 5 9 <NA> <NA> mallory <NA> <NA>"
    write_rttm(tmp_path / "a.rttm", [turns])
    assert list(read_rttm(tmp_path / "a.rttm")) == ["my_talk"]
    row = {**TURN, "speaker": "=HYPERLINK(1)", "person": "anna", "status": "on screen"}
    write_links_table(tmp_path / "a.csv", {"links": [row]})
    assert ",'=HYPERLINK(1),anna," in (tmp_path / "a.csv").read_text()


def test_terminals_are_not_written_commands_to(tmp_path: Path, capsys, monkeypatch) -> None:
    escape = "\x1b]0;owned\x07"
    Cast("e", [Appearance(f"eve{escape}", "v.mp4", 1.0)]).save(tmp_path / "people.safetensors")
    assert main(["people", str(tmp_path), "list"]) == 0
    assert main(["report", "a.mp4", f"{escape}.json", "--out", str(tmp_path / "out")]) == 2
    names = {"version": 1, "corrections": [], "names": {"P0": f"eve{escape}"}}
    (tmp_path / "c.json").write_text(json.dumps(names))
    shown = "".join(capsys.readouterr()) + read_corrections(tmp_path / "c.json").names["P0"]
    assert shown.count("?]0;owned?") == 3 and "\x1b" not in shown


def test_people_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    Cast("e", [Appearance("eve", "v.mp4", 1.0, np.array([np.nan, 1]))]).save(tmp_path / "p")
    with pytest.raises(MediaError, match="not finite"):
        Cast.load(tmp_path / "p")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_media_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="no such file"), open_media(tmp_path / "a.wav"):
        pass


def test_playlists_open_no_connection(tmp_path: Path) -> None:
    """A "video" may be a list of addresses to fetch."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        (tmp_path / "a.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(MediaError), open_media(tmp_path / "a.m3u8"):
            pass
        with pytest.raises(TimeoutError):
            server.accept()
