"""Score the linking of composed scenes, beside simple ways to link.

    python recipes/ClipScenes/evaluate.py SCENES... [--out RESULTS] [--without sync ...] [--model FOLDER]
        [--turns NAME=FOLDER ...] [--network NAME=FILE.onnx ...] [--kinds off_screen ...]
        [--beside joint ...] [--groups people.csv]

SCENES are folders that prepare.py or `pins simulate scenes` wrote, such as one for each seed. For each kind of
scene: the share of speech time that is linked to the right face, or rightly to nobody, with its 95 % interval
(bootstrap over people); how many of the faces that speak are found, one at a time and several at once, and how often a face
that is named speaks (precision); what is lost to which cause; errors of the speaker turns (pyannote.metrics, no
collar), split into missed, false alarm and confusion; and how often links of each confidence are right. Turns are those of
the truth (`given`) or found. Writes RESULTS/results.json and RESULTS/results.md.

`--turns` adds turns that another program found, FOLDER/SCENES/SCENE.rttm, linked to the largest face and by presence.
`--network` adds a published active-speaker network (see `inference.active_speaker_network`): whichever faces
it scores above zero speak, or (`best face`) the one of the highest score.
`--beside joint` links the same scenes a second time without that evidence, so that its share is seen. With `--groups`, a table
person,group, the moments in which a voice could be taken for another's are scored apart: the speaker off screen or beside others,
of whom one is of the same group, or none is.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from scene_groups import part_turns, read_groups
from scene_tables import format_report

from pins_plugin.cli.link import choose_evidence
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.baselines import (
    by_chance,
    by_presence,
    by_score,
    largest_face,
    link_by_network,
    link_turns,
)
from pins_plugin.evaluation.link_scores import Tally
from pins_plugin.evaluation.mouth_motion import MouthMotion
from pins_plugin.inference.active_speaker_network import ActiveSpeakerNetwork
from pins_plugin.pipelines.diarization.rttm import choose_turns
from pins_plugin.pipelines.linking.builtin import diarize
from pins_plugin.pipelines.linking.parameters import load_diarization
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE
from pins_plugin.tracking.crops import iter_crops
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

KEPT = ("first_generation.json", "baselines.json")  # of systems that are gone, or take long
RESULTS = Path(__file__).with_name("results")


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("scenes", type=Path, nargs="+", help="folders of scenes")
    parser.add_argument("--out", type=Path, help="folder for results.json and results.md")
    parser.add_argument("--without", nargs="+", default=[], help="evidence not to use")
    parser.add_argument("--kinds", nargs="+", help="kinds of scenes (default: all)")
    parser.add_argument("--beside", nargs="+", default=[], help="link without this evidence, too")
    parser.add_argument("--groups", type=Path, help="table person,group")
    parser.add_argument("--model", help="joint embedding of faces and voices, as evidence")
    parser.add_argument("--turns", nargs="+", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--network", nargs="+", default=[], metavar="NAME=FILE")
    args = parser.parse_args()
    evidence = choose_evidence(EVIDENCE, args.without)
    pipeline = SpeakerFaceLinking(evidence=evidence, model=args.model)
    others = {
        f"without {name}": SpeakerFaceLinking(
            evidence=choose_evidence(evidence, [name]), model=args.model
        )
        for name in args.beside
    }
    networks = {
        name: ActiveSpeakerNetwork.from_file(path) for name, path in _pairs(args.network).items()
    }
    groups = read_groups(args.groups) if args.groups else {}
    scenes = find_scenes(args.scenes, args.kinds)
    report = evaluate(scenes, pipeline, _pairs(args.turns), networks, others, groups)
    names = [folder.name for folder in args.scenes]
    add_kept(report, names)
    text = "\n\n".join(f"Turns {name}:\n\n{format_report(each)}" for name, each in report.items())
    print(text)
    if args.out:
        write_json(args.out / "results.json", {"scenes": names, "evidence": evidence, **report})
        write_text(args.out / "results.md", f"# Composed scenes: {', '.join(names)}\n\n{text}\n")


def evaluate(
    scenes: list[Path],
    pipeline: SpeakerFaceLinking,
    other_turns: Mapping[str, str],
    networks: Mapping[str, Callable],
    others: Mapping[str, SpeakerFaceLinking],
    groups: Mapping[str, str],
) -> dict:
    """Link every scene in every way, with given and with found turns, and score it."""
    tallies = {"given": Tally(), "found": Tally()}
    parted = {f"{name}, by group": Tally() for name in tallies} if groups else {}
    for path in progress(scenes, "scenes"):
        truth = {"kind": "simulated", **json.loads(path.read_text(encoding="utf-8"))}
        given = choose_turns(path.with_suffix(".rttm"), truth.get("uri", path.stem))
        seen = pipeline.observe(path.with_suffix(".mp4"), keep_crops=True)
        heard = diarize_audio(seen.waveform)
        heard.uri = given.uri
        results = link_twice(pipeline, seen, given)
        beside = {name: link_twice(other, seen, given) for name, other in others.items()}
        looks = look_at_faces(path.with_suffix(".mp4"), seen, networks)
        for name, turns in (("given", given), ("found", heard)):
            links = {"pins": results[name].to_json()}
            links |= {other: both[name].to_json() for other, both in beside.items()}
            linked = dict(links)
            links |= link_simply(links["pins"], turns, looks, scene_name(path))
            found = {"sound only": turns, "pins": results[name].speakers}
            if name == "found":
                links |= link_others(links["pins"], path, given.uri, other_turns, found)
            tallies[name].add(given, found, links, truth)
            for part in part_turns(truth, groups).values() if groups else ():
                parted[f"{name}, by group"].add(given, {}, linked, part)
    return {name: tally.report() for name, tally in (tallies | parted).items()}


def diarize_audio(waveform):
    """The built-in diarization by audio alone; links are of speech, so longer pauses stay nobody's."""
    return diarize(waveform, settings=replace(load_diarization()[1], longest_pause=0.4))


