"""The decoder's parameters: learnt from scenes by `recipes/ClipScenes/calibrate.py`, kept with what they were learnt on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pins_plugin.errors import PinsError
from pins_plugin.inference.pretrained import folder_checksum
from pins_plugin.pipelines.pyannote_host.host import current_names

SHIPPED = Path(__file__).resolve().parents[2] / "pretrained" / "speaker_face_linking"
FILE = "parameters.json"
NODE = ("counts", "speech", "one", "two", "lips", "talking", "others")
# Pixels, root of the area of a face: from here on size matters no more; chosen, not measured
CLEAR = 80.0

TUNABLE = {  # those that pyannote's optimizer may change, and within which bounds
    "lips": (0.01, 1.0),
    "talking": (0.0, 2.0),
    "voice": (0.01, 1.0),
    "shown": (-4.0, 4.0),
    "away": (-8.0, 1.0),
    "hidden": (-8.0, 1.0),
    "switches": (-10.0, 0.0),
    "uncertain": (0.0, 1.0),
}


@dataclass(frozen=True)
class LinkingParameters:
    """What decides how the decoder weighs evidence; each is a weight of a log-likelihood ratio or a log-probability.

    In `docs/method.md` each stands in its equation. The values here are where the search of `recipes/ClipScenes/calibrate.py`
    starts (those of lips are fitted first); nothing tells how they were found. Those that decide stand in `parameters.json` of
    the shipped pipeline, with what they were learnt on; `others`, `explanation_trust` and `uncertain` are in no search: chosen.
    """

    # How many the segmentation hears, whether somebody speaks by voice activity detection: weights; bias of one and of two
    # speakers; per step
    counts: float = 1.0
    speech: float = 1.0
    one: float = 0.0
    two: float = -1.0
    # Weights: of lips that fit the audio, of mouths that talk, of voices, of the voice sounding as the face looks, of
    # sources that other packages add
    lips: float = 0.2
    talking: float = 0.15
    voice: float = 0.1
    joint: float = 1.0
    others: float = 1.0
    # Who begins to speak: a face that is shown, by its size and by how many are shown
    shown: float = 0.0
    size: float = 0.5
    crowd: float = -0.5
    # Logarithm of the share of turns of faces that are away, and of voices that have no face, beside those of faces that
    # are shown, before anything is known of the file, and how many turns that counts for (`presence`); anybody, where
    # nobody is shown
    away: float = -4.5
    hidden: float = -5.3
    unseen: float = -2.5
    certainty: float = 20.0
    # Logarithm of the weight of each kind of change, per step (`states.TRANSITIONS`)
    starts: float = -2.5
    stops: float = -2.5
    switches: float = -3.5
    joins: float = -4.0
    leaves: float = -2.0
    changes: float = -6.0
    ease_cut: float = 1.0  # how much easier a change is at a cut
    ease_change: float = 2.0  # and where the segmentation hears one
    readable: float = 1.0  # log-odds that a person's lips can be read
    watchable: float = 2.0  # log-odds that it can be seen whether a mouth talks
    # And that a mouth which tells nothing seems to talk: where small or blurred, it seems to rest
    mouthing: float = 0.0
    small: float = 1.5  # by how much these fall with each halving of a face below `CLEAR` pixels
    lips_trust: float = 0.1  # part of an independent observation that each step of lips is
    talking_error: float = 0.2  # how often the sight of a mouth misleads, however clear it seems
    talking_gain: float = 2.0  # factor of its log-likelihood ratio before that
    lips_strength: tuple[float, ...] = (2.0, 0.5)  # median and spread, see `LipsModel`
    lips_offset: tuple[float, ...] = (0.0, 3.0, 0.1)  # center, spread, free, see `offset_prior`
    lips_weights: tuple[float, ...] = (-0.24, 3.27, 2.06, 2.23)  # bias, then of `lead_features`
    voice_session: float = 0.2  # see `VoiceModel.session`
    min_gain: float = 0.0  # of two groups of voices that become one, see `VoiceModel.cluster`
    label_trust: float = 1.0  # weight of given labels, beside voices
    explanation_trust: float = 0.2  # of evidence between explanations of a whole file
    # Of links: bias, factor of the posterior's logit, bias of a face that is shown, of somebody else speaking as well
    confidence: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0)
    uncertain: float = 0.45  # links of less confidence are called so; half of them are right, on the scenes chosen by

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], name: str = "parameters") -> "LinkingParameters":
        """Check plain data and take it over.

        Raises
        ------
        PinsError
            When a name is unknown or missing, or a value is no number.
        """
        kinds, values = {each.name: each.default for each in fields(cls)}, current_names(values)
        if set(values) != set(kinds):
            odd = sorted(set(values) ^ set(kinds))
            raise PinsError(
                f"{name}: expected the parameters {', '.join(kinds)}; unknown or missing: {', '.join(odd)}. "
                "Parameters of an earlier version are learnt anew by recipes/ClipScenes/calibrate.py"
            )
        checked: dict[str, Any] = {}
        for key, default in kinds.items():
            size = len(default) if isinstance(default, tuple) else None
            value = values[key]
            given = list(value) if size and isinstance(value, list | tuple) else [value]
            if len(given) != (size or 1) or not all(_is_number(each) for each in given):
                raise PinsError(
                    f"{name}: {key}: expected {size or 'a'} finite number{'s' if size else ''}, got {value!r}"
                )
            checked[key] = tuple(map(float, given)) if size else float(given[0])
        return cls(**checked)


AUDIO_TUNABLE = {  # of the diarization without faces, and within which bounds
    "counts": (0.0, 4.0),
    "one": (-2.0, 2.0),
    "two": (-4.0, 2.0),
    "voice": (0.01, 1.0),
    "switches": (-10.0, 0.0),
    "min_gain": (-30.0, 30.0),
    "longest_pause": (0.1, 2.0),
}


@dataclass(frozen=True)
class DiarizationSettings:
    """What is weighed otherwise where nothing but audio is known; see `LinkingParameters`."""

    one: float
    two: float
    voice: float
    switches: float
    min_gain: float
    longest_pause: float = 1.0  # seconds: shorter ones belong to the turn, as annotators have it
    counts: float = 1.0  # as in linking

    def apply_to(self, base: LinkingParameters) -> LinkingParameters:
        """The decoder's parameters."""
        chosen = asdict(self)
        del chosen["longest_pause"]
        return replace(base, **chosen)


