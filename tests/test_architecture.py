"""Imports point one way: walks every import of the package and checks it against three tables."""

import ast
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pins_plugin"
FOUNDATION = {"errors", "types", "similarity", "utils", "plugins", "moved"}
MAY_IMPORT = {
    "errors": set(),
    "types": set(),
    "similarity": set(),
    "utils": {"errors"},
    "plugins": {"errors", "utils"},
    "moved": set(),
    "simulation": FOUNDATION | {"data"},
    "data": FOUNDATION,
    "tracking": FOUNDATION | {"data"},
    "samplers": FOUNDATION | {"data"},
    "models": FOUNDATION,
    "miners": FOUNDATION,
    "losses": FOUNDATION,
    "train": FOUNDATION | {"data", "samplers", "models", "miners", "losses", "metrics"},
    "metrics": {"errors", "types"},
    "evaluation": FOUNDATION | {"data", "metrics"},
    "inference": FOUNDATION | {"data", "models", "tracking"},
    "pipelines": FOUNDATION | {"data", "tracking", "inference"},
    "formats": FOUNDATION | {"data"},
    "archive": FOUNDATION | {"data"},
    "report": FOUNDATION | {"data", "metrics", "formats"},
}
ROOMS = {  # of the folders that have some: who may import whom; "" are the files beside the rooms
    "pipelines": {
        "": {"diarization"},  # the path inside saved speaker embeddings
        "pyannote_host": set(),
        "active_speaker": {"people"},  # which faces are one person, in a file of several
        "diarization": {"pyannote_host"},
        "people": {"pyannote_host", "diarization"},
        "linking": {"pyannote_host", "diarization", "active_speaker", "people"},
    },
    "data": {
        "": set(),
        "media": set(),
        "corpora": set(),
        "training": {"media", "corpora"},
        "links": set(),
    },
    "models": {
        "": {"faces", "voices", "lips", "layers", "folder"},  # both branches in one file
        "faces": {"layers", "folder"},
        "voices": {"layers", "folder"},
        "lips": {"layers"},
        "layers": set(),
        "folder": set(),
    },
    "train": {"": set(), "pairs": {""}, "lips": {""}, "features": {""}},
    "report": {"": set(), "page": {""}},
    "simulation": {"": set(), "composed": set()},
}
HOMES = {
    "facenet_pytorch": {"models"},
    "speechbrain": {"train", "models", "inference", "data"},
    "hyperpyyaml": {"train", "utils", "models", "inference", "cli"},
    "pyannote": {"pipelines", "data", "evaluation", "report", "simulation", "cli"},
    "av": {"data"},
    "silero_vad": {"inference"},
    "entrypoints": {"plugins"},
    "onnxruntime": {"models"},
    "faiss": {"inference"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
    "opentimelineio": {"formats"},
    "ray": {"archive"},
    "fsspec": {"data"},
}
CONVENTIONS = {
    "HELP",  # of a command
    "FILE",  # the name of the file that a module keeps
    "WEIGHTS",  # the file of a network's weights
    "VERSION",  # of the format of that file
    "BATCH_SIZE",  # what a network takes at once
    "INPUT_SIZE",  # pixels: the side of the pictures that a network takes
    "MAX_OFFSET",  # frames between lips and sound
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: use absolute imports"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    part = _part(path)
    for name in _imports(path):
        root, *rest = name.split(".")
        if root == "pins_plugin":
            if part in MAY_IMPORT and rest and rest[0] != part and rest[0] != "__version__":
                assert rest[0] in MAY_IMPORT[part], f"{part} may not import {name}"
        elif root in HOMES:
            assert part in HOMES[root], f"{root} is not at home in {part}"


@pytest.mark.parametrize("part", ROOMS)
def test_rooms_are_entered_one_way(part: str) -> None:
    house, rooms = PACKAGE / part, ROOMS[part]
    assert {path.parent.name for path in house.glob("*/__init__.py")} | {""} == set(rooms)
    wrong = []
    for path in sorted(house.rglob("*.py")):
        room = _room(path, house)
        for name in _imports(path):
            if name.startswith(f"pins_plugin.{part}.") and path != house / "__init__.py":
                first = name.split(".")[2]
                other = first if first in rooms else ""
                if other not in rooms[room] | {room}:
                    wrong.append(f"{room}/{path.name} imports {name}")
    assert wrong == []


def _room(path: Path, house: Path) -> str:
    return path.relative_to(house).parts[0] if path.parent != house else ""


def test_no_file_name_stands_four_times() -> None:
    counts = Counter(path.name for path in MODULES if path.name != "__init__.py")
    assert [name for name, count in counts.items() if count > 3] == []


def test_no_constant_has_one_name_and_three_meanings() -> None:
    """Conventions aside: names that say the same of each module."""
    values: dict[str, set[str]] = {}
    for path in MODULES:
        for name, value in _constants(ast.parse(path.read_text(encoding="utf-8"))):
            values.setdefault(name, set()).add(value)
    assert [n for n, found in values.items() if len(found) > 2 and n not in CONVENTIONS] == []


def _constants(tree: ast.Module) -> list[tuple[str, str]]:
    """Names in capitals that a module gives values to, with the text of the value."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = [ast.unparse(name) for name in node.targets[0].elts]
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            found += list(zip(names, map(ast.unparse, parts), strict=False))
        elif isinstance(node, ast.Assign):
            found += [(ast.unparse(name), ast.unparse(node.value)) for name in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            found.append((ast.unparse(node.target), ast.unparse(node.value)))
    return [(name, value) for name, value in found if name.isupper()]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_explain_themselves(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), (
        f"{path} has no docstring"
    )


def test_files_of_tests_have_names_of_their_own() -> None:
    """Without packages among the tests, pytest tells modules apart by their file's name alone."""
    names = sorted(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, other in pairwise(names) if name == other] == []


def test_dataclasses_that_hold_arrays_are_compared_by_identity() -> None:
    """Arrays have no truth value: `track in tracks` would raise wherever two tracks begin alike."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    arrays = {"NDArray", "Tensor"}
    for tree in trees.values():
        for node in tree.body:
            called = any(isinstance(part, ast.Call) for part in ast.walk(node))
            if isinstance(node, ast.Assign) and not called and arrays & _words(node.value):
                arrays = arrays | {ast.unparse(target) for target in node.targets}
    found = [
        f"{path.name}: {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(
            "dataclass" in text and "eq=False" not in text
            for text in map(ast.unparse, node.decorator_list)
        )
        and any(
            isinstance(part, ast.AnnAssign) and arrays & _words(part.annotation)
            for part in node.body
        )
    ]
    assert found == []


def _words(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} | {
        part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)
    }
