"""Learn how the decoder weighs what it hears where nothing is seen, by the diarization error rate.

  python recipes/Diarization/learn_settings.py FOLDER... [--others FOLDER...] [--out settings.json]

FOLDERs hold sound or video with RTTM files beside them, of people and rooms to learn from: composed scenes
(recipes/ClipScenes), conversations and meetings (conversations.py, meetings.py --share learn). Each file is heard once; then one
setting after the other takes the value of the least error (mean of the folders, no collar, overlap scored), until none gets
better. With --others, folders of other people, a value must help on both: few people to learn from are not everybody. Start is
what ships. The result stands in pretrained/speaker_face_linking/parameters.json under "diarization".
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.pipelines.diarization.rttm import read_rttm
from pins_plugin.pipelines.diarization.segmentation import Segmentation, segment
from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model
from pins_plugin.pipelines.diarization.voices import find_voice_scatter, load_voice_encoder
from pins_plugin.pipelines.linking.builtin import WINDOW_STEP, listen, read_turns
from pins_plugin.pipelines.linking.counted import decode_within
from pins_plugin.pipelines.linking.parameters import DiarizationSettings, load_diarization
from pins_plugin.pipelines.linking.potentials import Evidence
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

VALUES = {
    "counts": (1.0, 1.7, 2.2, 3.0),
    "switches": (-7.0, -6.0, -5.0, -4.15),
    "two": (-0.5, 0.0, 0.25, 0.5),
    "one": (0.0, 0.2, 0.4, 0.6),
    "voice": (0.4, 0.5, 0.6, 0.8),
    "min_gain": (-10.0, 0.0, 10.0),
    "longest_pause": (0.6, 1.0, 1.5),
}
LEAST = 0.05  # percent of the speech, by which a change must help


class Heard(NamedTuple):
    """One file: what is heard, who truly speaks, and how long it is in seconds."""

    evidence: Evidence
    segmentation: Segmentation
    truth: Annotation
    duration: float


def hear_folder(folder: Path) -> list[Heard]:
    """Hear each file that has an RTTM file beside it."""
    encoder, scatter, model = load_voice_encoder(), find_voice_scatter(), load_segmentation_model()
    found = []
    for rttm in progress(sorted(folder.rglob("*.rttm")), folder.name):
        media = [path for end in (".wav", ".mp4") if (path := rttm.with_suffix(end)).exists()]
        truth = list(read_rttm(rttm).values())
        if media and len(truth) == 1:
            waveform = load_audio(media[0])
            segmentation = segment(waveform, model, WINDOW_STEP)
            evidence = listen(waveform, segmentation, encoder, scatter)
            duration = len(waveform) / SAMPLE_RATE
            found.append(Heard(evidence, segmentation, truth[0], duration))
    return found


def measure(folders: list[list[Heard]], settings: DiarizationSettings) -> float:
    """Mean of the folders' diarization error rates, in percent."""
    base, _ = load_diarization()
    rates = []
    for folder in folders:
        metric = DiarizationErrorRate()
        for each in folder:
            decoded = decode_within(settings.apply_to(base), each.evidence)
            turns = read_turns(
                decoded.said, each.segmentation, each.duration, settings.longest_pause
            )
            metric(each.truth, turns, uem=Timeline([Segment(0, each.duration)]))
        rates.append(100 * abs(metric))
    return float(np.mean(rates))


def learn(
    parts: list[list[list[Heard]]], start: DiarizationSettings
) -> tuple[DiarizationSettings, list[float]]:
    """Change one setting after the other where no part, a list of folders, gets worse; settings and rate of each part."""
    best, better = start, True
    least = [measure(folders, start) for folders in parts]
    print("start", *(f"{rate:.2f} %" for rate in least), flush=True)
    while better:
        better = False
        for name, values in VALUES.items():
            for value in values:
                if value == getattr(best, name):
                    continue
                tried = replace(best, **{name: value})
                rates = [measure(folders, tried) for folders in parts]
                print(f"{name} {value}:", *(f"{rate:.2f} %" for rate in rates), flush=True)
                gains = np.subtract(least, rates)
                if gains.min() > 0 and gains.mean() > LEAST:
                    best, least, better = tried, rates, True
    return best, least


def main() -> None:
    """Hear, learn, write."""
    parser = script_parser(__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="sound or video with RTTM")
    parser.add_argument("--others", type=Path, nargs="+", default=[], help="the same of others")
    parser.add_argument("--out", type=Path, help="JSON file for the settings")
    args = parser.parse_args()
    _, start = load_diarization()
    chosen = [part for part in (args.folders, args.others) if part]
    parts = [[hear_folder(folder) for folder in part] for part in chosen]
    settings, rates = learn(parts, start)
    told = "; of other people ".join(
        ", ".join(
            f"{len(heard)} files of {folder.name}"
            for folder, heard in zip(folders, part, strict=True)
        )
        + f": {rate:.1f} % diarization error rate"
        for folders, part, rate in zip(chosen, parts, rates, strict=True)
    )
    result = {
        "learnt_on": f"recipes/Diarization/learn_settings.py, {told}",
        "settings": asdict(settings),
    }
    print(result)
    if args.out:
        write_json(args.out, result)


if __name__ == "__main__":
    run_script(main)
