"""Files that a page makes in a real browser: the same as the command's."""

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import open_page

from pins_plugin.cli import main
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.links.links_file import rename_links
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.formats.annotation import to_elan
from pins_plugin.formats.subtitles import to_srt, to_vtt
from pins_plugin.report.page.video_page import write_page
from pins_plugin.utils.files import atomic_contents

BOX = [40, 60, 100, 140]


def _exported(browser: Any, kind: str) -> str:
    return str(browser.execute_script(f"return writers['{kind}'][1]()"))


def _odd_links(words: bool) -> dict[str, Any]:
    """Names, words and times that escape, round, wrap and overlap in every way that formats know of."""
    people = [
        'Anna "Ann" O\'Neil, <Dr>',
        "Ben | & {\\x}",
        "=1+1",
        "יעל\u200fכהן",
        "a\tb \x1b[2J\u00a0c",
        "می\u200cخواهم",
    ]
    times = [(0.1, 0.3), (0.3, 1.1), (0.5, 2.3), (0.5, 2.3), (2.3, 2.3), (2.3137, 3.0005), (3.0004, 3.9999)]  # fmt: skip
    turns = [
        {"start": start, "end": end, "speaker": f"<S{n}>\n|", "person": people[n] if n < len(people) else None, "box": None, "confidence": 0.9 - 0.1 * n}
        for n, (start, end) in enumerate(times)
    ]  # fmt: skip
    said = [
        "Good",
        "{\\an8}evening,",
        "a-->b",
        "<i>x</i>",
        "=cmd",
        "=SUM(1)",
        '"q"',
        "long" * 15,
        "שלום",
        "a\u2028b",
        "你",
        "好",
        "𝄞",
    ]
    tokens = [
        {"start": 0.05 + 0.3137 * n, "end": 0.2 + 0.3137 * n, "text": text, "segment": n // 4}
        for n, text in enumerate(said)
    ]
    tracks = [{"track": f"T{n}", "person": name, "boxes": [[0, *BOX], [4, *BOX]]} for n, name in enumerate(people)]  # fmt: skip
    return {"version": 1, "video": "talk.mp4", "duration": 4.0004999, "notes": [], "links": turns, "tracks": tracks, "words": tokens if words else []}  # fmt: skip


@pytest.fixture(scope="module", params=["25", "30000/1001", "60000/1001", "24000/1001"])
def odd_video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("odd") / "tom's & <talk> #1 |.v2.mp4"
    rate = Fraction(request.param)
    with VideoWriter(path, 280, 200, float(rate), sample_rate=16000) as writer:
        for _ in range(round(4 * rate)):
            writer.add_image(np.full((200, 280, 3), 40, np.uint8))
        writer.add_sound(np.zeros(64000, np.float32))
    return path


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["words", "turns", "nobody speaks"])
def test_browser_writes_what_the_command_writes(browser: Any, odd_video: Path, tmp_path: Path, kind: str) -> None:  # fmt: skip
    """Letter by letter, every format of the page's menu."""
    links = _odd_links(kind == "words") | ({"links": []} if kind == "nobody speaks" else {})
    links["video"] = str(odd_video)
    (tmp_path / "links.json").write_text(json.dumps(links))
    with atomic_contents(tmp_path) as temporary:  # as `pins link` does
        write_page(odd_video, links, temporary / "p.html", quiet=True)
    open_page(browser, tmp_path / "p.html")
    offered = browser.execute_script("return [...byId('export-as').options].map((o) => o.value).filter(Boolean)")  # fmt: skip
    assert {*offered} == {*browser.execute_script("return Object.keys(writers)")}
    assert len(offered) == 10
    assert main(["convert", str(tmp_path), "--to", *offered]) == 0
    for name in offered:
        ending = browser.execute_script(f"return data.stem + writers['{name}'][0]")
        wanted = (tmp_path / ending).read_bytes().decode()
        assert _exported(browser, name) == wanted, name


@pytest.mark.browser
@pytest.mark.parametrize("odd_video", ["25"], indirect=True)
def test_browser_writes_names_and_corrections_as_they_stand(browser: Any, odd_video: Path, tmp_path: Path) -> None:  # fmt: skip
    links = _odd_links(words=True) | {"video": str(odd_video)}
    write_page(odd_video, links, tmp_path / "p.html", quiet=True)
    open_page(browser, tmp_path / "p.html")
    browser.execute_script(
        "rename('=1+1', 'Ann, \\u05d0'); decide(turns.find((t) => t.index === 6), '=1+1')"
    )
    turns = [turn | ({"person": "=1+1"} if index == 6 else {}) for index, turn in enumerate(links["links"])]  # fmt: skip
    linked = LinkedVideo.from_links(rename_links({**links, "links": turns}, {"=1+1": "Ann, \u05d0"}))  # fmt: skip
    assert _exported(browser, "srt") == to_srt(linked)
    assert _exported(browser, "elan") == to_elan(linked, tmp_path)
    menu = "const menu = byId('export-as'); menu.value = 'vtt'; menu.dispatchEvent(new Event('change'))"
    browser.execute_script(menu)
    saved = browser.downloads / f"{odd_video.stem}.vtt".replace("<", "_").replace(">", "_").replace("|", "_")  # fmt: skip
    end = time.monotonic() + 8
    while not saved.exists():
        assert time.monotonic() < end, [*browser.downloads.iterdir()]
        time.sleep(0.05)
    assert saved.read_text(encoding="utf-8") == to_vtt(linked)
