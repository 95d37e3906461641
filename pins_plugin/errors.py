"""Errors that a user can act on: what, expected, got, and what to do.

The command line prints such an error as one line and exits with status 2.
"""


class PinsError(Exception):
    """A mistake in the input that the user can mend."""


class MediaError(PinsError):
    """A video, image or sound file that cannot be used."""


class ManifestError(PinsError):
    """A manifest, trial list or split file that cannot be used."""


class LinksError(PinsError):
    """A links or corrections file that cannot be used."""


class TranscriptError(PinsError):
    """A transcript that cannot be read."""


class ModelFolderError(PinsError):
    """A model folder that is missing, damaged or not to be trusted."""


class ExperimentError(PinsError):
    """An experiment's YAML, or an option given with it, that cannot be used."""


class ShapeError(PinsError, ValueError):
    """An array or tensor of the wrong shape, type or range."""


class MissingExtraError(PinsError, ImportError):
    """An optional package that is not installed."""


class PluginError(PinsError):
    """A plugin of another package that is missing or broken."""
