"""Numbers of other works on the PINs test lists, each marked by how it is known.

"read": seen in the source. "remembered": from memory, to be checked before it is cited.
"""

from typing import NamedTuple


class Published(NamedTuple):
    """Percentages of one work on one list.

    Parameters
    ----------
    condition, stratum : str
        As in `evaluation.pins_lists`.
    roc_auc, eer : float or None
        In percent.
    known : {"read", "remembered"}
    """

    work: str
    condition: str
    stratum: str
    roc_auc: float | None
    eer: float | None
    known: str


_PINS = "PINs, pre-trained (Nagrani 2018)"
_SCRATCH = "PINs, from scratch (Nagrani 2018)"
PUBLISHED = (
    Published(_PINS, "seenheard", "random", 87.0, 21.4, "remembered"),
    Published(_PINS, "seenheard", "G", 74.2, None, "remembered"),
    Published(_PINS, "seenheard", "N", 85.9, None, "remembered"),
    Published(_PINS, "seenheard", "A", 86.6, None, "remembered"),
    Published(_PINS, "seenheard", "GNA", 74.0, None, "remembered"),
    Published(_PINS, "unseenunheard", "random", 78.5, 29.6, "remembered"),
    Published(_PINS, "unseenunheard", "G", 61.1, None, "remembered"),
    Published(_PINS, "unseenunheard", "N", 77.2, None, "remembered"),
    Published(_PINS, "unseenunheard", "A", 74.9, None, "remembered"),
    Published(_PINS, "unseenunheard", "GNA", 58.8, None, "remembered"),
    Published(_SCRATCH, "seenheard", "random", 73.8, 34.1, "remembered"),
    Published(_SCRATCH, "unseenunheard", "random", 63.5, 39.2, "remembered"),
    Published("FOP", "unseenunheard", "random", 83.5, 24.9, "remembered"),
    Published("VFNet", "unseenunheard", "random", 85.4, 22.5, "remembered"),
    Published("PAEFF", "unseenunheard", "random", 84.4, 22.9, "read"),
)
