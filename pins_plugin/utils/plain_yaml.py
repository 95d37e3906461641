"""YAML of strangers as plain values."""

from typing import Any

import yaml


class PlainLoader(yaml.SafeLoader):
    """PyYAML's safe loader without anchors, by which a few lines could grow to billions."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse what refers to another value."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("anchors and aliases are not allowed; write the value out")
        return super().compose_node(parent, index)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Call it an error of the YAML wherever PyYAML stumbles over a value."""
        try:
            return super().construct_object(node, deep)
        except (LookupError, AttributeError, TypeError, ArithmeticError) as error:
            raise yaml.YAMLError(f"no {node.tag}: {error!r}") from error
