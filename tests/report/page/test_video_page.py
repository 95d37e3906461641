"""The HTML page of a video: its content, and its behavior in a real browser."""

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import open_page, wait

from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import LinksError, MediaError
from pins_plugin.report.page.video_page import write_page

HOSTILE = "<script>document.title = 'caught'</script>\"'&.mp4"
NAMES = ["ANNA", "<img src=x onerror=alert(1)>"]
LEFT, RIGHT = [40, 60, 100, 140], [180, 60, 240, 140]


def _links() -> dict[str, Any]:
    def turn(start: float, end: float, speaker: str, person: str | None, **more: Any) -> dict:
        return {
            "start": start,
            "end": end,
            "speaker": speaker,
            "person": person,
            "box": None,
            **more,
        }

    def track(name: str, person: str, box: list[int]) -> dict:
        return {
            "track": name,
            "person": person,
            "start": 0,
            "end": 4,
            "boxes": [[0, *box], [4, *box]],
        }

    evidence = {"synchrony": 2.5, "mouth_motion": -0.5}
    return {
        "version": 1,
        "video": HOSTILE,
        "duration": 4.0,
        "notes": ["Sound comes <b>late</b>."],
        "links": [
            turn(0.2, 1.0, "S0", "ANNA", confidence=0.95, evidence=evidence),
            turn(1.2, 2.2, "S1", NAMES[1], confidence=0.5, evidence=evidence),
            turn(2.5, 3.5, "<b>S2</b>", None, confidence=0.3, status="uncertain"),
        ],
        "tracks": [track("T0", NAMES[0], LEFT), track("T1", NAMES[1], RIGHT)],
    }  # fmt: skip


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    generator = np.random.default_rng(0)
    with VideoWriter(path, 280, 200, 25, sample_rate=16000) as writer:
        for index in range(100):
            writer.add_image(np.full((200, 280, 3), 40 + index, np.uint8))
        writer.add_sound(0.1 * generator.standard_normal(64000).astype(np.float32))
    return path


@pytest.fixture(scope="module")
def page(video: Path) -> Path:
    out = video.with_name("page.html")
    write_page(video, _links(), out, quiet=True)
    return out


