"""Damaged data files through the readers of their kind: JSON, npz, CSV, RTTM, lists, people, galleries, models."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from campaigns.forks import Row, in_fork, wrong_exceptions
from campaigns.mutations import mutate_bytes, mutate_json
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.corpora.trial_list import read_trial_list
from pins_plugin.data.corpora.words import read_words
from pins_plugin.data.links.corrections import read_corrections
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.links.links_file import read_links, write_links_table
from pins_plugin.data.training.features import load_features
from pins_plugin.inference.gallery import Gallery
from pins_plugin.models.compact import CompactFaceEncoder
from pins_plugin.models.folder.model_folder import load_model_folder, save_model_folder
from pins_plugin.models.folder.module_registry import make_module
from pins_plugin.pipelines.diarization.rttm import read_rttm, write_rttm
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.vector_file import Appearance
from pins_plugin.report.page import parts as page_parts
from pins_plugin.tracking.track_files import read_tracks

AT_ONCE = 20  # damaged files in one fork
LONGEST = 60.0  # seconds that so many may take


class Kind(NamedTuple):
    """A kind of file: how a good one is made, which part of it is damaged, how it is read."""

    make: Callable[[Path], None]  # writes it, or a folder
    damaged: str  # "" for the file itself, or a file of the folder
    read: Callable[[Path], Any]


def _links(path: Path) -> None:
    boxes = [[i / 5, 10.0 + i, 10, 50, 60] for i in range(20)]
    turn = {
        "start": 0.5, "end": 2.0, "speaker": "S0", "person": "P1", "box": [1, 2, 30, 40],
        "confidence": 0.9, "status": "on screen", "evidence": {"sync": 1.5, "presence": 0.2},
    }  # fmt: skip
    track = {"track": "T1", "person": "P1", "start": 0.0, "end": 3.8, "boxes": boxes}
    value = {
        "version": 1, "video": "a.mp4", "duration": 4.0, "notes": ["a note"], "tracks": [track],
        "links": [turn, {**turn, "start": 2.5, "end": 3.0, "person": None, "box": None}],
    }  # fmt: skip
    path.write_text(json.dumps(value))


def _use_links(path: Path) -> None:
    """All that a page and the tables make of links."""
    links = read_links(path)
    linked = LinkedVideo.from_links(links)
    page_parts.summary(linked, 0.7)
    page_parts.turns(linked, 0.7)
    page_parts.rows(linked)
    page_parts.gallery(linked, {})
    page_parts.tracks(linked)
    page_parts.ticks(linked.duration)
    for time_ in (0.0, 1.0, 5.0):
        linked.turns_at(time_)
        linked.boxes_at(time_)
    write_links_table(path.with_suffix(".csv"), links)


def _corrections(path: Path) -> None:
    row = {"start": 0.0, "end": 1.5, "speaker": "SPEAKER_00", "person": "PERSON_02"}
    value = {"version": 1, "video": "a.mp4", "corrections": [row], "names": {"PERSON_02": "Zoe"}}
    path.write_text(json.dumps(value))


def _scene(path: Path) -> None:
    boxes = [[0.0, 1, 2, 30, 40], [0.04, 1, 2, 30, 40]]
    value = {"version": 1, "faces": [{"person": "P1", "track": "T1", "boxes": boxes}], "turns": []}
    path.write_text(json.dumps(value))


def _features(path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    np.savez(path, embeddings=rows, clip_id=np.array([f"c{i}" for i in range(20)]))


def _manifest(path: Path) -> None:
    lines = [f"c{i},p{i},v{i},f{i}.jpg,s{i}.wav,train" for i in range(8)]
    path.write_text("\n".join(["clip_id,identity,video,faces,audio,split", *lines]) + "\n")


def _words(path: Path) -> None:
    path.write_text("clip,start_s,end_s,word\na,0.0,0.3,bin\na,0.3,0.8,blue\nb,0.1,0.4,red\n")


def _rttm(path: Path) -> None:
    path.write_text(
        "".join(f"SPEAKER a 1 {i}.0 0.900 <NA> <NA> s{i % 3} <NA> <NA>\n" for i in range(9))
    )


def _use_rttm(path: Path) -> None:
    write_rttm(path.with_suffix(".out"), list(read_rttm(path).values()))


def _trials(path: Path) -> None:
    path.write_text("".join(f"{i % 2} id1/v{i}/a.wav id2/v{i}/b.wav\n" for i in range(9)))


def _people(path: Path) -> None:
    vectors = np.eye(8)
    Cast(
        "face_recognition",
        [Appearance(f"PERSON_0{i}", f"v{i}", 3.0, vectors[i], vectors[i]) for i in range(4)],
    ).save(path)


def _gallery(path: Path) -> None:
    gallery = Gallery(8)
    rows = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    gallery.add([f"a{i}" for i in range(30)], rows, "face")
    gallery.save(path)


def _use_gallery(path: Path) -> None:
    Gallery.load(path).search(np.zeros((1, 8), np.float32) + 1, 3, modality="face")


def _model(path: Path) -> None:
    arguments = {"image_size": 32, "embedding_dim": 8, "channels": [4, 4, 4, 4], "hidden_dim": 8}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        modules = {"face_encoder": make_module(CompactFaceEncoder, **arguments)}
    save_model_folder(path, modules, {}, "# A model\n")


KINDS = {
    "links.json": Kind(_links, "", _use_links),
    "corrections.json": Kind(_corrections, "", read_corrections),
    "scene.json": Kind(_scene, "", read_tracks),
    "features.npz": Kind(_features, "", load_features),
    "manifest.csv": Kind(_manifest, "", read_manifest),
    "words.csv": Kind(_words, "", read_words),
    "turns.rttm": Kind(_rttm, "", _use_rttm),
    "trials.txt": Kind(_trials, "", read_trial_list),
    "people.safetensors": Kind(_people, "", Cast.load),
    "gallery": Kind(_gallery, "", _use_gallery),
    "model, YAML": Kind(_model, "hyperparams.yaml", load_model_folder),
    "model, weights": Kind(_model, "face_encoder.safetensors", load_model_folder),
}


def fuzz_data_files(work: Path, seed: int, seconds: float) -> list[Row]:
    """Read damaged files of each kind in turn until the time is up; undamaged ones first."""
    generator = np.random.default_rng(seed)
    row = Row("damaged data files through their readers")
    whole = Row("undamaged data files through their readers")
    end = time.monotonic() + seconds
    turn = 0
    while turn < len(KINDS) or time.monotonic() < end:
        name = list(KINDS)[turn % len(KINDS)]
        kind = KINDS[name]
        folder = work / "data" / name.replace(", ", "_")
        good = folder / "good" / name.split(",")[0]
        if turn < len(KINDS):
            good.parent.mkdir(parents=True)
            kind.make(good)
            outcome = in_fork(
                lambda k=kind, g=good: wrong_exceptions({"": lambda: k.read(g)}), work / "log", 60
            )
            whole.count(outcome.fault(), name)
        cases = [_damage(good, kind, folder / f"{i}", generator) for i in range(AT_ONCE)]
        faults = _try_all(kind, cases, work)
        for number in range(AT_ONCE):
            row.count(faults.get(number), f"{name} no. {turn}.{number} of seed {seed}")
        turn += 1
    return [whole, row]


def _damage(good: Path, kind: Kind, folder: Path, generator: np.random.Generator) -> Path:
    """Copy a good file (or folder) and damage the copy."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = folder / good.name
    if good.is_dir():
        shutil.copytree(good, copy)
    else:
        shutil.copyfile(good, copy)
    files = sorted(path for path in copy.rglob("*") if path.is_file()) or [copy]
    target = copy / kind.damaged if kind.damaged else files[int(generator.integers(len(files)))]
    mutate = mutate_json if target.suffix == ".json" else mutate_bytes
    target.write_bytes(mutate(target.read_bytes(), generator))
    return copy


def _try_all(kind: Kind, cases: list[Path], work: Path) -> dict[int, str]:
    """Read all cases in one fork; those after one that ends or holds up the fork are tried in another."""
    faults: dict[int, str] = {}
    first = 0
    while first < len(cases):
        progress = work / "progress"
        progress.write_text(str(first))

        def read_rest(first: int = first, progress: Path = progress) -> int:
            failed = 0
            for number in range(first, len(cases)):
                progress.write_text(str(number))
                print(f"case {number}", flush=True)
                failed |= wrong_exceptions({"": lambda n=number: kind.read(cases[n])})
            progress.write_text(str(len(cases)))
            return failed

        outcome = in_fork(read_rest, work / "log", LONGEST)
        case = first
        for line in outcome.printed.splitlines():
            if line.startswith("case "):
                case = int(line.split()[1])
            elif line.startswith(": "):
                faults[case] = line[2:]
        reached = int(progress.read_text())
        if reached < len(cases) or outcome.memory > 3:
            faults[min(reached, len(cases) - 1)] = outcome.fault((0, 70)) or "ended early"
        first = reached + 1
    return faults
