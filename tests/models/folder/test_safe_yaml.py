"""A stranger's YAML builds allowed modules and nothing else."""

import pytest
import torch

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.module_registry import ModuleSpec, build_module
from pins_plugin.models.folder.safe_yaml import dump_yaml, load_yaml


def test_module_is_built_from_its_arguments() -> None:
    values = load_yaml(
        "face_encoder: !new:pins_plugin.models.compact.CompactFaceEncoder\n  embedding_dim: 8\n"
    )
    assert values["face_encoder"] == ModuleSpec(
        "pins_plugin.models.compact.CompactFaceEncoder", {"embedding_dim": 8}
    )
    assert build_module(values["face_encoder"])(torch.rand(2, 3, 64, 64)).shape == (2, 8)


def test_formatted_text_parses_to_the_same() -> None:
    values = {
        "name": "Zoë: a test",
        "sizes": [1, 2.5, None, True],
        "head": ModuleSpec("torch.nn.Linear", {"in_features": 2, "out_features": 3}),
    }
    assert load_yaml(dump_yaml(values)) == values


def test_formatting_refuses_what_is_not_plain() -> None:
    with pytest.raises(ModelFolderError, match="plain"):
        dump_yaml({"weights": torch.zeros(2)})


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['true']",
        "a: !!python/name:os.system",
        "a: !new:os.system {command: 'true'}",
        "a: !new:subprocess.Popen {args: ['true']}",
        "a: !new:torch.hub.load {repo_or_dir: x, model: y}",
        "a: !new:torch.load {f: x}",
        "a: !apply:os.system ['true']",
        "a: !name:os.system {}",
        "a: !module:os",
        "a: !include:/etc/passwd",
        "a: !new:pins_plugin.models.folder.model_folder.load_model_folder {folder: x}",
        "a: !new:pins_plugin.models.folder.model_folder.Path {}",
        "a: !new:pins_plugin.models.compact.nn.Linear {in_features: 1, out_features: 1}",
        "a: !new:pins_plugin.models.compact.BatchNorm.forward.__globals__ {}",
        "a: !new:pins_plugin.models...os.system {}",
        "a: !new:pins_plugin.models.nothing.Encoder {}",
        "a: !new:pins_plugin.models.compact.Absent {}",
        "a: !new:torch.nn.Linear [1, 2]",
        "a: &x [1]\nb: *x",
        "a: {in: !new:os.system {}}",
        "a: !new:torch.nn.Linear {in_features: !new:os.system {}}",
        "a: !new:torch.nn.Linear {in_features: 10000000000, out_features: 1}",
        "a: .nan",
        "a: .inf",
        "a: 0001-01-01 00:00:00 +23:59",
        "a: !!int ''",
        "a: !!bool perhaps",
        "a: !!timestamp x",
        "a: 2026-01-01",
        "1: a",
        "? [a, b]\n: 1",
        "a: [1",
        "a: b: c",
        "\tx",
        "a: " + "[" * 5000,
    ],
)
def test_hostile_or_broken_yaml_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ModelFolderError) as caught:
        load_yaml(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"in_features": 2},
        {"in_features": -1, "out_features": 2},
        {"in_features": "x", "out_features": 2},
        {"in_features": 2, "out_features": 2, "weights": "/etc/passwd"},
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict) -> None:
    with pytest.raises(ModelFolderError, match="cannot be built"):
        build_module(ModuleSpec("torch.nn.Linear", arguments))
