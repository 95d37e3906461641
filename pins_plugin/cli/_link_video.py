"""Link videos, each into its own folder: all that `pins link` does with one, in whatever process."""

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from pyannote.core import Annotation

from pins_plugin import __version__
from pins_plugin.archive.claims import claimed
from pins_plugin.archive.names import Names
from pins_plugin.cli import _results as results
from pins_plugin.cli._many import check_file
from pins_plugin.cli._model_keys import model_key, plugin_key
from pins_plugin.cli.convert import load_words
from pins_plugin.data.links.corrections import Corrections, read_corrections
from pins_plugin.data.links.links_file import add_words, write_links_table
from pins_plugin.data.links.transcripts import ENDINGS
from pins_plugin.data.media.video import probe_video
from pins_plugin.errors import LinksError
from pins_plugin.pipelines.diarization.rttm import choose_turns, read_rttm, write_rttm
from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.people.naming import recognize_strangers
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.video_people import VideoPeople
from pins_plugin.types import TranscriptWord
from pins_plugin.utils.content import LENGTH, describe_file, source_key
from pins_plugin.utils.device import usable_device
from pins_plugin.utils.files import atomic_contents, write_json_rows
from pins_plugin.utils.text import one_word
from pins_plugin.utils.writable import try_folder

if TYPE_CHECKING:
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking


@dataclass(frozen=True)
class LinkOptions:
    """How videos are linked; plain values, so that another process can be told.

    Parameters
    ----------
    diarization : str or None
        RTTM file, or folder of a pyannote pipeline.
    model : str or None
        Joint embedding of faces and voices: folder, name or hub id.
    num_speakers : int or None
        How many people speak.
    transcript : path or None
        File of words, or a folder of files that are named as the videos are.
    encoding : str or None
        Of the transcript; UTF-8 when not given.
    several : bool
        Results go into a folder of folders, which knows everyone who was met.
    alone : bool
        Only one video is linked, so that turns of one file are its own, whatever that is called.
    names : Names
        Of several videos' folders, and of the videos in tables.
    archive : bool
        The video's people are numbered for themselves, and kept as vectors for `pins people join`.
    """

    evidence: tuple[str, ...]
    diarization: str | None = None
    people: str | None = None
    model: str | None = "face_voice"
    corrections: str | Path | None = None
    num_speakers: int | None = None
    transcript: str | Path | None = None
    encoding: str | None = None
    face_encoder: str = "face_recognition"
    tracker: str | None = None
    device: str = "cpu"
    several: bool = False
    alone: bool = True
    again: bool = False
    with_video: bool = True
    quiet: bool = False
    names: Names = field(default_factory=Names)
    archive: bool = False


@dataclass(frozen=True)
class LinkedRow:
    """What became of one video, in a line.

    Parameters
    ----------
    done : bool
        It had been linked before, in the same way.
    transcript_added : bool
        To what had been linked before.
    tracks, people, turns, speakers : int
        How many.
    linked, spoken : float
        Seconds of speech.
    """

    video: str
    folder: str
    done: bool = False
    transcript_added: bool = False
    tracks: int = 0
    people: int = 0
    turns: int = 0
    speakers: int = 0
    linked: float = 0.0
    spoken: float = 0.0
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.done:
            added = ", the transcript was added" if self.transcript_added else ""
            return f"{self.video}: linked already{added}; {self.folder}"
        seen = f"{_count(self.tracks, 'face track')} of {_count(self.people, 'person', 'people')}"
        heard = "nobody speaks"
        if self.turns:
            heard = f"{_count(self.turns, 'turn')} of {_count(self.speakers, 'speaker')}, {self.linked:.1f} of {self.spoken:.1f} s linked to a face"
        return f"{self.video}: {seen}, {heard}; open {Path(self.folder) / 'page.html'}"


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"


def show_row(row: LinkedRow) -> bool:
    """Print what became of a video; whether it had been linked before."""
    for note in row.notes:
        print(note)
    print(row, flush=True)
    return row.done