def _attributes(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.extend(attributes)
    parser.feed(text)
    return found


def test_page_stands_alone(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    loaded = [value for name, value in _attributes(text) if name in ("src", "href", "action")]
    assert loaded
    assert all(value.startswith("data:image/jpeg;base64,") for value in loaded)
    assert not re.search(r"https?://(?!www\.(w3\.org|mpi\.nl))", text)
    assert not re.search(r"url\(|@import", text)
    names = {name for name, _ in _attributes(text)}
    assert not any(name == "style" or name.startswith("on") for name in names), (
        "refused by the policy"
    )
    assert sorted(path.name for path in page.parent.iterdir()) == ["a.mp4", "page.html"]


def test_page_escapes_every_label(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("<script") == 3
    assert "Sound comes &lt;b&gt;late&lt;/b&gt;." in text
    for label in (HOSTILE, NAMES[1], "<b>S2</b>"):
        assert label not in text


def test_page_puts_a_large_video_beside_itself(video: Path, tmp_path: Path) -> None:
    write_page(video, _links(), tmp_path / "p.html", embed_bytes=1000, quiet=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.html", "p.mp4"]
    assert len((tmp_path / "p.html").read_bytes()) < 100_000
    assert (tmp_path / "p.mp4").samefile(video)  # plays as it is: another name, no copy


def test_page_beside_its_video_leaves_it_alone(video: Path, tmp_path: Path) -> None:
    copy = tmp_path / "p.mp4"
    copy.write_bytes(video.read_bytes())
    write_page(copy, _links(), tmp_path / "p.html", embed_bytes=1000, quiet=True)
    assert copy.read_bytes() == video.read_bytes()
    assert (tmp_path / "p.page.mp4").samefile(copy)


@pytest.mark.parametrize("empty", ["links", "tracks"])
def test_page_of_a_video_without_speech_or_faces(video: Path, tmp_path: Path, empty: str) -> None:
    write_page(video, {**_links(), empty: []}, tmp_path / "p.html", quiet=True)
    assert (tmp_path / "p.html").stat().st_size > 10_000


def test_pictures_that_fail_cost_no_page(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pins_plugin.report.page import video_page

    def fail(*args: object) -> None:
        raise ValueError("odd picture")

    monkeypatch.setattr(video_page, "face_pictures", fail)
    write_page(video, _links(), tmp_path / "page.html", quiet=True)
    assert "pictures of faces were not made" in (tmp_path / "page.html").read_text()


def test_page_is_not_written_from_what_cannot_be_used(video: Path, tmp_path: Path) -> None:
    with pytest.raises(LinksError):
        write_page(video, {"version": 3}, tmp_path / "p.html")
    with pytest.raises(MediaError):
        write_page(tmp_path / "none.mp4", _links(), tmp_path / "p.html")
    assert list(tmp_path.iterdir()) == []


# ---- in a real browser


@pytest.fixture
def opened(browser: Any, page: Path) -> Any:
    return open_page(browser, page)


def _press(browser: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    for key in keys:
        ActionChains(browser).send_keys(key).perform()


@pytest.mark.browser
def test_browser_runs_no_label_and_reports_no_error(opened: Any) -> None:
    assert opened.title == f"{HOSTILE.rpartition('/')[2]} · who speaks"
    assert opened.execute_script("return document.images.length") > 2
    assert [entry for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []
    evil = "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
    assert opened.execute_script(f"{evil} document.body.append(s); return window.ran") is None
    opened.get_log("browser")


@pytest.mark.browser
def test_browser_jumps_to_a_clicked_turn(opened: Any) -> None:
    opened.find_element("css selector", ".turn[data-index='1'] .turn-open").click()
    wait(opened, "return Math.abs(video.currentTime - 1.25) < 0.05 && !video.seeking")
    assert opened.find_element("id", "now").text == f"{NAMES[1]} speaks"
    block = opened.find_element("css selector", ".block[data-turn='0']")
    opened.execute_script("arguments[0].dispatchEvent(new Event('click', {bubbles: true}))", block)
    wait(opened, "return Math.abs(video.currentTime - 0.25) < 0.05 && !video.seeking")


@pytest.mark.browser
def test_browser_draws_the_speaking_face_in_its_color(opened: Any) -> None:
    opened.execute_script("seek(0.6)")
    wait(opened, "return !video.seeking")
    drawn = opened.execute_script(
        "draw(); const p = layout(), r = devicePixelRatio; const at = (x, y) => [...canvas.getContext('2d')"
        ".getImageData((x * p.scale + p.left) * r, (y * p.scale + p.top) * r, 1, 1).data];"
        "return [at(40, 100), at(180, 100), at(140, 100)]"
    )
    speaks, silent, nothing = drawn
    assert speaks[:3] == [79, 157, 232]
    assert silent[3] > 0
    assert silent[:3] != [79, 157, 232]
    assert nothing == [0, 0, 0, 0]


@pytest.mark.browser
def test_browser_obeys_the_keyboard(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    _press(opened, "n")
    assert opened.execute_script("return opened.index") == 2
    _press(opened, "n")
    assert opened.execute_script("return opened.index") == 1
    _press(opened, "p")
    assert opened.execute_script("return opened.index") == 2
    wait(opened, "return !video.seeking")
    before = opened.execute_script("return video.currentTime")
    _press(opened, Keys.ARROW_LEFT)
    wait(opened, f"return Math.abs(video.currentTime - {before - 1}) < 0.05")
    _press(opened, Keys.SPACE)
    wait(opened, f"return !video.paused && video.currentTime > {before - 1}")
    _press(opened, Keys.SPACE)
    wait(opened, "return video.paused")
    _press(opened, "?")
    assert opened.find_element("css selector", "#help .keys").is_displayed()
    _press(opened, "?")


@pytest.mark.browser
def test_browser_exports_corrections_that_survive_a_reload(opened: Any, page: Path) -> None:
    _press(opened, "n", "1")  # the most doubtful turn is ANNA's
    _press(opened, "n", "0")  # the next is nobody's who is on screen
    opened.get(page.as_uri())
    assert opened.find_element("id", "to-review").text == "0"
    opened.find_element("id", "export").click()
    end = time.monotonic() + 8
    while not (files := list(opened.downloads.glob("*.json"))):
        assert time.monotonic() < end, "no file was exported"
        time.sleep(0.05)
    assert json.loads(files[0].read_text()) == {
        "version": 1,
        "video": HOSTILE,
        "corrections": [
            {"start": 1.2, "end": 2.2, "speaker": "S1", "person": None},
            {"start": 2.5, "end": 3.5, "speaker": "<b>S2</b>", "person": "ANNA"},
        ],
    }


@pytest.mark.browser
def test_browser_tells_what_was_corrected_in_rows_and_cards_too(opened: Any) -> None:
    def told() -> list[Any]:
        return opened.execute_script(
            "return [[...document.querySelectorAll('.face-lane')].map(lane => [lane.dataset.person,"
            " [...lane.querySelectorAll('.heard')].map(block => block.dataset.turn).sort()]),"
            " [...cards].map(([person, card]) => [person, card.querySelector('.said').textContent])]"
        )

    before = told()
    opened.execute_script("for (const person of cards.keys()) retell(person)")
    assert told() == before  # the browser counts as the writer of the page did
    opened.execute_script("decide(turns.find(turn => turn.index === 0), null)")
    lanes, said = (dict(rows) for rows in told())
    assert not any("0" in heard for heard in lanes.values())
    assert said["ANNA"] != dict(before[1])["ANNA"]
    opened.execute_script("decide(turns.find(turn => turn.index === 0), data.people[1])")
    lanes, _ = (dict(rows) for rows in told())
    assert [person for person, heard in lanes.items() if "0" in heard] == [NAMES[1]]
    opened.execute_script("const turn = turns.find(turn => turn.index === 0); decide(turn, turn.found, false)")  # fmt: skip
    assert told() == before


@pytest.mark.browser
def test_browser_gives_names_everywhere_and_exports_them(opened: Any, page: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    for path in opened.downloads.glob("*.json"):
        path.unlink()
    field = opened.find_element("css selector", ".rename[data-person='ANNA']")
    opened.execute_script("arguments[0].select()", field)
    field.send_keys("Anna  1 <b>", Keys.ENTER)
    opened.get(page.as_uri())
    assert opened.execute_script("return turns.every((turn) => !turn.decided)")
    lane = opened.find_element("css selector", "[data-name='ANNA']")
    turn = opened.find_element("css selector", ".turn[data-index='0'] .person")
    assert (lane.text, turn.text) == ("Anna 1 <b>", "Anna 1 <b>")
    assert opened.find_element("id", "progress").text == "1 name given."
    opened.find_element("id", "export").click()
    end = time.monotonic() + 8
    while not (files := list(opened.downloads.glob("*.json"))):
        assert time.monotonic() < end, "no file was exported"
        time.sleep(0.05)
    value = json.loads(files[0].read_text())
    assert (value["corrections"], value["names"]) == ([], {"ANNA": "Anna 1 <b>"})


@pytest.mark.browser
def test_browser_shows_what_was_reviewed_before(browser: Any, video: Path, tmp_path: Path) -> None:
    links = _links()
    links["links"][0]["evidence"] = {"review": 6.0}
    write_page(video, links, tmp_path / "p.html", quiet=True)
    browser.get((tmp_path / "p.html").as_uri())
    assert browser.execute_script("return corrections()") == [
        {"start": 0.2, "end": 1.0, "speaker": "S0", "person": "ANNA"}
    ]
    shown = browser.find_element("css selector", ".turn[data-index='0'] .percent")
    assert shown.text == "right"


WORDS = [
    {"start": 0.3, "end": 0.5, "text": "Good", "segment": 0},
    {"start": 0.6, "end": 0.8, "text": "<b>evening</b>,", "segment": 0},
    {"start": 1.1, "end": 1.15, "text": "hm", "segment": 0},
    {"start": 1.3, "end": 1.6, "text": 'so "long"', "segment": 1},
    {"start": 2.6, "end": 2.8, "text": "שלום", "segment": 2},
]


@pytest.mark.browser
def test_browser_shows_searches_and_follows_the_transcript(browser: Any, video: Path, tmp_path: Path) -> None:  # fmt: skip
    write_page(video, {**_links(), "words": WORDS}, tmp_path / "p.html", quiet=True)
    open_page(browser, tmp_path / "p.html")
    assert browser.execute_script("return document.querySelectorAll('.word').length") == len(WORDS)
    browser.execute_script("document.querySelectorAll('.word')[3].click()")
    wait(browser, "return !video.seeking && Math.abs(video.currentTime - 1.31) < 0.05")
    browser.find_element("id", "find").send_keys("LONG")
    shown = "return [...document.querySelectorAll('#transcript p')].filter((p) => !p.hidden).map((p) => p.textContent)"
    [paragraph] = browser.execute_script(shown)
    assert paragraph.startswith(NAMES[1]) and 'so "long"' in paragraph
    assert browser.execute_script("return document.querySelectorAll('.hit').length") == 1
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_page_holds_the_transcript_escaped(video: Path, tmp_path: Path) -> None:
    write_page(video, {**_links(), "words": WORDS}, tmp_path / "p.html", quiet=True)
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "<b>evening" not in text and 'id="transcript"' in text
    write_page(video, _links(), tmp_path / "q.html", quiet=True)
    assert 'id="transcript"' not in (tmp_path / "q.html").read_text(encoding="utf-8")


@pytest.mark.browser
def test_browser_corrects_by_a_click_on_the_right_face(opened: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    _press(opened, "n")
    wait(opened, "return !video.seeking")
    x, y = opened.execute_script(
        "const p = layout(); return [210, 100].map((side, i) => side * p.scale + (i ? p.top : p.left)"
        " - [canvas.clientWidth, canvas.clientHeight][i] / 2)"
    )
    canvas = opened.find_element("id", "overlay")
    ActionChains(opened).move_to_element_with_offset(canvas, round(x), round(y)).click().perform()
    assert opened.execute_script("return [opened.person, opened.decided]") == [NAMES[1], True]


@pytest.mark.browser
def test_browser_plays_a_video_that_lies_beside(browser: Any, video: Path, tmp_path: Path) -> None:
    write_page(video, _links(), tmp_path / "a page.html", embed_bytes=1000, quiet=True)
    browser.get((tmp_path / "a page.html").as_uri())
    wait(browser, "return video.readyState >= 2")
    browser.execute_script("seek(3)")
    wait(browser, "return !video.seeking && Math.abs(video.currentTime - 3) < 0.05")
