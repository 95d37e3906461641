"""Who only loads a model, or only links a video, imports nothing that training, plots or other extras need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pins_plugin.simulation.scenes import SceneSettings, write_scenes

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = {"tensorboard", "faiss", "onnx", "onnxruntime", "ray", "opentimelineio", "selenium"}
TRAINING = {"speechbrain", "hyperpyyaml", "facenet_pytorch", "sklearn", "sentencepiece"}
OWN = {
    f"pins_plugin.{part}"
    for part in ("train", "losses", "miners", "samplers", "evaluation", "metrics", "simulation")
} | {"pins_plugin.report.plots", "pins_plugin.data.augmentation"}
OF_PYANNOTE = {"matplotlib", "torch_audiomentations", "lightning", "optuna"}  # with pyannote.audio
TRACE = """
import json, sys

class Watch:  # notes which packages are asked for by modules of this package
    asked = set()
    def find_spec(self, name, path=None, target=None):
        frame = sys._getframe(1)
        while frame and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if frame and frame.f_globals.get("__name__", "").startswith("pins_plugin"):
            self.asked.add(name)

sys.meta_path.insert(0, Watch())
{code}
print(json.dumps([sorted(sys.modules), sorted(Watch.asked)]), file=sys.stderr)
"""


def _modules(code: str) -> tuple[set[str], set[str]]:
    """Run code in a fresh Python: what it has imported then, and what this package asked for."""
    done = subprocess.run(
        [sys.executable, "-c", TRACE.replace("{code}", code)], capture_output=True, text=True, cwd=ROOT
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded, asked = json.loads(done.stderr.splitlines()[-1])
    return set(loaded), set(asked)


def test_the_package_alone_imports_nothing_outside() -> None:
    loaded, _ = _modules("import pins_plugin")
    outside = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert not outside & (EXTRAS | TRAINING | OF_PYANNOTE | {"torch", "numpy", "pyannote", "cv2"})


def test_a_model_that_is_used_imports_neither_trainer_nor_host() -> None:
    code = (
        "import torch\nfrom pins_plugin import FaceVoiceEmbedder\n"
        "embedder = FaceVoiceEmbedder.from_hparams('face_voice')\n"
        "embedder.encode_faces(torch.rand(1, 3, 112, 112))\n"
        "embedder.encode_voices(torch.rand(1, 32000))"
    )
    loaded, asked = _modules(code)
    heavy = EXTRAS | TRAINING | OWN | OF_PYANNOTE | {"pyannote", "torchvision", "scipy", "cv2"}
    assert sorted(heavy & loaded) == []
    assert "torchaudio" in asked  # the watch sees what this package asks for


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = SceneSettings(people=2, seconds=5.0, seed=5, width=320, height=180)
    [path] = write_scenes(tmp_path_factory.mktemp("scenes"), settings, jobs=1, quiet=True)
    return path


def test_a_linked_video_needs_no_trainer_and_no_extra(video: Path, tmp_path: Path) -> None:
    code = (
        "from pins_plugin.cli import main\n"
        f"assert main(['link', {str(video)!r}, '--out', {str(tmp_path / 'out')!r}, '--quiet']) == 0"
    )
    loaded, asked = _modules(code)
    assert (tmp_path / "out" / "page.html").is_file() and (tmp_path / "out/annotated.mp4").is_file()
    assert "pyannote.audio" in loaded
    assert sorted((EXTRAS | TRAINING | OWN) & loaded) == []
    assert sorted(OF_PYANNOTE & {name.split(".")[0] for name in asked}) == []
