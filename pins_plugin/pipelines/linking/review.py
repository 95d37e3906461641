"""What a reviewer said, as constraints on the pieces that are decided."""

from collections.abc import Mapping, Sequence

from pins_plugin.data.corrections import Correction
from pins_plugin.errors import LinksError
from pins_plugin.pipelines.linking.pieces import Piece


def fix_pieces(
    pieces: Sequence[Piece],
    corrections: Sequence[Correction],
    people: Sequence[str],
    names: Mapping[str, str],
    wanted: Mapping[str, str] | None = None,
) -> dict[int, frozenset[str]]:
    """Say which pieces are settled, and by whom they are spoken.

    Parameters
    ----------
    pieces : sequence of Piece
    corrections : sequence of Correction
        With the labels that the reviewer saw. Later ones overrule earlier ones.
    people : sequence of str
        Labels of the people on screen, before they were named.
    names : mapping of str to str
        Labels of people and speakers to those that the reviewer saw.
    wanted : mapping of str to str, optional
        Those to the names that the reviewer gave; two who got one name are one.

    Returns
    -------
    fixed : dict of int to frozenset of str
        Index of a piece to the labels (before naming) that its speaker has; empty for nobody on screen.

    Raises
    ------
    LinksError
        When a correction fits no turn, or names somebody whose face is not in the video.
    """
    fixed: dict[int, frozenset[str]] = {}
    seen = {person: names.get(person, person) for person in people}
    shown, wanted = sorted(set(seen.values())), wanted or {}
    for correction in corrections:
        where = (
            f"turn of {correction.speaker} from {correction.start:.2f} to {correction.end:.2f} s"
        )
        inside = [
            number
            for number, piece in enumerate(pieces)
            if names.get(piece.speaker, piece.speaker) == correction.speaker
            and correction.start <= (piece.start + piece.end) / 2 <= correction.end
        ]
        if not inside:
            raise LinksError(f"corrections: no {where}; were they made for this video?")
        if correction.person is not None and correction.person not in shown:
            raise LinksError(
                f"corrections: {where} names {correction.person!r}; expected one of {', '.join(shown)}"
            )
        who = frozenset(
            person
            for person, name in seen.items()
            if correction.person is not None
            and wanted.get(name, name) == wanted.get(correction.person, correction.person)
        )
        fixed.update(dict.fromkeys(inside, who))
    return fixed


def rename_people(
    names: Mapping[str, str], wanted: Mapping[str, str], labels: Sequence[str]
) -> dict[str, str]:
    """Put the names that a reviewer gave in the place of those that were found.

    Parameters
    ----------
    names : mapping of str to str
        Labels to the names that the reviewer saw.
    wanted : mapping of str to str
        Those to the names that they are to have.
    labels : sequence of str
        Of everybody.

    Raises
    ------
    LinksError
        When somebody is to be renamed who is not in the video.
    """
    seen = {label: names.get(label, label) for label in labels}
    unknown = sorted(set(wanted) - set(seen.values()))
    if unknown:
        raise LinksError(
            f"corrections: {unknown[0]!r} is to be renamed; expected one of {', '.join(seen.values())}"
        )
    return {label: wanted.get(name, name) for label, name in seen.items()}
