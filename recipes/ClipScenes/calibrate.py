"""Learn the parameters of linking from scenes, and write them with what they were learnt on.

    python recipes/ClipScenes/calibrate.py SCENES... --out FOLDER [--confidence SCENES... | --folds 4]
        [--held SYNC PERSON... ] [--sync MODEL] [--activity MODEL] [--voice MODEL] [--model MODEL]

SCENES are folders that prepare.py or `pins simulate scenes` wrote. Their people must not be those that the results are
reported on. Lips look clearer in people whom the synchronizer was trained on than in others: for such people, `--held`
names a synchronizer that was trained without them (recipes/Sync/leave_one_out.py), and may be given several times. Each scene
is learnt from twice: as it is, and with lips that tell less, since few people to learn from are not everybody.
The confidence of links is fitted on people who taught nothing: those of the scenes of `--confidence`, or else groups of
people are left out in turn (`--folds`), which also tells how well it goes with people who were not learnt from. FOLDER gets
`parameters.json`, bound to the models by checksum, and `config.yaml`: it is the folder of a pipeline, for
`open_pipeline(FOLDER)`; or give it to `SpeakerFaceLinking(parameters=FOLDER)`.
"""

import json
import zlib
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from evaluate import find_scenes

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import PinsError
from pins_plugin.evaluation.linking import follow_links
from pins_plugin.evaluation.scene_truth import SceneTruth, lay_out, owner_of
from pins_plugin.inference.pretrained import folder_checksum
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.pipelines.active_speaker.synchrony import compare_track, is_usable
from pins_plugin.pipelines.linking.gathering import gather
from pins_plugin.pipelines.linking.hearing import STEP
from pins_plugin.pipelines.linking.learning import (
    LearningScene,
    fit_confidence,
    fit_lips,
    score,
    search,
    weaken_lips,
)
from pins_plugin.pipelines.linking.observation import Observation
from pins_plugin.pipelines.linking.parameters import FILE, LinkingParameters
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.pipelines.linking.read_out import confidence_features
from pins_plugin.pipelines.pyannote_host.pipeline_folder import CONFIG, PART
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

MODELS = {"sync": "sync", "activity": "visual_voice_activity", "voice": "voice_campplus"}


class Scene(NamedTuple):
    """What is heard and seen in a scene, with its truth."""

    learning: LearningScene
    seen: Observation
    truth: dict
    people: frozenset
    weakened: bool = False  # whether its lips tell less than they did


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("scenes", type=Path, nargs="+", help="folders of scenes to learn from")
    parser.add_argument("--confidence", type=Path, nargs="+", default=[], metavar="SCENES")
    parser.add_argument("--folds", type=int, default=4, help="groups of people left out (4)")
    parser.add_argument("--out", type=Path, required=True, help="folder for parameters.json")
    parser.add_argument("--held", nargs="+", action="append", default=[], metavar="SYNC PERSON")
    parser.add_argument("--model", default="face_voice", help="joint embedding")
    parser.add_argument("--sweeps", type=int, default=4, help="over all parameters (default: 4)")
    for part, name in MODELS.items():
        parser.add_argument(f"--{part}", default=name, help=f"model folder (default: {name})")
    args = parser.parse_args()
    models = {part: getattr(args, part) for part in MODELS}

    def make(parameters: LinkingParameters) -> SpeakerFaceLinking:
        return SpeakerFaceLinking(**models, model=args.model, parameters=parameters)

    held = {
        person: Synchronizer.from_hparams(source)
        for source, *people in args.held
        for person in people
    }
    groups: list[frozenset] = []
    if not args.confidence:  # before the work
        groups = plan_folds([read_people(path) for path in find_scenes(args.scenes)], args.folds)
    pipeline = make(LinkingParameters())
    scenes, others = (
        [
            scene
            for path in progress(find_scenes(folders), name)
            for scene in observe(pipeline, path, held)
        ]
        for folders, name in ((args.scenes, "scenes"), (args.confidence, "confidence"))
    )
    learnt, scores = learn(scenes, args.sweeps)
    origin = {
        "scenes": dict(Counter(scene.learning.kind for scene in scenes)),
        "folders": [folder.name for folder in args.scenes],
        "held": [[Path(source).name, *people] for source, *people in args.held],
        "score": scores,
    }
    if others:
        judged = judge_links(make(learnt), others)
        origin["confidence"] = [folder.name for folder in args.confidence]
    else:
        judged, origin["left_out"] = leave_out(scenes, groups, args.sweeps, make)
    confidence = fit_confidence(*map(np.array, zip(*judged, strict=True)))
    write_parameters(args.out, replace(learnt, confidence=confidence), models, origin)


def learn(scenes, sweeps) -> tuple[LinkingParameters, list[float]]:
    """Learn from scenes; also the score after each sweep."""
    known = [scene.learning for scene in scenes]
    weights, strength, offset = fit_lips([s.learning for s in scenes if not s.weakened])
    scores: list[float] = []

    def report(sweep: int, score: float, parameters: LinkingParameters) -> None:
        scores.append(round(score, 4))
        print(f"sweep {sweep}: {score:.4f}", flush=True)

    start = LinkingParameters(lips_weights=weights, lips_strength=strength, lips_offset=offset)
    return search(known, start, sweeps, report), scores


