"""Nothing is sent anywhere, and no command is run: import, load, link and train with every such call watched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_clips import write_tiny_clips

from pins_plugin.simulation.scenes import SceneSettings, write_scenes

ROOT = Path(__file__).resolve().parents[1]
WATCH = """
import sys

def watch(event, arguments):
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        raise SystemExit(f"command: {event} {arguments}")
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        raise SystemExit(f"network: {event} {arguments}")
    if event == "socket.bind" and isinstance(arguments[1], tuple) and arguments[1][0] != "::1":
        raise SystemExit(f"network: {event} {arguments}")  # "::1": urllib3 asks whether there is IPv6
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        raise SystemExit(f"network: {event} {arguments}")

sys.addaudithook(watch)
sys.argv[1:] = sys.argv[2:]
exec(compile(CODE, "watched", "exec"), {"__name__": "__main__"})
"""
IMPORT = """
import importlib, pkgutil, pins_plugin
for module in pkgutil.walk_packages(pins_plugin.__path__, "pins_plugin."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
LOAD = """
import torch
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
embedder = FaceVoiceEmbedder(CompactFaceEncoder(), CompactVoiceEncoder())
embedder.encode_faces(torch.zeros(1, 3, 64, 64))
"""
LINK = """
import sys
from pins_plugin.cli import main
assert main(["link", sys.argv[1], "--out", sys.argv[2], "--quiet"]) == 0
"""
TRAIN = """
from pins_plugin.train.experiment import run_experiment
run_experiment(["hparams/talking_heads.yaml", "--device", "cpu", "--manifest", sys.argv[3],
    "--output_folder", sys.argv[4], "--image_size", "32", "--seconds", "0.5", "--batch_size", "8",
    "--num_epochs", "1", "--embedding_dim", "16"])
"""


def _watched(code: str, *arguments: str | Path) -> None:
    """Run code in a process of its own that ends at the first look beyond this machine."""
    environment = {name: value for name, value in os.environ.items() if "PYANNOTE" not in name}
    done = subprocess.run(
        [sys.executable, "-c", f"CODE = {code!r}\n{WATCH}", "-", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def test_the_watch_sees_a_network_call() -> None:
    with pytest.raises(AssertionError, match="network: socket"):
        _watched("import socket; socket.create_connection(('192.0.2.1', 80), timeout=0.1)")


def test_the_watch_sees_a_command() -> None:
    with pytest.raises(AssertionError, match="command: subprocess"):
        _watched("import subprocess; subprocess.call(['true'])")


def test_nothing_is_sent_and_no_command_is_run(tmp_path: Path) -> None:
    settings = SceneSettings(people=1, off_screen=0, seconds=5, width=320, height=240)
    [video] = write_scenes(tmp_path / "scenes", settings, jobs=1, quiet=True)
    manifest = write_tiny_clips(tmp_path / "clips")
    _watched(
        IMPORT + LOAD + LINK + TRAIN,
        video,
        tmp_path / "out",
        manifest,
        tmp_path / "run",
    )
    assert (tmp_path / "out" / "links.json").is_file()
    assert (tmp_path / "run" / "model" / "face_encoder.safetensors").is_file()
