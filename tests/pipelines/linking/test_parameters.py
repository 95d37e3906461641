"""Parameters of the decoder: learnt, complete, finite, and bound to their models."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from pins_plugin.errors import PinsError
from pins_plugin.inference.pretrained import folder_checksum
from pins_plugin.models.folder.model_folder import PRETRAINED
from pins_plugin.pipelines.linking.parameters import (
    FILE,
    NODE,
    SHIPPED,
    TUNABLE,
    LinkingParameters,
    load_diarization,
    load_parameters,
)
from pins_plugin.pipelines.linking.states import TRANSITIONS

MODELS = {"sync": "sync", "activity": "visual_voice_activity", "voice": "voice_campplus"}


def _write(folder: Path, **changes: object) -> Path:
    content = {
        "about": "for a test",
        "models": {part: folder_checksum(name) for part, name in MODELS.items()},
        "parameters": asdict(LinkingParameters()),
    }
    (folder / FILE).write_text(json.dumps({**content, **changes}))
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    values = {**asdict(LinkingParameters()), "lips": 0.123, "lips_strength": [1.5, 0.4]}
    found = load_parameters(_write(tmp_path, parameters=values), MODELS)
    assert (found.lips, found.lips_strength) == (0.123, (1.5, 0.4))
    assert LinkingParameters.from_dict(asdict(found)) == found


def test_those_that_ship_are_for_the_models_that_ship() -> None:
    assert isinstance(load_parameters(SHIPPED, MODELS), LinkingParameters)
    assert json.loads((SHIPPED / FILE).read_text())["about"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lips": math.nan}, "lips: expected a finite number, got nan"),
        ({"lips": math.inf}, "lips: expected a finite number"),
        ({"lips": True}, "lips: expected a finite number"),
        ({"lips": "1"}, "lips: expected a finite number, got '1'"),
        ({"lips": [1.0]}, "lips: expected a finite number"),
        ({"lips_strength": [1.0]}, "lips_strength: expected 2 finite numbers"),
        ({"lips_strength": [1.0, math.nan]}, "lips_strength: expected 2 finite numbers"),
        ({"magic": 1.0}, "unknown or missing: magic.*calibrate.py"),
        ({"lips": None, "voice": None}, "unknown or missing: lips, voice.*calibrate.py"),
    ],
)
def test_odd_parameters_are_named(tmp_path: Path, change: dict, message: str) -> None:
    values = {**asdict(LinkingParameters()), **change}
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(PinsError, match=message) as caught:
        load_parameters(_write(tmp_path, parameters=values), MODELS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", sorted(MODELS))
def test_parameters_of_another_model_are_refused_with_the_command(
    tmp_path: Path, part: str
) -> None:
    models = {**{name: folder_checksum(model) for name, model in MODELS.items()}, part: "0" * 16}
    message = f"another model for {part} .*calibrate.py SCENES --{part} MODEL"
    with pytest.raises(PinsError, match=message):
        load_parameters(_write(tmp_path, models=models), MODELS)
    others = {name: model for name, model in MODELS.items() if name != part}
    load_parameters(tmp_path, others)  # a model that is not used need not fit


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"parameters": 3, "models": 4}'])
def test_a_folder_without_parameters_names_the_command(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with pytest.raises(PinsError, match=r"no parameters of linking.*calibrate\.py"):
        load_parameters(tmp_path, MODELS)


def test_every_weight_that_is_looked_up_is_a_parameter() -> None:
    names = set(asdict(LinkingParameters()))
    assert {*NODE, *TRANSITIONS, *TUNABLE} <= names
    assert all(low < high for low, high in TUNABLE.values())
    assert PRETRAINED in SHIPPED.parents


@pytest.mark.parametrize("name", sorted(TUNABLE))
def test_what_ships_lies_where_it_may_be_tuned(name: str) -> None:
    low, high = TUNABLE[name]
    assert low <= getattr(load_parameters(SHIPPED, MODELS), name) <= high


def test_names_of_the_last_version_are_read(tmp_path: Path) -> None:
    values = asdict(LinkingParameters())
    del values["min_gain"]
    settings = {"settings": {"least_gain": 2.5}}
    folder = _write(tmp_path, parameters={**values, "least_gain": 1.5}, diarization=settings)
    assert load_parameters(folder, MODELS).min_gain == 1.5
    assert load_diarization(folder)[1].min_gain == 2.5