def open_pipeline(options: LinkOptions, out: Path) -> "SpeakerFaceLinking":
    """Make the pipeline that links with these options, and knows whom the other videos of `out` show."""
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    encoder = Path(options.face_encoder).name
    return SpeakerFaceLinking(
        diarization=options.diarization,
        evidence=options.evidence,
        model=options.model,
        recognition=options.face_encoder,
        tracker=options.tracker,
        people=options.people,
        cast=Cast.of_folder(out, encoder) if options.several else None,
        quiet=options.quiet,
    ).to(usable_device(options.device))


def name_strangers(pipeline: "SpeakerFaceLinking", out: Path, quiet: bool) -> None:
    """Bring earlier videos up to the names of now, and give their strangers those of examples that came later."""
    cast = pipeline.cast
    assert cast is not None
    with cast.held():
        results.catch_up(out, cast, quiet)
    if not pipeline.known:
        return
    with cast.held():
        names = recognize_strangers(cast, pipeline.known, pipeline.networks.recognizer.same_person)
        cast.rename(names)
    with cast.held():  # the names are in the people's file now, whatever happens here
        results.catch_up(out, cast, quiet)
    for old, new in names.items():
        print(f"{old} is {new}")


def open_linker(
    options: LinkOptions, out: Path, args: argparse.Namespace
) -> Callable[[str], LinkedRow]:
    """Make, in a worker, the function that links one video of an archive."""
    return partial(link_one, open_pipeline(replace(options, several=False), out), options, out)


def link_one(
    pipeline: "SpeakerFaceLinking", options: LinkOptions, out: Path, video: str
) -> LinkedRow:
    """Link one video, whose people are numbered for themselves: `pins people join` says who is who."""
    pipeline.cast = Cast(Path(options.face_encoder).name)
    with claimed(out, options.names.of(Path(video))):
        return link_video(pipeline, Path(video), out, replace(options, several=True, archive=True))


def link_video(
    pipeline: "SpeakerFaceLinking", video: Path, out: Path, options: LinkOptions
) -> LinkedRow:
    """Link one video; its folder is whole when `links.json` is there.

    Parameters
    ----------
    pipeline : SpeakerFaceLinking
        Made with the same options; its `cast`, if any, is that of `out`.
    out : Path
        As on the command line.

    Raises
    ------
    PinsError
        When the video cannot be used, or its folder holds the results of another one.
    """
    check_file(video)
    name = options.names.of(video) if options.several else video.stem
    folder = out / name if options.several else out
    try_folder(folder)
    before = results.read_result(folder)
    source = describe_file(video, (before or {}).get("source"))
    results.check_owner(folder, source, before)
    if options.several and not options.archive:  # which looks at all folders
        results.check_names(out, name)
    corrections = _corrections_of(source, video, options)
    words = _read_words(video, options)  # before the work, which a mistake in it would waste
    key = run_key(source["content"], options)
    if (
        corrections is None
        and not options.again
        and before is not None
        and _is_done(folder, before, key)
    ):
        results.complete_reports(
            video, before, folder, with_video=options.with_video, quiet=options.quiet
        )
        added = words is not None and results.put_words(video, folder, words, options.quiet)
        return LinkedRow(str(video), str(folder), done=True, transcript_added=added)
    known = {} if options.num_speakers is None else {"num_speakers": options.num_speakers}
    turns = _given_turns(video, options)
    file = video if name == video.stem else {"video": str(video), "uri": one_word(name)}
    result = pipeline(file, corrections=corrections, diarization=turns, **known)
    links = {**result.to_json(), "source": source, "run": key}
    if words is not None:
        links = add_words(links, words)
    elif before is not None and before.get("words") and _is_of(before, source):
        links["words"] = before["words"]  # linked anew, it keeps what is said in it
    if pipeline.cast is not None:
        links["renames"] = len(pipeline.cast.renames)
    if options.archive:
        links["joined"] = None  # see `pins people join`
    links = _write(result, links, video, folder, one_word(name), pipeline, options)
    if pipeline.cast is not None and corrections is not None and corrections.names:
        with pipeline.cast.held():
            results.catch_up(out, pipeline.cast, options.quiet)
    return _row(result, video, folder, links["notes"])


