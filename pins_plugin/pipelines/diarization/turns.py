"""Speaker turns as annotations: made of rows, and those that were given made fit for the file at hand."""

from collections.abc import Iterable

from pyannote.core import Annotation, Segment

from pins_plugin.errors import PinsError

# Seconds by which rounded turns may reach beyond the end without a word; chosen, not measured
SLACK = 0.5
MAX_SPEAKERS = 500  # of one file; each is compared with every other; chosen, not measured


def annotate(rows: Iterable[tuple[float, float, str | None]], uri: str | None) -> Annotation:
    """Turns from start, end (seconds) and label; without a label, or of no length, a row is left out."""
    turns = Annotation(uri=uri)
    for number, (start, end, label) in enumerate(rows):
        if label is not None and end > start:
            turns[Segment(start, end), number] = label
    return turns


def clip_turns(turns: Annotation, duration: float) -> tuple[Annotation, str | None]:
    """Cut off what lies outside of a file of so many seconds; also a note for whoever reads the result, if that was much.

    Raises
    ------
    PinsError
        When there are more speakers than any file has.

    Examples
    --------
    >>> turns = Annotation(uri="a")
    >>> turns[Segment(4.4, 800)] = "anna"
    >>> clipped, note = clip_turns(turns, 16.9)
    >>> list(clipped.itersegments()), note
    ([<Segment(4.4, 16.9)>], 'Turns beyond the file (0 to 16.9 s) were cut off: 783.1 s; are they of this file?')
    """
    count = len(turns.labels())
    if count > MAX_SPEAKERS:
        raise PinsError(
            f"turns of {turns.uri}: expected at most {MAX_SPEAKERS} speakers, got {count}; "
            "are the labels those of speakers?"
        )
    clipped = turns.crop(Segment(0.0, duration), mode="intersection")
    lost = sum(turn.duration for turn in turns.itersegments()) - sum(
        turn.duration for turn in clipped.itersegments()
    )
    if lost <= SLACK:
        return clipped, None
    return clipped, (
        f"Turns beyond the file (0 to {duration:.1f} s) were cut off: {lost:.1f} s; are they of this file?"
    )
