"""Many clips at once: in parallel, resumable, and the same whatever the number of workers."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.errors import ManifestError
from pins_plugin.simulation.clip import plan_clip, write_clip
from pins_plugin.simulation.oracle import save_people
from pins_plugin.simulation.person import sample_person
from pins_plugin.simulation.settings import check_ranges, check_same, to_plain
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import atomic_folder, read_json, write_json
from pins_plugin.utils.prefetch import map_ahead
from pins_plugin.utils.progress import progress

SPLITS = ("train", "valid", "test")
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class CorpusSettings:
    """What a corpus of clips is made from.

    Parameters
    ----------
    form : str
        What the manifest points to: "images" (a folder of JPEG frames) or "video" (an mp4, slower to make and to
        read, but with every frame).
    test_clips : int or None
        Clips of each person for testing, if not `clips_per_person`; from two on, faces and voices of different
        recordings can be compared.
    seen_heard : int
        People of the training of whom there are `test_clips` further clips with the split "test".
    """

    people: int = 400
    clips_per_person: int = 2
    seed: int = 0  # another one makes other people
    form: str = "images"
    num_images: int = 4  # JPEG frames per clip
    image_size: int = 112  # pixels
    words: int = 3  # per clip, about 0.5 s each
    splits: tuple[float, float, float] = (0.7, 0.1, 0.2)  # shares of people: train, valid, test
    test_clips: int | None = None
    seen_heard: int = 0


def write_corpus(
    folder: str | Path, settings: CorpusSettings, *, jobs: int | None = None, quiet: bool = False
) -> Path:
    """Write `manifest.csv`, `people.npz` (the truth about everyone) and a folder per clip.

    A run that was stopped goes on where it was. No name of a file or clip says who it shows.

    Parameters
    ----------
    jobs : int, optional
        Processes; by default one per core.

    Raises
    ------
    ManifestError
        When the settings make no sense, or the folder holds a corpus with other settings.
    """
    check_settings(settings)
    folder = Path(folder)
    _claim(folder, settings)
    clips = list_clips(settings)
    todo = [clip for clip in clips if not (folder / "clips" / clip.name).is_dir()]
    chunks = [todo[start : start + 8] for start in range(0, len(todo), 8)]
    done = map_in_processes(partial(_write_chunk, folder, settings), chunks, jobs)
    for _ in progress(done, "clips x 8", total=len(chunks), quiet=quiet):
        pass
    people = [sample_person(settings.seed, index) for index in range(settings.people)]
    save_people(folder / "people.npz", people)
    manifest = folder / "manifest.csv"
    write_manifest(manifest, [_row(folder, settings, clip) for clip in clips])
    return manifest


def check_settings(settings: CorpusSettings) -> None:
    """Raise ManifestError when the settings make no sense."""
    at_least_one = ("people", "clips_per_person", "num_images", "words", "test_clips")
    check_ranges(settings, image_size=(32, inf), **dict.fromkeys(at_least_one, (1, inf)))
    if settings.form not in ("images", "video"):
        raise ManifestError(f"form: expected images or video, got {settings.form!r}")
    if not (min(settings.splits) >= 0 and abs(sum(settings.splits) - 1) <= 1e-6):
        raise ManifestError(
            f"splits: expected three shares that add up to 1, got {settings.splits}; such as 0.7 0.1 0.2"
        )
    num_train = assign_splits(settings).count("train")
    if not 0 <= settings.seen_heard <= num_train:
        raise ManifestError(
            f"seen_heard: expected at most the {num_train} people of the training, got {settings.seen_heard}"
        )


class ListedClip(NamedTuple):
    """A clip of a corpus: number `number` of person number `person`."""

    name: str
    person: int
    number: int
    split: str


def list_clips(settings: CorpusSettings) -> list[ListedClip]:
    """List the clips of a corpus, in an order that tells nothing about people."""
    count = settings.clips_per_person
    test_count = settings.test_clips or count
    splits = assign_splits(settings)
    train = [person for person, split in enumerate(splits) if split == "train"]
    seen = set(train[: settings.seen_heard])
    found: list[tuple[int, int, str]] = []
    for person, split in enumerate(splits):
        usual = test_count if split == "test" else count
        found += [(person, number, split) for number in range(usual)]
        further = test_count if person in seen else 0
        found += [(person, number, "test") for number in range(count, count + further)]
    order = np.random.default_rng([settings.seed, 4]).permutation(len(found))
    return [ListedClip(f"c{place:06d}", *found[row]) for place, row in enumerate(np.argsort(order))]


def assign_splits(settings: CorpusSettings) -> list[str]:
    """Return the split of each person, at random by the seed."""
    ends = np.round(np.cumsum(settings.splits) * settings.people).astype(int)
    places = np.searchsorted(ends, np.arange(settings.people), side="right")
    order = np.random.default_rng([settings.seed, 5]).permutation(settings.people)
    names = [""] * settings.people
    for person, place in zip(order.tolist(), places.tolist(), strict=True):
        names[person] = SPLITS[min(place, 2)]
    return names


def map_in_processes(
    make: Callable[[S], T], items: Sequence[S], jobs: int | None = None
) -> Iterator[T]:
    """Map in order, in several processes (one per core) where there is enough to do, a few results ahead.

    An interrupt is for this process alone: the others end what they are at.
    """
    jobs = min(jobs or os.cpu_count() or 1, len(items))
    if jobs <= 1:
        yield from map(make, items)
        return
    context = multiprocessing.get_context("spawn")  # forking a process with threads may hang
    deaf = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(jobs, context, initializer=signal.signal, initargs=deaf) as pool:
        try:
            yield from map_ahead(pool, make, items, 2 * jobs)
        finally:
            pool.shutdown(cancel_futures=True)


def _write_chunk(folder: Path, settings: CorpusSettings, clips: list[ListedClip]) -> None:
    for clip in clips:
        with atomic_folder(folder / "clips" / clip.name) as temporary:
            write_clip(
                temporary,
                plan_clip(settings.seed, clip.person, clip.number, settings.words),
                num_images=settings.num_images,
                image_size=settings.image_size,
                video=settings.form == "video",
            )


def _row(folder: Path, settings: CorpusSettings, clip: ListedClip) -> TalkingFaceClip:
    plan = plan_clip(settings.seed, clip.person, clip.number, settings.words)
    return TalkingFaceClip(
        clip_id=clip.name,
        identity=plan.person.identity,
        video=f"v{clip.name[1:]}",
        faces=folder / "clips" / clip.name / ("faces.mp4" if settings.form == "video" else "faces"),
        audio=folder / "clips" / clip.name / "voice.wav",
        split=clip.split,
        attributes={
            "gender": plan.person.gender,
            "age": str(plan.person.age),
            "nationality": plan.person.accent,
            "words": plan.words,
            "seed": str(settings.seed),
        },
    )


def _claim(folder: Path, settings: CorpusSettings) -> None:
    """Note the settings in the folder, or check that they are the ones noted."""
    note = folder / "simulation.json"
    if note.exists():
        check_same(
            folder, read_json(note, ManifestError, "the settings of simulated clips"), settings
        )
    else:
        write_json(note, to_plain(settings))