def _read_words(video: Path, options: LinkOptions) -> Sequence[TranscriptWord] | None:
    """Words of one video; None where there is no transcript of it."""
    if options.transcript is None:
        return None
    given = Path(options.transcript)
    names = options.names.also(video)
    named = (
        [given / f"{name}{ending}" for name in names for ending in ENDINGS]
        if given.is_dir()
        else [given]
    )
    path = next((each for each in named if each.is_file()), None if given.is_dir() else given)
    if path is None:
        return None
    return load_words(path, probe_video(video).duration, options.encoding)


def _is_of(links: Mapping[str, Any], source: Mapping[str, Any]) -> bool:
    other = links.get("source")
    return isinstance(other, Mapping) and other.get("content") == source["content"]


def _write(
    result: LinkingResult,
    links: dict[str, Any],
    video: Path,
    folder: Path,
    uri: str,
    pipeline: "SpeakerFaceLinking",
    options: LinkOptions,
) -> dict[str, Any]:
    """Write everything, and give the links with the notes about what could not be made."""
    cast = pipeline.cast
    with ExitStack() as held, atomic_contents(folder, results.LINKS, results.ALL) as temporary:
        result.write_rttm(temporary / "speakers.rttm")
        write_rttm(temporary / "people.rttm", [result.people])
        write_links_table(temporary / "links.csv", links)
        links = results.write_reports(
            video, links, temporary, with_video=options.with_video, quiet=options.quiet
        )
        write_json_rows(temporary / results.LINKS, links)
        if cast is not None and options.archive:
            met = [each for each in cast.appearances if each.video == uri]
            people = VideoPeople.of(
                cast.encoder,
                pipeline.networks.recognizer.same_person,
                uri,
                met,
                result.tracks,
            )
            people.save(temporary / results.VECTORS)
        elif cast is not None:
            held.enter_context(cast.held())
            held.callback(results.catch_up_folder, folder, cast, options.quiet)
        results.disown(folder)
    return links


def run_key(content: str, options: LinkOptions) -> str:
    """Tell apart what is linked, and how: everything that the result depends on, by its content.

    Parameters
    ----------
    content : str
        Of the video, see `content_key`.
    """
    sources = {
        **{name: source_key(getattr(options, name)) for name in ("diarization", "people")},
        **{name: model_key(getattr(options, name)) for name in ("model", "face_encoder")},
    }
    plugins = {name: plugin_key("evidence", name) for name in sorted(options.evidence)}
    tracker = plugin_key("trackers", options.tracker)
    parts = [__version__, content, sorted(sources.items()), sorted(plugins.items()), tracker]
    parts += [] if options.num_speakers is None else [f"{options.num_speakers} speakers"]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:LENGTH]


def _is_done(folder: Path, before: Mapping[str, Any], key: str) -> bool:
    return before.get("run") == key and all((folder / name).is_file() for name in results.TABLES)


def _corrections_of(
    source: Mapping[str, Any], video: Path, options: LinkOptions
) -> Corrections | None:
    """Read the corrections; those of another video are refused."""
    if options.corrections is None:
        return None
    found = read_corrections(options.corrections)
    other = PureWindowsPath(found.video).name  # parts at slashes of both kinds
    same = found.content == source["content"] if found.content else other in ("", video.name)
    if not same:
        raise LinksError(
            f"{options.corrections}: expected corrections of {video}, got those of {found.video or 'another video'}; "
            "labels are alike in every video, so that they would name the wrong people (where it is the same video in "
            "another form, take `content` out of the file)"
        )
    return found


def _given_turns(video: Path, options: LinkOptions) -> Annotation | None:
    """Turns of one video from an RTTM file; None where there is no such file."""
    if options.diarization is None or Path(options.diarization).is_dir():
        return None
    names = [one_word(name) for name in options.names.also(video)]
    if len(names) > 1 and names[0] not in map(one_word, read_rttm(options.diarization)):
        names = names[1:]
    return choose_turns(options.diarization, names[0], alone=options.alone)


def _row(result: LinkingResult, video: Path, folder: Path, notes: Sequence[str]) -> LinkedRow:
    return LinkedRow(
        str(video),
        str(folder),
        tracks=len(result.tracks),
        people=len({track.person for track in result.tracks}),
        turns=len(result.links),
        speakers=len(result.speakers.labels()),
        linked=sum(link.end - link.start for link in result.links if link.person),
        spoken=sum(link.end - link.start for link in result.links),
        notes=tuple(notes),
    )
