"""Learn the parameters of linking from scenes, and write them with what they were learnt on.

    python recipes/ClipScenes/calibrate.py SCENES... --confidence SCENES... --out FOLDER
        [--held SYNC PERSON... ] [--sync MODEL] [--activity MODEL] [--voice MODEL] [--model MODEL]

SCENES are folders that prepare.py or `pins simulate scenes` wrote. Their people must not be those that the results are
reported on. Lips look clearer in people whom the synchronizer was trained on than in others: for such people, `--held`
names a synchronizer that was trained without them (recipes/Sync/leave_one_out.py), and may be given several times.
The confidence of links is fitted on the scenes of `--confidence`, whose people teach nothing else. FOLDER gets
`parameters.json`; give it to `SpeakerFaceLinking(parameters=FOLDER)`.
"""

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from evaluate import find_scenes

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.linking import follow_links
from pins_plugin.evaluation.scene_steps import lay_out
from pins_plugin.evaluation.scene_truth import SceneTruth, owner_of, true_faces
from pins_plugin.inference.pretrained import folder_checksum
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.pipelines.active_speaker.synchrony import compare_track, is_usable
from pins_plugin.pipelines.linking.hearing import STEP
from pins_plugin.pipelines.linking.learning import (
    LearningScene,
    fit_confidence,
    fit_lips,
    search,
)
from pins_plugin.pipelines.linking.parameters import FILE, LinkingParameters
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress

MODELS = {"sync": "sync", "activity": "visual_voice_activity", "voice": "voice_campplus"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=Path, nargs="+", help="folders of scenes to learn from")
    parser.add_argument("--confidence", type=Path, nargs="+", required=True, metavar="SCENES")
    parser.add_argument("--out", type=Path, required=True, help="folder for parameters.json")
    parser.add_argument("--held", nargs="+", action="append", default=[], metavar="SYNC PERSON")
    parser.add_argument("--model", default="face_voice", help="joint embedding")
    parser.add_argument("--sweeps", type=int, default=4, help="over all parameters (default: 4)")
    for part, name in MODELS.items():
        parser.add_argument(f"--{part}", default=name, help=f"model folder (default: {name})")
    args = parser.parse_args()
    models = {part: getattr(args, part) for part in MODELS}
    pipeline = SpeakerFaceLinking(**models, model=args.model, parameters=LinkingParameters())
    held = {
        person: Synchronizer.from_hparams(source)
        for source, *people in args.held
        for person in people
    }
    scenes = [
        observe(pipeline, path, held) for path in progress(find_scenes(args.scenes), "scenes")
    ]
    weights, strength, offset = fit_lips(scenes)
    start = LinkingParameters(lips_weights=weights, lips_strength=strength, lips_offset=offset)
    scores: list[float] = []

    def report(sweep: int, score: float, parameters: LinkingParameters) -> None:
        scores.append(round(score, 4))
        print(f"sweep {sweep}: {score:.4f}", flush=True)

    learnt = search(scenes, start, args.sweeps, report)
    pipeline = SpeakerFaceLinking(**models, model=args.model, parameters=learnt)
    confidence = fit_confidence(*judge_links(pipeline, find_scenes(args.confidence)))
    write_parameters(
        args.out,
        replace(learnt, confidence=confidence),
        models,
        {
            "scenes": dict(Counter(scene.kind for scene in scenes)),
            "folders": [folder.name for folder in args.scenes],
            "held": [[Path(source).name, *people] for source, *people in args.held],
            "score": scores,
            "confidence": [folder.name for folder in args.confidence],
        },
    )


def observe(pipeline, path, held) -> LearningScene:
    """See and hear one scene, with lips judged by synchronizers that do not know their people."""
    truth = {"kind": "simulated", **json.loads(path.read_text(encoding="utf-8"))}
    seen = pipeline.observe(path.with_suffix(".mp4"), keep_crops=True)
    faces = true_faces(truth)
    for track in seen.tracks:
        crop = seen.looks.crops.get(track.track)
        synchronizer = held.get(most_often(track, faces))
        if synchronizer is not None and crop is not None and is_usable(crop):
            seen.looks.curves[track.track] = compare_track(crop, seen.waveform, synchronizer)
    gathered = pipeline.gather(seen)
    seeing = gathered.evidence.seeing
    steps = lay_out(truth, gathered.tracks, seeing.people, len(seeing.visible), STEP)
    return LearningScene(
        truth["kind"], gathered.evidence, steps.speaking, steps.shown, steps.owners, steps.edges
    )


def most_often(track, faces) -> str | None:
    """Whose face a track shows."""
    owners = Counter(
        owner_of(box.astype(float), {
            person: rows[0, 1:] for person, rows in faces if rows[0, 0] <= time <= rows[-1, 0]
        })
        for time, box in zip(track.times[::5], track.boxes[::5], strict=True)
    )  # fmt: skip
    return owners.most_common(1)[0][0]


def judge_links(pipeline, paths) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of the link, and whether it is right, at each moment of speech that has one."""
    pairs = []
    for path in progress(paths, "confidence"):
        truth = json.loads(path.read_text(encoding="utf-8"))
        links = LinkedVideo.from_links(pipeline(path.with_suffix(".mp4")).to_json())
        pairs += follow_links(links, SceneTruth(truth)).judged
    return np.array([confidence for confidence, _ in pairs]), np.array(
        [right for _, right in pairs]
    )


def write_parameters(folder, parameters, models, origin) -> None:
    """Write parameters with the checksums of their models, and what they were learnt on."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(
        folder / FILE,
        {
            "about": "Learnt by recipes/ClipScenes/calibrate.py",
            "learnt_on": origin,
            "models": {part: folder_checksum(source) for part, source in models.items()},
            "parameters": parameters.to_dict(),
        },
    )


if __name__ == "__main__":
    main()
