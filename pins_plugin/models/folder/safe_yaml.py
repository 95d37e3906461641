"""YAML of a model folder: plain values and modules of a list, never code.

The files look like SpeechBrain's (`!new:dotted.Class` with keyword arguments), but the loader knows that
tag only, and only classes of `models.folder.allowed_classes`. Anchors, function calls and imports are refused, so that a
stranger's model folder can be opened safely. References (`!ref <name>`) and the `pretrainer` are there for
SpeechBrain's own loader; ours reads past them and never follows or builds them.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.allowed_classes import find_class
from pins_plugin.models.folder.memory_budget import LARGEST_MODULE, MemoryBudget
from pins_plugin.moved import current_path
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.plain_yaml import PlainLoader

PRETRAINER = "pins_plugin.inference.pretrained.StrictPretrainer"
MAX_CHARACTERS = 200_000
LARGEST_ARGUMENT = 1_000_000  # no layer of a real model is larger


Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True)
class ModuleSpec:
    """A module to build: its dotted class and plain keyword arguments."""

    dotted_class: str
    arguments: dict[str, Any]


class Reference(str):
    """What stands behind `!ref`, such as "<modules[voice_encoder]>"; never followed."""


class _Loader(PlainLoader):
    """With `!new:` and `!ref`."""


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper with `!new:` and `!ref`; tuples become lists; nothing is anchored."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _construct_new(loader: _Loader, suffix: str, node: yaml.Node) -> ModuleSpec:
    if suffix != PRETRAINER:
        find_class(suffix)
    return ModuleSpec(suffix, loader.construct_mapping(node, deep=True))


_Loader.add_multi_constructor("!new:", _construct_new)
_Loader.add_constructor("!ref", lambda loader, node: Reference(loader.construct_scalar(node)))
_Dumper.add_representer(
    ModuleSpec, lambda dumper, spec: dumper.represent_mapping(f"!new:{spec.dotted_class}", spec.arguments)
)  # fmt: skip
_Dumper.add_representer(Reference, lambda dumper, text: dumper.represent_scalar("!ref", str(text)))
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)


def parse_model_yaml(text: str) -> dict[str, Any]:
    """Parse the text of a model folder's `hyperparams.yaml`; builds nothing.

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
        _check(values)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ModelFolderError(f"not usable YAML ({one_line(error, 300)})") from error
    if not isinstance(values, dict):
        raise ModelFolderError(f"expected names and values, got {type(values).__name__}")
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
        raise ModelFolderError(
            f"expected plain values and modules ({one_line(error, 300)})"
        ) from error


def note_origin(module: nn.Module, dotted_class: str, arguments: dict[str, Any]) -> None:
    """Note on a module how it was built, so that whoever saves it need not be told.

    Experiments note it for what their YAML makes, model folders for what they hold.
    """
    module.origin = ModuleSpec(current_path(dotted_class), arguments)  # type: ignore[assignment]


def make_module(kind: type[Module], **arguments: Any) -> Module:
    """Make a module that knows how it was built."""
    module = kind(**arguments)
    note_origin(module, f"{kind.__module__}.{kind.__qualname__}", arguments)
    return module


def build_module(spec: ModuleSpec, largest: int = LARGEST_MODULE) -> nn.Module:
    """Make the module (and those among its arguments) with fresh weights, of at most `largest` bytes on the way."""
    with MemoryBudget(largest):
        module: nn.Module = _build(spec)
    return module


def _build(value: Any) -> Any:
    if isinstance(value, list):
        return [_build(item) for item in value]
    if isinstance(value, dict):
        return {name: _build(item) for name, item in value.items()}
    if not isinstance(value, ModuleSpec):
        return value
    arguments = _build(value.arguments)
    try:
        module = find_class(value.dotted_class)(**arguments)
    except ModelFolderError:
        raise
    except Exception as error:  # whatever a class may make of a stranger's arguments
        raise ModelFolderError(
            f"!new:{value.dotted_class}: cannot be built from its arguments ({one_line(error, 300)})"
        ) from error
    note_origin(module, value.dotted_class, value.arguments)
    return module


def _check(value: Any, largest: float = float("inf")) -> None:
    """Allow text, numbers, lists, mappings with text keys, and modules."""
    match value:
        case ModuleSpec():
            _check(value.arguments, LARGEST_ARGUMENT)
        case dict():
            if not all(isinstance(name, str) for name in value):
                raise ValueError("expected names as keys")
            _check(list(value.values()), largest)
        case list():
            for item in value:
                _check(item, largest)
        case int() | float() if not abs(value) <= largest:
            raise ValueError(f"expected a number up to {largest}")
        case None | str() | int() | float():
            pass
        case _:
            raise TypeError(f"expected text or a number, got {type(value).__name__}")
