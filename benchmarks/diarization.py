"""Diarization error of the built-in diarization, and where it comes from, beside pyannote's pipeline, doing nothing and one speaker.

  python benchmarks/diarization.py FOLDER... [--out benchmarks/results/diarization.json]

FOLDER holds sound or video with RTTM files, which name them or lie beside them (as scenes do). The sample that
pyannote.audio carries is scored as well. Errors by pyannote.metrics in percent of the speech: missed, false alarm,
confusion of speakers and their sum, then with a collar of 0.25 s around each border, without the speech that overlaps,
and without both.

pyannote's SpeakerDiarization has the same segmentation 3.0 and our voices, and agglomerative clustering
(recipes/ClipScenes/sound_only.py). Rows that look at the truth tell the parts of the error: with the number of speakers
given, the segmentation whose local speakers are named by the truth (the floor of whatever takes them as units), and the best
that one voice at a time can have.
"""

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyannote.audio
import torch
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate
from scipy.optimize import linear_sum_assignment
from tables import make_parser, publish

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization.rttm import read_rttm
from pins_plugin.pipelines.diarization.segmentation import (
    FRAME_STEP,
    MEMBERSHIP,
    Segmentation,
    segment,
)
from pins_plugin.pipelines.diarization.voices import find_voice_scatter, load_voice_encoder
from pins_plugin.pipelines.linking.builtin import WINDOW_STEP, diarize
from pins_plugin.pipelines.linking.parameters import FILE, SHIPPED
from pins_plugin.utils.progress import progress

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "recipes" / "ClipScenes"))
from sound_only import build_pipeline

SAMPLE = Path(pyannote.audio.__file__).parent / "sample"
PARTS = ("missed detection", "false alarm", "confusion")
COLLARS = (0.0, 0.5)  # seconds in all: pyannote.metrics counts both sides
ABOUT = (
    "Percent of the speech; stretches of half a minute, so that single turns weigh much. Settings of sound alone: learnt on {}; "
    "all other weights are linking's, and a pause up to 1 s belongs to a turn as annotators have it. "
    "The segmentation, which both systems share, was trained by its authors on AMI among others, so that these numbers are "
    "not of a corpus that it never met. pyannote: SpeakerDiarization of segmentation 3.0, our voices and AgglomerativeClustering."
)
MEDIA = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".mp4")


def main() -> None:
    """Diarize, score, print."""
    parser = make_parser(__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="sound or video with RTTM")
    args = parser.parse_args()
    encoder, pipeline = load_voice_encoder(), build_pipeline()
    rows = []
    for folder in (*args.folders, SAMPLE):
        guesses: dict[str, list[tuple[Annotation, Annotation, float]]] = {}
        files = find_files(folder)
        for reference, path in progress(files, folder.name):
            waveform = load_audio(path)
            length = len(waveform) / SAMPLE_RATE
            for system, turns in guess_turns(waveform, reference, encoder, pipeline).items():
                guesses.setdefault(system, []).append((reference, turns, length))
        rows += [[f"{folder.name}, {len(files)}", name, *score(of)] for name, of in guesses.items()]
    publish(
        args.out,
        ["files", "system", *PARTS, "DER", "no overlap", "collar", "collar, no overlap"],
        rows,
        title="Diarization",
        about=ABOUT.format(read_origin()),
        command=" ".join(
            ["python benchmarks/diarization.py", *(each.name for each in args.folders)]
        ),
    )


def read_origin() -> str:
    """What the settings of sound alone were learnt on."""
    kept = json.loads((SHIPPED / FILE).read_text(encoding="utf-8"))
    return str(kept.get("diarization", {}).get("learnt_on", "nothing of their own"))


