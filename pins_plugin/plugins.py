"""Encoders, trackers and evidence that other packages add, found through their entry points.

A package names what it adds in its own `setup.py`:

    entry_points={"pins_plugin.face_encoders": ["tiny = their_package.encoders:TinyFaceEncoder"]}

Looking for plugins imports none of them; one that fails to import spoils no other.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import entrypoints

from pins_plugin.errors import PluginError

KINDS = {
    "face_encoders": "torch module: faces (batch, 3, H, W) to embeddings; keyword embedding_dim",
    "voice_encoders": "torch module: waveforms (batch, num_samples), relative_lengths=None to embeddings; keyword embedding_dim",
    "trackers": "callable: (video path, settings, quiet) to a list of FaceTrack",
    "evidence": "class: (crops, waveform, offset_of), measure(track, start, end) to log-likelihood ratios",
}
PREFIX = "pins_plugin."


@dataclass(frozen=True)
class Plugin:
    """One entry point of another package.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    target : str
        Dotted path of the object, such as "their_package.encoders.TinyFaceEncoder".
    distribution : str
        Name and version of the package that adds it.
    """

    kind: str
    name: str
    target: str
    distribution: str
    _entry: Any

    def load(self) -> Any:
        """Import the object.

        Raises
        ------
        PluginError
            When anything goes wrong in the other package.
        """
        try:
            return self._entry.load()
        except Exception as error:  # whatever another package's import may raise
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise PluginError(
                f"plugin {self.name!r} of {self.distribution} cannot be loaded ({reason}); "
                "update or uninstall that package"
            ) from error

    def check_encoder(self) -> None:
        """Import an encoder, and see that a trainer can make it and use it.

        Raises
        ------
        PluginError
            When it cannot be imported, takes no keyword `embedding_dim`, or reads voices of one length only.
        """
        target = self.load()
        self._check_takes(target, "embedding_dim", "__init__")
        if self.kind == "voice_encoders":
            self._check_takes(getattr(target, "forward", target), "relative_lengths", "forward")

    def _check_takes(self, target: Any, keyword: str, method: str) -> None:
        try:
            taken = inspect.signature(target).parameters
        except (TypeError, ValueError):  # not written in Python: the call itself will tell
            return
        constructor = getattr(target, "__init__", None)
        is_bare = str(getattr(constructor, "__module__", "")).startswith(
            "torch.nn."
        )  # takes nothing
        takes_any = any(each.kind is each.VAR_KEYWORD for each in taken.values()) and not is_bare
        if keyword not in taken and not takes_any:
            raise PluginError(
                f"plugin {self.name!r} of {self.distribution}: expected {self.target} to take the argument {keyword}, "
                f"got ({', '.join(taken)}); add it to its {method} (docs/extend.md, Encoders)"
            )


def find_plugins(kind: str) -> list[Plugin]:
    """List what the installed packages add, by name; where two share a name, the first on the path counts.

    Parameters
    ----------
    kind : {"face_encoders", "voice_encoders", "trackers", "evidence"}
    """
    if kind not in KINDS:
        raise PluginError(f"plugins: expected a kind of {', '.join(KINDS)}, got {kind!r}")
    found = entrypoints.get_group_named(PREFIX + kind)
    return [
        Plugin(
            kind,
            name,
            f"{entry.module_name}.{entry.object_name}" if entry.object_name else entry.module_name,
            _distribution(entry.distro),
            entry,
        )
        for name, entry in sorted(found.items())
    ]


def get_plugin(kind: str, name: str) -> Plugin:
    """Find one plugin by its name.

    Raises
    ------
    PluginError
        When there is none of that name.
    """
    plugins = find_plugins(kind)
    for plugin in plugins:
        if plugin.name == name:
            return plugin
    known = ", ".join(plugin.name for plugin in plugins) or "none"
    raise PluginError(
        f"{name!r}: no such plugin among the {kind.replace('_', ' ')} installed here ({known}); "
        "see `pins plugins`"
    )


def load_plugin(kind: str, name: str) -> Any:
    """Find and import one plugin by its name."""
    return get_plugin(kind, name).load()


@cache
def encoder_targets() -> frozenset[str]:
    """Dotted classes of all installed encoders: those that a model folder may name."""
    kinds: Sequence[str] = ("face_encoders", "voice_encoders")
    return frozenset(plugin.target for kind in kinds for plugin in find_plugins(kind))


def _distribution(distro: Any) -> str:
    """Name and version; old installations append the Python version ("0.3-py3.11")."""
    if distro is None:
        return "an unknown package"
    version = (distro.version or "").split("-py")[0]
    return f"{distro.name} {version}".strip()
