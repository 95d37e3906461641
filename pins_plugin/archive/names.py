"""How results are called: as their files are, with as many folders before them as it takes to tell them apart."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from pins_plugin.archive.inputs import VIDEOS

STEM: Callable[[Path], str] = attrgetter("stem")


@dataclass(frozen=True)
class Names:
    """The rule by which the files of a run are called, small enough to tell every worker.

    A file below a folder that was given is called by its path from there, any other by its stem; where two would be called
    alike, all are called by their paths below the folder that they have in common, and those that differ in their ending only
    keep it. A part or the first few of a run's files are called as all of them are.

    Parameters
    ----------
    folders : frozenset of str
        Absolute; the outermost one that holds a file is left out of its name.
    twins : frozenset of str
        Names that differ in the ending only.
    stems : frozenset of str
        That several files have.
    count : int
        How many files there are, of which a run may take a part.
    """

    folders: frozenset[str] = frozenset()
    twins: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    count: int = 1

    @property
    def is_of_one(self) -> bool:
        """Whether one file is meant, and none that may come: it was given by itself, not in a folder."""
        return self.count == 1 and not self.folders

    @classmethod
    def of_files(
        cls, found: Mapping[Path, Path | None], stem: Callable[[Path], str] = STEM
    ) -> "Names":
        """Make the rule for some files.

        Parameters
        ----------
        found : mapping of Path to Path or None
            File -> the folder that was given and holds it, see `find_files`.
        stem : callable
            What a file that is in no such folder is called.
        """
        short = cls(frozenset(str(_whole(folder)) for folder in found.values() if folder))
        count = Counter(short.of(path, stem) for path in found)
        if len(count) < len(found):
            parents = [_whole(path).parent for path in found]
            long = cls(frozenset([os.path.commonpath(parents)]))
            longer = Counter(long.of(path, stem) for path in found)
            if len(longer) > len(count):
                short, count = long, longer
        stems = Counter(path.stem for path in found)
        return cls(short.folders, _repeated(count), _repeated(stems), len(found))

    def of(self, path: Path, stem: Callable[[Path], str] = STEM) -> str:
        """Name of a file's result, parted by "/".

        Examples
        --------
        >>> Names(frozenset(["/vox"])).of(Path("/vox/id01/talk/00001.mp4")), Names().of(Path("a/b.mp4"))
        ('id01/talk/00001', 'b')
        """
        whole = _whole(path)
        above = next((each for each in reversed(whole.parents) if str(each) in self.folders), None)
        if above is None:
            name, ending = stem(path), path.suffix
        else:
            name = whole.relative_to(above).as_posix()
            is_folder = path.suffix.lower() not in VIDEOS and os.path.isdir(path)  # noqa: PTH112 (without errors)
            ending = "" if is_folder else path.suffix
            name = name.removesuffix(ending)
        return name + ending if name in self.twins else name

    def also(self, path: Path) -> list[str]:
        """All that a file may be called by what is known beforehand: its name, and its stem where no other has it."""
        own = self.of(path)
        return [own] if path.stem in self.stems or own == path.stem else [own, path.stem]


def _whole(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 (links stay as they are)


def _repeated(count: Mapping[str, int]) -> frozenset[str]:
    return frozenset(name for name, times in count.items() if times > 1)
