"""YAML of a model folder: plain values and modules of a list, never code.

The files look like SpeechBrain's (`!new:dotted.Class` with keyword arguments), but only classes of `module_registry` are
read, and no anchors, calls or imports. References (`!ref <name>`) and the `pretrainer` are there for SpeechBrain's own
loader; ours never follows or builds them.
"""

from sys import float_info
from typing import Any

import yaml

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.module_registry import ModuleSpec, find_class
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.plain_yaml import PlainLoader

PRETRAINER = "pins_plugin.inference.pretrained.StrictPretrainer"
LARGEST_ARGUMENT = 1_000_000  # no layer of a real model is larger


class Reference(str):
    """What stands behind `!ref`, such as "<modules[voice_encoder]>"; never followed."""


class _Loader(PlainLoader):
    """With `!new:` and `!ref`."""


class _Dumper(yaml.SafeDumper):
    """With `!new:` and `!ref`; tuples become lists; nothing is anchored."""

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


def load_yaml(content: str | bytes) -> Any:
    """Read text, finite numbers, lists, mappings with text keys, and a `ModuleSpec` where `!new:` stands; builds nothing."""
    try:
        values = yaml.load(content, _Loader)
        _check(values, float_info.max)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ModelFolderError(f"not YAML of plain values ({one_line(error, 300)})") from error
    return values


def dump_yaml(values: dict[str, Any]) -> str:
    """Write what `load_yaml` reads."""
    try:
        return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    except yaml.YAMLError as error:
        raise ModelFolderError(
            f"expected plain values and modules ({one_line(error, 300)})"
        ) from error


def _check(value: Any, largest: float) -> None:
    if isinstance(value, ModuleSpec):
        _check(value.arguments, LARGEST_ARGUMENT)
    elif isinstance(value, dict) and all(isinstance(name, str) for name in value):
        _check(list(value.values()), largest)
    elif isinstance(value, list):
        for item in value:
            _check(item, largest)
    elif isinstance(value, int | float) and abs(value) <= largest:
        return
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"expected text, or numbers up to {largest:.2g}, got {value!r:.60}")