def load_diarization(
    folder: str | Path = SHIPPED,
) -> tuple[LinkingParameters, DiarizationSettings]:
    """Read the parameters of linking, and those of the diarization without faces.

    The latter stand under `diarization`, `settings`; what is missing is as in linking.

    Raises
    ------
    PinsError
        When the file cannot be read, or a value is no number.
    """
    path = Path(folder) / FILE
    found = _read(path)
    base = LinkingParameters.from_dict(found["parameters"], str(path))
    own = current_names(found.get("diarization", {}).get("settings", {}))
    if not set(own) <= set(AUDIO_TUNABLE) or not all(map(_is_number, own.values())):
        raise PinsError(
            f"{path}: diarization: expected finite numbers for some of {', '.join(AUDIO_TUNABLE)}, got {own!r}; "
            "learn them anew by recipes/Diarization/learn_settings.py"
        )
    shared = {name: getattr(base, name) for name in AUDIO_TUNABLE if hasattr(base, name)}
    return base, DiarizationSettings(**(shared | own))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {**found, "parameters": found["parameters"], "models": dict(found["models"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PinsError(
            f"{path}: no parameters of linking ({error}); learn them by recipes/ClipScenes/calibrate.py"
        ) from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def load_parameters(folder: str | Path, models: Mapping[str, str]) -> LinkingParameters:
    """Read the `parameters.json` of a pipeline's folder.

    Raises
    ------
    PinsError
        When it cannot be read, or was learnt with others than the `models` (folder or name, by their part in the pipeline).
    """
    path = Path(folder) / FILE
    found = _read(path)
    parameters, learnt_with = found["parameters"], found["models"]
    for part, source in models.items():
        if learnt_with.get(part) != folder_checksum(source):
            raise PinsError(
                f"{path}: learnt with another model for {part} than the one to be used; weights of evidence "
                f"belong to their models. Learn them anew: python recipes/ClipScenes/calibrate.py SCENES "
                f"--{part} MODEL --out FOLDER, and give parameters=FOLDER"
            )
    return LinkingParameters.from_dict(parameters, str(path))
