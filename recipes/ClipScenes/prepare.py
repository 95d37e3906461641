"""Compose labelled scenes from folders of one-person clips.

    python recipes/ClipScenes/prepare.py CLIPS... OUT [--people p01 p02 ...] [--licence CC-BY-4.0] [--scenes 4] [--seed 0]

CLIPS holds videos and `manifest.csv` with the columns `file, person` (others are ignored, except that rows
whose `scene` is given and is not "one person" are left out). OUT gets, per scene, an mp4, an RTTM with the
turns, and a JSON file with the truth.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.errors import ManifestError
from pins_plugin.inference.voice_activity import find_speech
from pins_plugin.simulation.composed.compose import compose_scene
from pins_plugin.simulation.composed.conversation import plan_conversation
from pins_plugin.simulation.composed.deck import MIN_SILENCE, Clip, Deck
from pins_plugin.simulation.composed.noise import NOISES, RATIOS, make_noise, mix
from pins_plugin.simulation.composed.plans import (
    level_voices,
    offset_clips,
    plan_dubbed,
    plan_long,
    plan_photographs,
    plan_reaction,
    plan_side_by_side,
    plan_turns,
    plan_voice_over,
    shrink_faces,
)
from pins_plugin.simulation.composed.script import Recording
from pins_plugin.tracking.detector import FaceDetector
from pins_plugin.utils.files import read_table
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

FIRST_KINDS = ("turns", "side_by_side_2", "side_by_side_4", "off_screen", "shifted")
KINDS = (
    *FIRST_KINDS,
    "off_screen_silent",
    "overlap",
    "listener",
    "reaction",
    "dubbed",
    "offsets",
    "small",
    "noisy",
    "photographs",
)
DRAWN = (*KINDS[:-1], "long", "photographs")  # kinds by the number in the seed of their scenes
SHIFTS = (-0.32, -0.2, 0.2, 0.32)  # seconds
FRAME_RATES = (12, 15, 24, 25, 30, 50, 60)  # Hz, of `small`


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("clips", type=Path, nargs="+", help="folders of clips with manifest.csv")
    parser.add_argument("out", type=Path, help="folder for the scenes")
    parser.add_argument("--people", nargs="+", help="use these people only (default: all)")
    parser.add_argument(
        "--licence", help="use clips only whose `licence` holds this text, such as CC-BY-4.0"
    )
    parser.add_argument(
        "--kinds", nargs="+", choices=(*KINDS, "long"), help="default: all but long"
    )
    parser.add_argument("--scenes", type=int, default=4, help="scenes of each kind (default: 4)")
    parser.add_argument("--seconds", type=float, nargs=2, default=(8, 30), metavar=("MIN", "MAX"))
    parser.add_argument("--minutes", type=float, default=20, help="of a `long` file (default: 20)")
    parser.add_argument(
        "--edition",
        type=int,
        choices=(1, 2),
        default=2,
        help="1: eight turns of 1.6 to 5 s, three people a scene, stretches drawn blindly, as seeds 31 to 38 have",
    )
    parser.add_argument(
        "--min_rest",
        type=float,
        default=0.3,
        help="seconds of rest that a listener is made of; less where people hardly pause (default: 0.3)",
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    kinds = args.kinds or (FIRST_KINDS if args.edition == 1 else KINDS)
    clips = [
        clip for folder in args.clips for clip in read_clips(folder, args.people, args.licence)
    ]
    if args.edition == 2:
        clips = [listen_to(clip, args.min_rest) for clip in progress(clips, "listening to clips")]
    if "small" in kinds:
        detector = FaceDetector(min_face_size=40)
        clips = [measure_face(clip, detector) for clip in progress(clips, "measuring faces")]
    jobs = [(kind, index) for kind in kinds for index in range(args.scenes)]
    for kind, index in progress(jobs, "composing scenes"):
        path = args.out / f"{kind}_{index:02d}.mp4"
        if not path.with_suffix(".rttm").exists():  # written last
            deck = Deck(clips, np.random.default_rng([args.seed, DRAWN.index(kind), index]))
            deck = set_up(deck, kind, args)
            segments, recording, notes = plan(kind, deck, index)
            compose_scene(
                path,
                segments,
                find_speech=find_speech,
                recording=recording,
                kind=kind,
                notes=notes,
            )


def set_up(deck, kind, args):
    """Say how long scenes of one kind are, and of which turns."""
    if args.edition == 1:
        return replace(deck, lengths=(1.6, 5.0), blind_turns=8)
    if kind == "long":
        return replace(deck, seconds=60 * args.minutes)
    lengths = (2.0, 5.0) if kind == "reaction" else (1.0, 4.0) if kind == "overlap" else (0.7, 4.0)
    return replace(deck, seconds=deck.generator.uniform(*args.seconds), lengths=lengths)


def plan(kind, deck, index):
    """Draw the segments of scene number `index` of one kind, how it is recorded, and notes for its truth."""
    generator = deck.generator
    recording = Recording()
    if kind.startswith("side_by_side"):
        return plan_side_by_side(deck, int(kind[-1])), recording, {}
    if kind.startswith("off_screen"):
        return plan_voice_over(deck, silent=kind.endswith("silent")), recording, {}
    if kind == "listener":
        return plan_conversation(deck, 2 + index % 2), recording, {}
    if kind == "overlap":  # with listeners who rest, then with some who move their lips
        share = generator.uniform(0.2, 0.7)
        segments = plan_conversation(
            deck, 4 if index % 3 == 2 else 2, overlap=share, silent=index % 2 == 0
        )
        return level_voices(segments, deck), recording, {}
    if kind == "long":
        return plan_long(deck), recording, {}
    if kind == "photographs":
        return plan_photographs(deck, narrated=index % 2 == 1), recording, {}
    cast = draw_cast(deck)
    if kind == "dubbed":
        segments, dubbing = plan_dubbed(deck, cast.people)
        return segments, recording, {"dubbed": dubbing}
    if kind == "reaction":
        return plan_reaction(cast), recording, {}
    if kind in ("small", "noisy") and index % 2:
        segments = plan_side_by_side(cast, 2)
    else:
        segments = plan_turns(cast)
    if kind == "offsets":
        segments, offsets = offset_clips(segments, deck)
        return segments, recording, {"offsets": offsets}
    if kind == "shifted":
        return segments, replace(recording, sound_shift=float(generator.choice(SHIFTS))), {}
    if kind == "small":
        recording = Recording(
            frame_rate=float(FRAME_RATES[index % len(FRAME_RATES)]),
            quality=int(generator.integers(24, 37)),
            blur=float(generator.uniform(0.0, 1.2)),
        )
        notes = {name: getattr(recording, name) for name in ("frame_rate", "quality", "blur")}
        return shrink_faces(segments, deck), recording, notes
    if kind == "noisy":
        noise = NOISES[index % len(NOISES)]
        ratio = float(generator.uniform(*RATIOS[noise]))
        recording = replace(recording, add_noise=noise_under(noise, ratio, cast, deck))
        segments = level_voices(segments, deck)
        return segments, recording, {"noise": noise, "speech_over_noise": round(ratio, 1)}
    return segments, recording, {}


def draw_cast(deck):
    """Three people as in the first edition, or three to six."""
    number = 3 if deck.blind_turns else int(deck.generator.integers(3, 7))
    return deck.of(deck.draw_people(min(number, len(deck.people))))


def noise_under(kind, ratio, cast, deck):
    """Put noise under all voices; babble is that of people who take no part, where there are any."""
    strangers = sorted(set(deck.people) - set(cast.people)) or cast.people
    clips = [clip for clip in deck.clips if clip.person in strangers][:6]

    def add_noise(waveform):
        voices = [load_audio(clip.path) for clip in clips] if kind == "babble" else []
        return mix(waveform, make_noise(kind, len(waveform), deck.generator, voices), ratio)

    return add_noise


def listen_to(clip, min_rest):
    """Find when a clip's person speaks, how loud, and shorter pauses where they are asked for."""
    waveform = load_audio(clip.path)
    speech = find_speech(waveform)
    spoken = [waveform[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)] for a, b in speech]
    level = float(np.sqrt(np.mean(np.concatenate(spoken) ** 2))) if spoken else 0.0
    clip = clip._replace(speech=tuple(speech), level=level)
    if min_rest >= MIN_SILENCE:
        return clip
    closely = find_speech(waveform, min_silence=min_rest, min_speech=0.1, pad=0.0)
    edges = [0.0, *(side for region in closely for side in region), clip.duration - 0.04]
    pauses = zip(edges[::2], edges[1::2], strict=True)
    return clip._replace(pauses=tuple((a, b) for a, b in pauses if b - a >= min_rest))


def measure_face(clip, detector):
    """Find how high the face is in a clip's picture, in pixels."""
    image = next(iter_frames(clip.path, start=clip.duration / 2)).image
    (found,) = detector.detect(image[None])
    if len(found.boxes) == 0:
        return clip
    return clip._replace(face=float((found.boxes[:, 3] - found.boxes[:, 1]).max()))


def read_clips(folder: Path, people: list[str] | None, licence: str | None) -> list[Clip]:
    """List the one-person clips of a folder."""
    manifest = folder / "manifest.csv"
    rows = read_table(manifest, ManifestError, "a CSV with the columns file, person")
    rows = [row for row in rows if row.get("scene") in (None, "", "one person")]
    if people:
        rows = [row for row in rows if row["person"] in people]
    if licence:
        rows = [row for row in rows if licence in row.get("licence", "")]
    if not rows:
        raise ManifestError(f"{manifest}: lists no usable clip; expected rows with file and person")
    return [
        Clip(row["person"], folder / row["file"], probe_video(folder / row["file"]).duration)
        for row in rows
    ]


if __name__ == "__main__":
    run_script(main)
