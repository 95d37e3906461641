"""Importing the package costs next to nothing and does nothing."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )  # fmt: skip
    return done.stdout + done.stderr


def test_import_is_quick_quiet_and_without_torch() -> None:
    code = (
        "import time; start = time.perf_counter(); import pins_plugin; took = time.perf_counter() - start\n"
        "import sys; heavy = {'torch', 'numpy', 'pyannote', 'speechbrain', 'cv2', 'av'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert took < 0.2, took"
    )
    assert _python(code) == ""


def test_command_line_help_needs_no_torch() -> None:
    code = (
        "import sys\nfrom pins_plugin.cli import build_parser\nbuild_parser().format_help()\n"
        "heavy = {'torch', 'pyannote', 'speechbrain', 'cv2', 'av', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert _python(code) == ""


def test_public_names_are_lazy_and_real() -> None:
    code = (
        "import warnings; warnings.simplefilter('ignore')\nimport pins_plugin\n"
        "[getattr(pins_plugin, name) for name in pins_plugin.__all__]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_every_file_of_the_package_is_installed(monkeypatch) -> None:
    """Weights, templates and settings travel with a wheel, and nothing but the package does."""
    told: dict = {}
    monkeypatch.setattr("setuptools.setup", lambda **options: told.update(options))
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "setup.py"))
    data = {
        file
        for package, patterns in told["package_data"].items()
        for pattern in patterns
        for file in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    others = {
        file
        for file in (ROOT / "pins_plugin").rglob("*")
        if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts
    }
    assert others <= data, sorted(str(file) for file in others - data)
    assert all(name.split(".")[0] == "pins_plugin" for name in told["packages"])


def test_docstrings_hold_no_half_characters() -> None:
    """Python 3.13 refuses a module whose docstring has one; the command line did not start there."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    for path in sorted((ROOT / "pins_plugin").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, documented):
                text = ast.get_docstring(node, clean=False) or ""
                assert not any("\ud800" <= letter <= "\udfff" for letter in text), path