def find_files(folder: Path) -> list[tuple[Annotation, Path]]:
    """Reference and path of each file that an RTTM file in the folder names, or that lies beside it."""
    files = []
    for rttm in sorted(folder.rglob("*.rttm")):
        for uri, reference in read_rttm(rttm).items():
            paths = [rttm.with_name(stem + end) for stem, end in product((uri, rttm.stem), MEDIA)]
            found = [path for path in paths if path.exists()]
            if not found:
                raise MediaError(
                    f"{rttm.parent}: has no sound file of {uri}, which {rttm.name} names"
                )
            files.append((reference, found[0]))
    if not files:
        raise MediaError(f"{folder}: expected a folder with RTTM files and their sound, got none")
    return files


def guess_turns(
    waveform: NDArray[np.float32], reference: Annotation, encoder: torch.nn.Module, pipeline: Any
) -> dict[str, Annotation]:
    """What each system says, by name."""
    one, best = Annotation(), Annotation()
    one[Segment(0, len(waveform) / SAMPLE_RATE)] = "somebody"
    for turn, _, label in reference.itertracks(yield_label=True):
        for free in Timeline([turn]).extrude(best.get_timeline()):
            best[free] = label
    scatter, segmentation = find_voice_scatter(), segment(waveform, step=WINDOW_STEP)
    turns = diarize(waveform, encoder, scatter, segmentation=segmentation)
    counted = diarize(
        waveform,
        encoder,
        scatter,
        segmentation=segmentation,
        num_speakers=len(reference.labels()),
    )
    sound = {"waveform": torch.from_numpy(waveform)[None], "sample_rate": SAMPLE_RATE}
    found = pipeline(sound)
    return {
        "nothing": Annotation(),
        "one person all the time": one,
        "one person whenever there is speech": turns.rename_labels(
            dict.fromkeys(turns.labels(), "somebody")
        ),
        "built-in": turns,
        "built-in, number of speakers given": counted,
        "pyannote": getattr(found, "speaker_diarization", found),
        "segmentation, local speakers named by the truth": name_by_truth(segmentation, reference),
        "best of one voice at a time": best,
    }


def name_by_truth(segmentation: Segmentation, reference: Annotation) -> Annotation:
    """Turns of the segmentation, each local speaker of a window being the true speaker whom it meets most."""
    labels, num_frames = reference.labels(), segmentation.num_frames
    times = segmentation.times[:, None]
    truth = np.zeros((num_frames, len(labels)))
    for turn, _, label in reference.itertracks(yield_label=True):
        truth[:, labels.index(label)] += ((times >= turn.start) & (times < turn.end))[:, 0]
    active, number, weight = np.zeros_like(truth), np.zeros(num_frames), np.zeros(num_frames)
    for window, log_posteriors in enumerate(segmentation.log_posteriors):
        frames, share = segmentation.frames_of(window), segmentation.edge_weights(window)
        heard = MEMBERSHIP[log_posteriors[: frames.stop - frames.start].argmax(axis=1)]
        for who, local in zip(*linear_sum_assignment(-truth[frames].T @ heard), strict=True):
            active[frames, who] += share * heard[:, local]
        number[frames] += share * heard.sum(axis=1)
        weight[frames] += share
    ranks = np.argsort(np.argsort(-active, axis=1, kind="stable"), axis=1, kind="stable")
    said = (ranks < np.rint(number / weight)[:, None]) & (active > 0)
    turns = Annotation()
    for who, label in enumerate(labels):
        for frame in np.flatnonzero(said[:, who]):
            start = segmentation.times[frame] - FRAME_STEP / 2
            turns[Segment(start, start + FRAME_STEP), label] = label
    return turns.support(FRAME_STEP / 2)


def score(scored: list[tuple[Annotation, Annotation, float]]) -> list[str]:
    """Parts of the error and its sum, then without overlap, with a collar, and with a collar without overlap."""
    sums = []
    for collar, skip_overlap in product(COLLARS, (False, True)):
        metric = DiarizationErrorRate(collar=collar, skip_overlap=skip_overlap)
        for reference, turns, length in scored:
            metric(reference, turns, uem=Timeline([Segment(0, length)]))
        if not sums:
            sums = [metric[part] / metric["total"] for part in PARTS]
        sums.append(abs(metric))
    return [f"{100 * value:.1f}" for value in sums]


if __name__ == "__main__":
    main()
