"""Who may be whom among the people of a set of videos: suggestions to join two labels, and why somebody was not matched."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pins_plugin.pipelines.people.enrollment import SAME_VOICE, KnownPerson
from pins_plugin.pipelines.people.registry import Cast

# Of cosine similarity below what is needed: two labels are worth a look; chosen, not measured
NEARLY = 0.15


@dataclass(frozen=True)
class Likeness:
    """How alike two labels are."""

    first: str
    second: str
    face: float | None  # cosine similarity; None where one of them was not seen
    voice: float | None  # or not heard
    needed_face: float  # from which on two are taken for one person
    needed_voice: float
    together: tuple[str, ...] = ()  # videos that show both under different labels

    @property
    def lead(self) -> float:
        """By how much the surer kind of likeness is above what is needed: the face, or else the voice."""
        if self.face is not None:
            return self.face - self.needed_face
        return -1.0 if self.voice is None else self.voice - self.needed_voice

    def __str__(self) -> str:
        parts = [
            f"{kind} {value:.2f} (needed {needed:.2f})" if value is not None else f"{kind} unknown"
            for kind, value, needed in (
                ("face", self.face, self.needed_face),
                ("voice", self.voice, self.needed_voice),
            )
        ]
        if self.together:
            parts.append(f"but both are in {', '.join(self.together)}")
        return ", ".join(parts)


def suggest_merges(cast: Cast, same_face: float) -> list[Likeness]:
    """Pairs of labels that may be one person, the likeliest first; those seen in one video come last.

    `same_face` is the cosine similarity of faces from which on two are taken for one person.
    """
    videos = _videos(cast)
    pairs = [_compare(*pair, same_face, videos) for pair in combinations(cast.people(), 2)]
    near = [pair for pair in pairs if pair.lead >= -NEARLY]
    return sorted(near, key=lambda pair: (bool(pair.together), -pair.lead))


def find_nearest(
    cast: Cast, label: str, others: Sequence[KnownPerson], same_face: float
) -> list[Likeness]:
    """Everyone with whom somebody (`label`) can be compared, the most alike first: why nobody was matched.

    `others` are examples, or the others of the cast; `same_face` as in `suggest_merges`.
    """
    [person] = [each for each in cast.people() if each.name == label]
    videos = _videos(cast)
    found = [_compare(person, other, same_face, videos) for other in others if other.name != label]
    known = [each for each in found if each.face is not None or each.voice is not None]
    return sorted(known, key=lambda each: -each.lead)


def _videos(cast: Cast) -> dict[str, set[str]]:
    """In which videos each label is."""
    videos: dict[str, set[str]] = defaultdict(set)
    for each in cast.appearances:
        videos[each.person].add(each.video)
    return videos


def _compare(
    first: KnownPerson, second: KnownPerson, same_face: float, videos: Mapping[str, set[str]]
) -> Likeness:
    face, voice = (
        None if one is None or other is None else float(one @ other)
        for one, other in ((first.face, second.face), (first.voice, second.voice))
    )
    together = tuple(sorted(videos[first.name] & videos[second.name]))
    return Likeness(first.name, second.name, face, voice, same_face, SAME_VOICE, together)
