"""What results depend on besides their file: models by their content, plugins by where they are from."""

from contextlib import suppress
from pathlib import Path

from pins_plugin.errors import ModelFolderError, PluginError
from pins_plugin.models.folder.model_folder import PRETRAINED, resolve_source
from pins_plugin.plugins import get_plugin
from pins_plugin.utils.content import content_key, source_key


def model_key(source: str | None) -> str:
    """Content of a model: a path, or one that comes with the package; of an encoder of faces that is a plugin, where it is from."""
    if source is not None and not Path(source).exists():
        with suppress(ModelFolderError):
            return content_key(resolve_source(source))
        return plugin_key("face_encoders", source)
    return source_key(source)


def plugin_key(kind: str, name: str | None) -> str:
    """Where a plugin is from; its name alone where it is no plugin."""
    if not name:
        return ""
    try:
        plugin = get_plugin(kind, name)
    except PluginError:
        return name
    return f"{name} {plugin.target} {plugin.distribution}"


def detector_key() -> str:
    """Content of the weights that find faces."""
    return content_key(PRETRAINED / "face_detector")
