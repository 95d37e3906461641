"""What a reviewer said, as steps at which the speaker is settled."""

from collections.abc import Mapping, Sequence

from pins_plugin.data.links.corrections import Correction
from pins_plugin.errors import LinksError
from pins_plugin.pipelines.linking.read_out import Run


def hold_steps(
    runs: Sequence[Run],
    corrections: Sequence[Correction],
    people: Sequence[str],
    names: Mapping[str, str],
    wanted: Mapping[str, str] | None = None,
) -> dict[int, frozenset[int]]:
    """Say which steps are settled: step to the faces (indices) of which one speaks, none for somebody who is not shown.

    Parameters
    ----------
    runs : sequence of Run
        As the reviewer saw them; `people` are the labels of the faces; both before anybody was named.
    corrections : sequence of Correction
        With the labels that the reviewer saw. Later ones overrule earlier ones.
    names : mapping of str to str
        Labels of people and speakers to those that the reviewer saw; `wanted` has those to the names that the reviewer
        gave: two who got one name are one.

    Raises
    ------
    LinksError
        When a correction fits no turn, or names somebody whose face is not in the video.
    """
    held: dict[int, frozenset[int]] = {}
    seen = [names.get(person, person) for person in people]
    wanted = wanted or {}
    for correction in corrections:
        where = (
            f"turn of {correction.speaker} from {correction.start:.2f} to {correction.end:.2f} s"
        )
        steps = [
            step
            for run in runs
            if names.get(run.speaker, run.speaker) == correction.speaker
            for step in range(run.first, run.last)
            if correction.start <= run.time_of(step) <= correction.end
        ]
        if not steps:
            raise LinksError(f"corrections: no {where}; were they made for this video?")
        if correction.person is not None and correction.person not in seen:
            shown = ", ".join(sorted(set(seen)))
            raise LinksError(
                f"corrections: {where} names {correction.person!r}; expected one of {shown}"
            )
        who = frozenset(
            number
            for number, name in enumerate(seen)
            if correction.person is not None
            and wanted.get(name, name) == wanted.get(correction.person, correction.person)
        )
        held.update(dict.fromkeys(steps, who))
    return held


def rename_people(
    names: Mapping[str, str], wanted: Mapping[str, str], labels: Sequence[str]
) -> dict[str, str]:
    """Put the names that a reviewer gave (`wanted`) in the place of those that were found (`names`), for all `labels`.

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
