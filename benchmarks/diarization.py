"""Diarization error on real meetings: the built-in diarization beside doing nothing and one speaker.

  python benchmarks/diarization.py AMI [--out docs/results/diarization.json]

AMI is a folder of sound files with one RTTM file for all. The sample that pyannote.audio carries is scored as well.
Errors by pyannote.metrics in percent of the speech, all speech counted (also where people speak at once): missed,
false alarm, confusion of speakers, and their sum without and with a collar of 0.25 s around each border.
"""

import argparse
from pathlib import Path

import pyannote.audio
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from pins_plugin.data.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization import diarize
from pins_plugin.pipelines.rttm import read_rttm
from pins_plugin.pipelines.voices import load_voice_encoder
from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress

SAMPLE = Path(pyannote.audio.__file__).parent / "sample"
PARTS = ("missed detection", "false alarm", "confusion")
COLLAR = 0.5  # seconds in all: pyannote.metrics counts both sides
SOUNDS = (".wav", ".flac", ".mp3", ".m4a", ".ogg")


def main() -> None:
    """Diarize, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ami", type=Path, help="folder of sound files and one RTTM file")
    parser.add_argument("--out", type=Path, help="JSON file for the table")
    args = parser.parse_args()
    encoder = load_voice_encoder()
    rows = []
    for name, folder in (("AMI", args.ami), ("pyannote.audio's sample", SAMPLE)):
        files = find_files(folder)
        found = [
            (reference, length, diarize(waveform, encoder))
            for reference, length, waveform in progress(files, name)
        ]
        for system, guess in SYSTEMS.items():
            scored = [
                (reference, guess(turns, length), length) for reference, length, turns in found
            ]
            rows.append([f"{name}, {len(files)} files", system, *score(scored)])
    headers = ["files", "system", *PARTS, "DER", "DER with collar"]
    print(format_table(headers, rows))
    if args.out:
        result = {
            "title": "Diarization of real meetings",
            "about": "Percent of the speech; half-minute stretches, so that single turns weigh much. 2 CPU cores.",
            "command": "python benchmarks/diarization.py AMI",
            "headers": headers,
            "rows": rows,
        }
        write_json(args.out, result)


def find_files(folder: Path) -> list:
    """Reference, seconds and waveform of each file that the folder's RTTM names."""
    (rttm,) = folder.glob("*.rttm")
    files = []
    for uri, reference in read_rttm(rttm).items():
        paths = [path for path in folder.glob(f"{uri}.*") if path.suffix in SOUNDS]
        if not paths:
            raise MediaError(f"{folder}: has no sound file of {uri}, which {rttm.name} names")
        waveform = load_audio(paths[0])
        files.append((reference, len(waveform) / SAMPLE_RATE, waveform))
    return files


def nothing(turns: Annotation, length: float) -> Annotation:
    """Nobody speaks."""
    return Annotation()


def always_one(turns: Annotation, length: float) -> Annotation:
    """One person speaks from beginning to end."""
    one = Annotation()
    one[Segment(0, length)] = "somebody"
    return one


def one_speaker(turns: Annotation, length: float) -> Annotation:
    """Whatever is speech is one person's."""
    return turns.rename_labels(dict.fromkeys(turns.labels(), "somebody"))


def built_in(turns: Annotation, length: float) -> Annotation:
    """What `pins diarize` says."""
    return turns


SYSTEMS = {
    "nothing": nothing,
    "one person all the time": always_one,
    "one person whenever there is speech": one_speaker,
    "built-in": built_in,
}


def score(scored: list[tuple[Annotation, Annotation, float]]) -> list[str]:
    """Parts of the error and its sum, without and with a collar, in percent."""
    plain, generous = DiarizationErrorRate(), DiarizationErrorRate(collar=COLLAR)
    for reference, turns, length in scored:
        extent = Timeline([Segment(0, length)])
        plain(reference, turns, uem=extent)
        generous(reference, turns, uem=extent)
    parts = [100 * plain[part] / plain["total"] for part in PARTS]
    return [f"{x:.1f}" for x in (*parts, 100 * abs(plain), 100 * abs(generous))]


if __name__ == "__main__":
    main()
