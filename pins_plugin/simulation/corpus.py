"""Many clips at once: in parallel, resumable, and the same whatever the number of workers."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TypeVar

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
    numbers = clip_numbers(settings)
    todo = [
        (folder / "clips" / _clip_id(number), person, clip)
        for (person, clip), number in numbers.items()
        if not (folder / "clips" / _clip_id(number)).is_dir()
    ]
    chunks = [(todo[start : start + 8], settings) for start in range(0, len(todo), 8)]
    done = map_in_processes(_write_chunk, chunks, jobs)
    for _ in progress(done, "clips x 8", total=len(chunks), quiet=quiet):
        pass
    save_people(
        folder / "people.npz", [sample_person(settings.seed, i) for i in range(settings.people)]
    )
    manifest = folder / "manifest.csv"
    write_manifest(manifest, list(_rows(folder, settings, numbers)))
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


def clip_numbers(settings: CorpusSettings) -> dict[tuple[int, int], int]:
    """Number the clips in an order that tells nothing about people: {(person, clip): number}."""
    pairs = list(clip_splits(settings))
    order = np.random.default_rng([settings.seed, 4]).permutation(len(pairs))
    return dict(zip(pairs, order.tolist(), strict=True))


def clip_splits(settings: CorpusSettings) -> dict[tuple[int, int], str]:
    """Return the split of each clip: {(person, clip): split}."""
    count = settings.clips_per_person
    test_count = settings.test_clips or count
    splits = assign_splits(settings)
    train = [person for person, split in enumerate(splits) if split == "train"]
    seen = set(train[: settings.seen_heard])
    found = {}
    for person, split in enumerate(splits):
        for clip in range(test_count if split == "test" else count):
            found[person, clip] = split
        for clip in range(count, count + test_count if person in seen else count):
            found[person, clip] = "test"
    return found


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
    """Map in order, in several processes (one per core) where there is enough to do, a few results ahead."""
    jobs = min(jobs or os.cpu_count() or 1, len(items))
    if jobs <= 1:
        yield from map(make, items)
        return
    context = multiprocessing.get_context("spawn")  # forking a process with threads may hang
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from map_ahead(pool, make, items, 2 * jobs)


def _write_chunk(chunk: tuple[list[tuple[Path, int, int]], CorpusSettings]) -> None:
    clips, settings = chunk
    for path, person, clip in clips:
        with atomic_folder(path) as temporary:
            write_clip(
                temporary,
                plan_clip(settings.seed, person, clip, settings.words),
                num_images=settings.num_images,
                image_size=settings.image_size,
                video=settings.form == "video",
            )


def _rows(
    folder: Path, settings: CorpusSettings, numbers: dict[tuple[int, int], int]
) -> Iterable[TalkingFaceClip]:
    splits = clip_splits(settings)
    for (person_index, clip_index), number in sorted(numbers.items(), key=lambda item: item[1]):
        plan = plan_clip(settings.seed, person_index, clip_index, settings.words)
        clip_folder = folder / "clips" / _clip_id(number)
        yield TalkingFaceClip(
            clip_id=_clip_id(number),
            identity=plan.person.identity,
            video=f"v{number:06d}",
            faces=clip_folder / ("faces.mp4" if settings.form == "video" else "faces"),
            audio=clip_folder / "voice.wav",
            split=splits[person_index, clip_index],
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


def _clip_id(number: int) -> str:
    return f"c{number:06d}"
