"""What README and docs say is true: code runs, commands exist, links lead somewhere, the site builds."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pins_plugin.cli import build_parser
from pins_plugin.data.media.audio import load_audio, save_audio
from pins_plugin.data.media.video import iter_frames
from pins_plugin.simulation.scenes import SceneSettings, write_scenes

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```[ ]?([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A folder with what the pages speak of: the demo's model, a video, a photo, a voice."""
    folder = tmp_path_factory.mktemp("workplace")
    settings = SceneSettings(people=1, off_screen=0, seconds=5, width=320, height=240)
    [video] = write_scenes(folder / "scenes", settings, jobs=1, quiet=True)
    shutil.copytree(model_folder, folder / "demo" / "training" / "model")
    shutil.copy(video, folder / "interview.mp4")
    Image.fromarray(next(iter_frames(video)).image).save(folder / "anna.jpg")
    save_audio(folder / "voice.wav", load_audio(video), 16000)
    return folder


def _blocks(page: Path, *kinds: str) -> list[str]:
    """Code blocks of a kind."""
    return [code for kind, code in BLOCK.findall(page.read_text(encoding="utf-8")) if kind in kinds]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.filterwarnings("ignore")
def test_python_blocks_run(page: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    names: dict = {}
    for block in _blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


def test_every_python_block_runs() -> None:
    """None is only shown."""
    kinds = [k for page in PAGES for k, _ in BLOCK.findall(page.read_text(encoding="utf-8"))]
    assert {kind for kind in kinds if kind.startswith("python")} == {"python"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_json_blocks_parse(page: Path) -> None:
    for block in _blocks(page, "json"):
        json.loads(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_with_their_options(page: Path) -> None:
    for block in _blocks(page, "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["pins"]:
                build_parser().parse_args(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_words_lead_to_files() -> None:
    """Whoever looks a term of the field up finds a file that is there."""
    text = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    for row in rows:
        paths = re.findall(r"`((?:[a-z_]+/)+[a-z_{},]*(?:\.py)?|recipes/\w+)`", row)
        assert paths, row
        for path in paths:
            before, _, rest = path.partition("{")
            names, _, after = rest.partition("}")
            for each in [before + name + after for name in names.split(",")]:
                places = [ROOT / "pins_plugin" / each, ROOT / each]
                assert any(place.exists() for place in places), f"{each}: {row}"


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/make_pages.py", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}: run python docs/make_pages.py"


def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "site" / "api" / "losses.html").is_file()