def link_twice(pipeline, seen, given):
    """Results with given and with found turns."""
    return {"given": pipeline.link(replace(seen, turns=given)), "found": pipeline.link(seen)}


class Looks(NamedTuple):
    """What faces do, by a simple measure and by networks of others."""

    motion: MouthMotion
    scores: dict[str, dict]  # of each network, times and values by track


def look_at_faces(video, seen, networks) -> Looks:
    """How well each face's mouth moves with the sound, and what networks make of it."""
    scores: dict[str, dict] = {name: {} for name in networks}
    for track, crop in iter_crops(video, seen.tracks if networks else (), ("face",)):
        for name, network in networks.items():
            each = network(crop, seen.waveform)
            scores[name][track] = (each.times, each.scores)
    mouths = {track: (crop.times, crop.lips) for track, crop in seen.embeddings.crops.items()}
    return Looks(MouthMotion(mouths, seen.waveform), scores)


def link_simply(links, turns, looks, place) -> dict:
    """The simple ways, with the same faces (and turns)."""
    tracks, duration = LinkedVideo.from_links(links).tracks, links["duration"]
    ways = {
        "chance": by_chance(zlib.crc32("/".join(place).encode())),
        "largest face": largest_face,
        "motion": by_score(looks.motion.score),
    }
    linked = {name: link_turns(turns, tracks, duration, choose) for name, choose in ways.items()}
    for name, scores in looks.scores.items():
        linked[name] = link_by_network(scores, tracks, duration)
        best = link_by_network(scores, tracks, duration, one_at_a_time=True)
        linked[f"{name}, best face"] = best
    return linked


def link_others(links, path, uri, other_turns, found) -> dict:
    """Turns that other programs found, which are added to `found`."""
    tracks, duration = LinkedVideo.from_links(links).tracks, links["duration"]
    others = {}
    for name, folder in other_turns.items():
        turns = choose_turns(Path(folder, *scene_name(path)).with_suffix(".rttm"), uri)
        found[name] = turns
        for way, choose in (
            ("presence", by_presence(turns, tracks)),
            ("largest face", largest_face),
        ):
            others[f"{name}, {way}"] = link_turns(turns, tracks, duration, choose)
    return others


def add_kept(report, names) -> None:
    """Put kept numbers of other systems beside, where these very scenes were scored."""
    key = "+".join(sorted(names))
    for file in KEPT:
        kept = json.loads((RESULTS / file).read_text(encoding="utf-8"))
        for name, scores in kept["scenes"].get(key, {}).items():
            for kind, ways in scores["links"].items():
                if kind in report[name]["links"]:
                    found = {"first generation": ways} if "correct" in ways else ways
                    report[name]["links"][kind] |= found


def find_scenes(folders: list[Path], kinds: list[str] | None = None) -> list[Path]:
    """The truth of each scene, of some kinds where these are given."""
    return sorted(
        path
        for folder in folders
        for path in [*folder.glob("*.json"), *folder.glob("*/scene.json")]
        if path.with_suffix(".mp4").is_file() and (kinds is None or _kind(path) in kinds)
    )


def _kind(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8")).get("kind", "simulated"))


def scene_name(path: Path) -> tuple[str, str]:
    """Names of the folder of scenes and of the scene."""
    if path.name == "scene.json":
        return path.parts[-3], path.parts[-2]
    return path.parts[-2], path.stem


def _pairs(arguments: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (each.partition("=") for each in arguments)}


if __name__ == "__main__":
    run_script(main)
