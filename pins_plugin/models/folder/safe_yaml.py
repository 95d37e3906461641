"""YAML of a model folder: data and a few known modules, never code.

The files look like SpeechBrain's (`!new:dotted.Class` with keyword arguments), but the loader knows that
tag only, and only classes of an explicit list. Anchors, function calls and imports are refused, so that a
stranger's model folder can be opened safely. References (`!ref <name>`) and the `pretrainer` are there for
SpeechBrain's own loader; ours reads past them and never follows or builds them.
"""

import importlib
import re
from dataclasses import dataclass
from typing import Any

import yaml
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.memory_budget import LARGEST_MODULE, MemoryBudget
from pins_plugin.moved import current_path
from pins_plugin.plugins import encoder_targets
from pins_plugin.utils.plain_yaml import PlainLoader

OWN_MODELS = "pins_plugin.models."
OTHER_MODULES = frozenset(
    {
        "torch.nn.Linear",
        "torch.nn.Identity",
        "torch.nn.LayerNorm",
        "speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN",
    }
)
PRETRAINER = "pins_plugin.inference.pretrained.StrictPretrainer"
MAX_CHARACTERS = 200_000
LARGEST_ARGUMENT = 1_000_000  # no layer of a real model is larger


@dataclass(frozen=True)
class ModuleSpec:
    """A module to build: its dotted class and plain keyword arguments."""

    dotted_class: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """What stands behind `!ref`, such as "<modules[voice_encoder]>"; never followed."""

    text: str


class _Loader(PlainLoader):
    """With `!new:` and `!ref`."""


def _construct_new(loader: _Loader, suffix: str, node: yaml.Node) -> ModuleSpec:
    if isinstance(node, yaml.MappingNode):
        arguments = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.ScalarNode) and not node.value:
        arguments = {}
    else:
        raise ModelFolderError(f"!new:{suffix}: expected keyword arguments, got a list or a value")
    return ModuleSpec(suffix, arguments)


def _construct_reference(loader: _Loader, node: yaml.Node) -> Reference:
    if not isinstance(node, yaml.ScalarNode):
        raise ModelFolderError("!ref: expected a name in angle brackets, got a list or a mapping")
    return Reference(str(node.value))


_Loader.add_multi_constructor("!new:", _construct_new)
_Loader.add_constructor("!ref", _construct_reference)


def parse_model_yaml(text: str) -> dict[str, Any]:
    """Parse the text of a model folder's `hyperparams.yaml`; builds nothing.

    Parameters
    ----------
    text : str

    Returns
    -------
    values : dict
        Plain values, a `ModuleSpec` wherever `!new:` stands, a `Reference` wherever `!ref` stands.

    Raises
    ------
    ModelFolderError
        When it is not YAML, not a mapping, or holds any tag but `!new:` of an allowed class.

    Examples
    --------
    >>> parse_model_yaml("size: 3")
    {'size': 3}
    """
    if len(text) > MAX_CHARACTERS:
        raise ModelFolderError(f"expected at most {MAX_CHARACTERS} characters, got {len(text)}")
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ModelFolderError(_one_line(error)) from error
    except (RecursionError, ValueError, TypeError) as error:
        raise ModelFolderError(f"not usable YAML ({_one_line(error)})") from error
    if not isinstance(values, dict):
        raise ModelFolderError(
            f"expected a mapping of names to values, got {type(values).__name__}"
        )
    _check(values)
    return values


def format_model_yaml(values: dict[str, Any]) -> str:
    """Write what `parse_model_yaml` reads.

    Raises
    ------
    ModelFolderError
        When a value is neither plain nor a `ModuleSpec`.
    """
    try:
        return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    except yaml.YAMLError as error:
        raise ModelFolderError(f"expected plain values and modules ({_one_line(error)})") from error


def find_module_class(dotted_class: str) -> type[nn.Module]:
    """Import the class of a `ModuleSpec`.

    Raises
    ------
    ModelFolderError
        When it is not on the list of allowed classes, or does not exist.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", dotted_class, flags=re.ASCII):
        raise ModelFolderError(f"!new:{dotted_class[:80]}: expected a dotted class name")
    known = dotted_class in OTHER_MODULES or dotted_class in encoder_targets()
    if not dotted_class.startswith(OWN_MODELS) and not known:
        raise ModelFolderError(
            f"!new:{dotted_class} is not allowed; expected a class of {OWN_MODELS}*, an installed plugin, "
            f"or one of {', '.join(sorted(OTHER_MODULES))}"
        )
    module_name, _, class_name = current_path(dotted_class).rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ModelFolderError(
            f"!new:{dotted_class}: no such class; was the model saved by another version? ({_one_line(error)})"
        ) from error
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise ModelFolderError(f"!new:{dotted_class}: expected a torch module class")
    if dotted_class.startswith(OWN_MODELS) and not found.__module__.startswith(OWN_MODELS):
        raise ModelFolderError(f"!new:{dotted_class}: is only imported there, not defined")
    return found


def build_module(spec: ModuleSpec, largest: int = LARGEST_MODULE) -> nn.Module:
    """Make the module (and those among its arguments) with fresh weights, of at most `largest` bytes on the way."""
    with MemoryBudget(largest):
        return _build_module(spec)


def _build_module(spec: ModuleSpec) -> nn.Module:
    arguments = {name: _build(value) for name, value in spec.arguments.items()}
    module_class = find_module_class(spec.dotted_class)
    try:
        return module_class(**arguments)
    except ModelFolderError:
        raise
    except Exception as error:  # whatever a class may make of a stranger's arguments
        raise ModelFolderError(
            f"!new:{spec.dotted_class}: cannot be built from its arguments ({_one_line(error)})"
        ) from error


def _build(value: Any) -> Any:
    if isinstance(value, ModuleSpec):
        return _build_module(value)
    if isinstance(value, list):
        return [_build(item) for item in value]
    if isinstance(value, dict):
        return {name: _build(item) for name, item in value.items()}
    return value


def _check(value: Any, largest: float = float("inf")) -> None:
    """Allow text, numbers, lists, mappings with text keys, and modules of the list."""
    if isinstance(value, Reference):
        return
    if isinstance(value, ModuleSpec):
        if value.dotted_class != PRETRAINER:
            find_module_class(value.dotted_class)
        value, largest = value.arguments, LARGEST_ARGUMENT
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise ModelFolderError(f"expected names as keys, got {name!r}")
            _check(item, largest)
    elif isinstance(value, list):
        for item in value:
            _check(item, largest)
    elif isinstance(value, int | float) and not abs(value) <= largest:
        raise ModelFolderError(f"expected a number up to {largest}, got {str(value)[:40]}")
    elif value is not None and not isinstance(value, str | int | float):
        raise ModelFolderError(f"expected text or a number, got {type(value).__name__}")


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper with `!new:`; tuples become lists; nothing is anchored."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_spec(dumper: _Dumper, spec: ModuleSpec) -> yaml.Node:
    return dumper.represent_mapping(f"!new:{spec.dotted_class}", spec.arguments)


def _represent_reference(dumper: _Dumper, reference: Reference) -> yaml.Node:
    return dumper.represent_scalar("!ref", reference.text)


_Dumper.add_representer(ModuleSpec, _represent_spec)
_Dumper.add_representer(Reference, _represent_reference)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
