"""What several runs share: a disk that fills up, a folder that two write to, one process with threads."""

import resource
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from campaigns.footage import LINK, PATIENCE, clips, digests, leftovers, linked, portrait, scenes
from campaigns.forks import Row, command_fault, finish, in_fork, pins, start
from campaigns.kills import HPARAMS
from pins_plugin.data.links.links_file import read_links
from pins_plugin.data.media.audio import load_audio
from pins_plugin.pipelines.people.registry import FILE, Cast

SIZES = (20_000, 60_000, 300_000)  # bytes that a file may reach, where the disk is "full"


def fill_disks(work: Path, seed: int, seconds: float) -> list[Row]:
    """Commands whose files cannot grow: one clear line, and earlier results stay as they were.

    A limit on the size of files stands for a full disk, since mounting a small one takes rights that few have.
    """
    full = Row("no room for files (a limit on their size)")
    blocked = Row("`--out` is a file, or below one")
    video = scenes()[0]
    end = time.monotonic() + seconds
    turn = 0
    while turn < 1 or time.monotonic() < end:
        out = work / f"out{turn}"
        shutil.copytree(linked(), out)
        old = Cast.load(out / FILE).labels[0]
        size = SIZES[turn % len(SIZES)]
        commands = {
            "link": ["link", scenes()[2], "--out", out, *LINK],
            "rename": ["people", out, "rename", old, "anna"],
            "diarize": ["diarize", video, "--out", out / "turns.rttm"],
            "simulate": ["simulate", "clips", work / f"clips{turn}", "--people", "1", "--jobs", "1", "--quiet"],
            "train": [
                "train", HPARAMS, "--manifest", clips(), "--output_folder", work / f"train{turn}",
                "--batch_size", "8", "--num_epochs", "1", "--seconds", "0.5", "--image_size", "32",
            ],
        }  # fmt: skip
        before = digests(out, "video[01]/links.json", FILE)
        for name, command in commands.items():
            limit = (size, size)
            outcome = in_fork(
                pins(*command),
                work / "log",
                PATIENCE,
                lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
            )
            fault = command_fault(outcome)
            after = digests(out, "video[01]/links.json", FILE)
            if fault is None and outcome.status == 2 and after != before:
                fault = "earlier results changed"
            if fault is None and (left := leftovers(out)):
                fault = f"left {left[:3]}"
            full.count(fault, f"{name}, {size} bytes")
            before = after
        _block(work / f"file{turn}", video, blocked)
        turn += 1
    return [full, blocked]


def _block(target: Path, video: Path, row: Row) -> None:
    target.write_text("mine")
    for out in (target, target / "below"):
        for command in (
            ["link", video, "--out", out, *LINK],
            ["simulate", "clips", out, "--people", "1", "--jobs", "1", "--quiet"],
            ["diarize", video, "--out", target / "turns.rttm"],
        ):
            outcome = in_fork(pins(*command), target.parent / "log", PATIENCE)
            fault = command_fault(outcome)
            if fault is None and outcome.status == 0:
                fault = "success, written nowhere"
            if target.read_text() != "mine":
                fault = "the file is gone"
            row.count(fault, f"{command[0]} into {out.name}")


def run_two_at_once(work: Path, seed: int, seconds: float) -> list[Row]:
    """Two commands that write into one folder at the same time: nothing of either is lost or mixed up."""
    links, adds = Row("two `pins link` at once, one folder"), Row("two `pins people add` at once")
    serial = work / "serial"
    shutil.copytree(linked(), serial)
    for video in scenes()[2:]:
        in_fork(pins("link", video, "--out", serial, *LINK), work / "log", PATIENCE)
    expected = _people_by_video(serial)
    end = time.monotonic() + seconds
    while links.tried < 1 or time.monotonic() < end:
        out, cast = work / f"out{links.tried}", work / f"cast{links.tried}"
        shutil.copytree(linked(), out)
        faults = _both([["link", video, "--out", out, *LINK] for video in scenes()[2:]], work)
        found = _people_by_video(out)
        counts = {name: len(people) for name, people in found.items()}
        if not faults and counts != {name: len(people) for name, people in expected.items()}:
            faults = [f"people by video: {found}, one after the other {expected}"]
        if not faults and len(set().union(*found.values())) != len(set().union(*expected.values())):
            faults = [f"strangers share a number: {found}"]
        links.count(faults[0] if faults else None)
        faults = _both(
            [["people", cast, "add", name, portrait()] for name in ("anna", "ben")], work
        )
        if not faults and sorted(digests(cast)) != ["anna.png", "ben.png"]:
            faults = [f"examples are {sorted(digests(cast))}"]
        adds.count(faults[0] if faults else None)
    return [links, adds]


def _people_by_video(out: Path) -> dict[str, set[str]]:
    """Who is in each video, as the people file has it; who is linked must be among them."""
    found: dict[str, set[str]] = {}
    for appearance in Cast.load(out / FILE).appearances:
        found.setdefault(appearance.video, set()).add(appearance.person)
    for path in sorted(out.glob("*/links.json")):
        people = {link["person"] for link in read_links(path)["links"]} - {None}
        if not people <= found.get(path.parent.name, set()):
            found[path.parent.name] = {"not remembered"}
    return found


def _both(commands: list[list[str | Path]], work: Path) -> list[str]:
    logs = [work / f"log{number}" for number in range(len(commands))]
    children = [start(pins(*command), log) for command, log in zip(commands, logs, strict=True)]
    outcomes = [finish(child, log, PATIENCE) for child, log in zip(children, logs, strict=True)]
    return [fault for outcome in outcomes if (fault := command_fault(outcome, may_fail=False))]


def run_threads(work: Path, seed: int, seconds: float) -> list[Row]:
    """Two threads that find speech, diarize, or link: each finds what it finds alone."""
    videos = scenes()[:2]
    rows = []
    for what, check in (("find speech", _speech), ("diarize", _diarize), ("link", _link)):
        row = Row(f"threads that {what}")
        row.count(in_fork(lambda check=check: check(videos), work / "log", PATIENCE).fault())
        rows.append(row)
    return rows


def _speech(videos: list[Path]) -> int:
    from pins_plugin.inference.voice_activity import speech_probability

    sounds = [load_audio(video) for video in videos] * 8
    alone = [speech_probability(sound) for sound in sounds]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(speech_probability, sounds))
    return _compare(all(map(np.array_equal, alone, together)))


def _diarize(videos: list[Path]) -> int:
    from pins_plugin.pipelines.linking.builtin import BuiltinDiarization

    pipeline = BuiltinDiarization()
    pipeline.instantiate(pipeline.default_parameters())
    alone = [pipeline(video) for video in videos] * 2
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(pipeline, videos * 2))
    return _compare(alone == together)


def _link(videos: list[Path]) -> int:
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    pipeline = SpeakerFaceLinking()
    alone = [pipeline(str(video)).to_json() for video in videos]
    with ThreadPoolExecutor(2) as pool:
        together = [result.to_json() for result in pool.map(pipeline, map(str, videos))]
    return _compare(alone == together)


def _compare(same: bool) -> int:
    print("as alone" if same else "other results than alone")
    return 0 if same else 1