def plan_folds(meetings: list[frozenset], folds: int) -> list[frozenset]:
    """Groups of people to leave out in turn, given who is in each scene: whole circles that never meet, where there are enough."""
    circles: list[frozenset] = []
    for people in meetings:
        met = [circle for circle in circles if circle & people]
        circles = [circle for circle in circles if not circle & people]
        circles.append(people.union(*met))
    if len(circles) < folds:
        circles = [frozenset([person]) for person in sorted(frozenset().union(*meetings))]
    groups = [frozenset() for _ in range(min(folds, len(circles)))]
    for circle in sorted(circles, key=lambda circle: (-len(circle), min(circle))):
        smallest = min(range(len(groups)), key=lambda number: len(groups[number]))
        groups[smallest] |= circle
    for group in groups:
        if all(group & people for people in meetings):
            raise PinsError(
                f"--folds: expected scenes without {', '.join(sorted(group))}, got none; leave out fewer people at a time "
                "(more folds), give scenes of more people, or others for --confidence"
            )
    return groups


def leave_out(scenes, groups, sweeps, make) -> tuple[list[tuple], list[dict]]:
    """Learn without each group of people, judge the links of what they say; and their scores."""
    judged, scores = [], []
    for group in groups:
        theirs = [scene for scene in scenes if group & scene.people]
        learnt, _ = learn([scene for scene in scenes if not group & scene.people], sweeps)
        judged += judge_links(make(learnt), theirs, group)
        found = score([scene.learning for scene in theirs], learnt)
        scores.append({"people": sorted(group), "scenes": len(theirs), "score": round(found, 4)})
        print(f"left out {', '.join(sorted(group))}: {found:.4f}", flush=True)
    return judged, scores


def read_people(path: Path) -> frozenset:
    """Whoever speaks or is seen in a scene."""
    truth = SceneTruth(json.loads(path.read_text(encoding="utf-8")))
    return frozenset({turn[2] for turn in truth.turns} | {person for person, _ in truth.faces})


def observe(pipeline, path, held) -> list[Scene]:
    """See and hear one scene, with lips judged by synchronizers that do not know their people: as they are, and weakened."""
    truth = {"kind": "simulated", **json.loads(path.read_text(encoding="utf-8"))}
    seen = pipeline.observe(path.with_suffix(".mp4"), keep_crops=bool(held))
    faces = SceneTruth(truth).faces
    for track in seen.tracks if held else ():
        crop = seen.embeddings.crops.get(track.track)
        synchronizer = held.get(most_often(track, faces))
        if synchronizer is not None and crop is not None and is_usable(crop):
            seen.embeddings.curves[track.track] = compare_track(crop, seen.waveform, synchronizer)
    seen.embeddings.crops.clear()
    generator = np.random.default_rng(zlib.crc32(path.stem.encode()))
    curves = seen.embeddings.curves
    weaker = {name: weaken_lips(each, generator) for name, each in curves.items()}
    return [
        _gather(
            pipeline,
            replace(seen, embeddings=seen.embeddings._replace(curves=each)),
            truth,
            path,
            each is weaker,
        )
        for each in (curves, weaker)
    ]


def _gather(pipeline, seen, truth, path, weakened) -> Scene:
    """Bring what was seen and heard, and the truth, onto the decoder's steps."""
    tracks, evidence = gather(seen, pipeline.networks, pipeline.known)
    seeing = evidence.seeing
    steps = lay_out(SceneTruth(truth), tracks, seeing.people, len(seeing.visible), STEP)
    known = LearningScene(truth["kind"], evidence, *steps)
    return Scene(known, seen, truth, read_people(path), weakened)


def most_often(track, faces) -> str | None:
    """Whose face a track shows."""
    owners = Counter(
        owner_of(box.astype(float), {
            person: rows[0, 1:] for person, rows in faces if rows[0, 0] <= time <= rows[-1, 0]
        })
        for time, box in zip(track.times[::5], track.boxes[::5], strict=True)
    )  # fmt: skip
    return owners.most_common(1)[0][0]


def judge_links(pipeline, scenes, people=None) -> list[tuple[np.ndarray, bool, str, bool]]:
    """At each moment of speech (of `people`) that has a link: what `fit_confidence` is given.

    Confidences of the pipeline are quartiles of probabilities. Groups are `people`, or the folders of the scenes.
    """
    pairs = []
    for scene in scenes:
        group = ", ".join(sorted(people or ())) or str(scene.seen.path.parent)
        linked = LinkedVideo.from_links(pipeline.link(scene.seen).to_json())
        truth = SceneTruth(scene.truth)
        for turn, features in zip(linked.turns, confidence_features(linked.turns), strict=True):
            judged = follow_links(replace(linked, turns=[turn]), truth, people).judged
            pairs += [(features, right, group, scene.weakened) for _, right in judged]
    return pairs


def write_parameters(folder, parameters, models, origin) -> None:
    """Write parameters with the checksums of their models, and what they were learnt on."""
    write_json(
        folder / FILE,
        {
            "about": "Learnt by recipes/ClipScenes/calibrate.py",
            "learnt_on": origin,
            "models": {part: folder_checksum(source) for part, source in models.items()},
            "parameters": asdict(parameters),
        },
    )
    params = {**models, "parameters": f"{PART}."}
    pipeline = {"name": "pins_plugin.pipelines.SpeakerFaceLinking", "params": params}
    write_text(folder / CONFIG, yaml.safe_dump({"version": "4.0.0", "pipeline": pipeline}))


if __name__ == "__main__":
    run_script(main)
