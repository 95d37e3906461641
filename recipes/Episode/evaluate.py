"""Name the characters of an episode from one example each, and score faces and voices separately.

    pins simulate episode EPISODE --minutes 10 --seed 0
    python recipes/Episode/evaluate.py EPISODE [--out recipes/Episode/results.json]

The experiment on TV characters of Nagrani, Albanie, Zisserman, "Learnable PINs" (ECCV 2018, section 6): one labeled
example of each character, of the face, of the voice, or of both; then every face track and every turn gets a name.
`chance` gives one name to all; `bound` is the best that these tracks and these turns allow: each track named after whom it
mostly shows, each turn after who mostly speaks in it. The video is looked at once.
"""

import json
import shutil
import tempfile
from pathlib import Path

from pins_plugin.evaluation.characters import score_faces, score_voices
from pins_plugin.evaluation.linking import speech_time_correct
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.utils.files import write_json
from pins_plugin.utils.script import run_script, script_parser

EXAMPLES = {
    "one face and one voice each": ("*",),
    "one face each": ("*.png", "*.jpg"),
    "one voice each": ("*.wav",),
}
HEADERS = [
    "examples",
    "face tracks right",
    "time of faces right",
    "bound",
    "time of speech right",
    "on screen",
    "off screen",
    "bound",
    "speech at the right face",
]


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("episode", type=Path, help="folder with scene.mp4, scene.json and people/")
    parser.add_argument(
        "--examples",
        nargs="+",
        choices=list(EXAMPLES),
        default=list(EXAMPLES),
        help="which kinds of examples, each a line of the table (all)",
    )
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    args = parser.parse_args()
    truth = json.loads((args.episode / "scene.json").read_text(encoding="utf-8"))
    seen, scores = None, {}
    for name in args.examples:
        kinds = EXAMPLES[name]
        with tempfile.TemporaryDirectory() as folder:
            for kind in kinds:
                for path in (args.episode / "people").glob(kind):
                    shutil.copy(path, folder)
            pipeline = SpeakerFaceLinking(people=folder, quiet=False)
        seen = seen or pipeline.observe(args.episode / "scene.mp4")
        links = pipeline.link(seen).to_json()
        scores[name] = {
            "faces": score_faces(links, truth),
            "voices": score_voices(links, truth),
            "links": speech_time_correct(links, truth),
        }
        print(name, json.dumps(scores[name], indent=1))
    if args.out:
        write_json(args.out, table(scores, truth))


def table(scores: dict, truth: dict) -> dict:
    """What the results page shows."""
    any_scores = next(iter(scores.values()))
    settings = truth["settings"]
    chance = ["chance: one name for all", "", any_scores["faces"]["chance"], "",
              any_scores["voices"]["chance"], "", "", "", ""]  # fmt: skip
    rows = [row(name, each) for name, each in scores.items()] + [chance]
    return {
        "title": "Names of the characters of an episode",
        "about": f"{truth['duration'] / 60:.1f} minutes, {settings['characters']} simulated characters, "
        f"{any_scores['faces']['tracks']} face tracks, {any_scores['voices']['seconds']:.0f} s of speech, one example "
        "each from another day. Percent; one episode, so no interval.",
        "command": f"pins simulate episode EPISODE --minutes {settings['minutes']:g} --seed {settings['seed']}\n"
        f"python recipes/Episode/evaluate.py EPISODE --examples {' '.join(map(repr, scores))} --out recipes/Episode/results.json",
        "headers": HEADERS,
        "rows": [
            [cell if isinstance(cell, str) else f"{100 * cell:.1f}" for cell in each]
            for each in rows
        ],
    }


def row(name: str, scores: dict) -> list:
    """One line of the table."""
    faces, voices = scores["faces"], scores["voices"]
    return [
        name,
        faces["right_tracks"],
        faces["right"],
        faces["bound"],
        voices["right"],
        voices["on_screen"] or 0.0,
        voices["off_screen"] or 0.0,
        voices["bound"],
        scores["links"]["speech_time_correct"],
    ]


if __name__ == "__main__":
    run_script(main)
