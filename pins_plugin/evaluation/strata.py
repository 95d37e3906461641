"""Strata: negatives that share gender (G), nationality (N), age (A) or all three (GNA) with the positive.

Random negatives can be told apart by gender alone; a stratum takes that away (Nagrani et al. 2018, section 5.1).
"""

from collections.abc import Sequence
from contextlib import suppress

from pins_plugin.types import TalkingFaceClip

STRATUM_COLUMNS = {"G": "gender", "N": "nationality", "A": "age"}


def strata_of(clips: Sequence[TalkingFaceClip]) -> dict[str, dict[str, str]]:
    """Read the strata off the attribute columns of a manifest.

    Returns
    -------
    strata : dict of name to (dict of identity to value)
        "G", "N", "A" for the columns gender, nationality, age (in whole decades where it is a number) as far
        as they are there, and "GNA" where all three are. People without a value are left out.
    """
    strata: dict[str, dict[str, str]] = {}
    for name, column in STRATUM_COLUMNS.items():
        known = {
            clip.identity: _value(column, clip.attributes[column])
            for clip in clips
            if clip.identity and clip.attributes.get(column)
        }
        if known:
            strata[name] = known
    if len(strata) == len(STRATUM_COLUMNS):
        everywhere = set.intersection(*(set(values) for values in strata.values()))
        strata["GNA"] = {
            identity: "|".join(strata[name][identity] for name in STRATUM_COLUMNS)
            for identity in sorted(everywhere)
        }
    return strata


def _value(column: str, text: str) -> str:
    if column == "age":
        with suppress(ValueError, OverflowError):  # of what is no number, or infinite
            return f"{int(float(text)) // 10}0s"
    return text
