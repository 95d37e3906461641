"""What can be read off a checkout's source without running it: lines, names, constants; of `house.py`."""

import ast
import json
import re
import tokenize
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

DECIDING = ("pipelines", "tracking", "inference")  # who speaks, who is seen, who is who
CHOSEN = re.compile(r"\bchosen, not measured\b")
# Words by which a comment tells where a number comes from or why it is so, collected by reading all of them
ORIGIN = re.compile(
    r"\b(learnt|trained|chosen on|measured[.,;)]|as measured|annotators|voice activity of the field|card|ITU-R|MediaPipe|"
    r"ArcFace|facenet|PySceneDetect|silero|pyannote|PNet|the network|network's|the model'?s?|its lip branch|"
    r"its one pooling|authors|detector's|lip branch|the same:|as the synchronizer's|as in|more than the network|of the network|better on|hardly|one has it|"
    r"even odds|likely right|errs in|moves? them by|one of five|most of it|quadratic|no faster|gain nothing|leave the cache|"
    r"share a batch|not independent|heads turn|claim 1000|finite|more than MAX|FaceDetector|half the area)",
    re.IGNORECASE,
)


class Constant(NamedTuple):
    """A number in the source, and what is said of it."""

    file: str
    name: str
    note: str

    @property
    def origin(self) -> str:
        """Whether a "reason" is given, it is "chosen", or nothing is said."""
        if CHOSEN.search(self.note):
            return "chosen"
        return "reason" if ORIGIN.search(self.note) else "nothing"


def measure_source(root: Path, loaded: Collection[str]) -> dict[str, str]:
    """Rows that need no run but the names of the modules that linking loads."""
    files = sorted(root.glob("pins_plugin/**/*.py"))
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    inside = sum(count for path, count in lines.items() if "pipelines" in path.parts)
    repeated = repeated_names(files)
    origins = Counter(constant.origin for constant in find_constants(root, loaded))
    return {
        "files / lines": f"{len(files)} / {sum(lines.values()):,}",
        "lines of code": f"{sum(map(count_code, files)):,}",
        "lines of `pipelines/`": f"{inside:,}",
        "base names used more than once / most often": f"{len(repeated)} / {max(repeated.values(), default=1)} times",
        "numbers that decide": f"{origins.total()}",
        "with data, source or reason": f"{origins['reason']}",
        "said to be chosen by hand": f"{origins['chosen']}",
        "without a word": f"{origins['nothing']}",
        "parameters in files with what they were learnt on": f"{count_learnt(root)}",
    }


def count_code(path: Path) -> int:
    """Count lines that are neither empty, comment nor docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines: set[int] = set()
    empty = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type not in {*empty, tokenize.ENCODING, tokenize.ENDMARKER}:
                lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - prose)


def repeated_names(paths: Collection[Path]) -> dict[str, int]:
    """Base names that several files have, `__init__.py` apart."""
    counts = Counter(path.name for path in paths if path.name != "__init__.py")
    return {name: count for name, count in counts.items() if count > 1}


def find_constants(root: Path, modules: Collection[str]) -> Iterator[Constant]:
    """Find numbers that decide: names in capitals, and fields of classes of settings or rules, in `DECIDING`.

    Parameters
    ----------
    root : Path
        A checkout.
    modules : collection of str
        Names of those that are looked at.
    """
    for module in modules:
        if module.split(".")[1:2] and module.split(".")[1] in DECIDING:
            path = root.joinpath(*module.split(".")).with_suffix(".py")
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            for name, node, about in _numbers(ast.parse(text)):
                note = f"{_comment(text.splitlines(), node)} {_entry(about, name)}"
                yield Constant(path.relative_to(root).as_posix(), name, note.strip())


def _numbers(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, str]]:
    """Yield name, statement, and docstring of the class around it."""
    for node in tree.body:
        settings = isinstance(node, ast.ClassDef) and node.name.endswith(("Settings", "Rules"))
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        about = (ast.get_docstring(node) or "") if isinstance(node, ast.ClassDef) else ""
        for each in inner:
            if isinstance(each, ast.Assign | ast.AnnAssign) and _is_numeric(each.value):
                targets = each.targets if isinstance(each, ast.Assign) else [each.target]
                named = [name for target in targets for name in ast.walk(target)]
                for name in (name.id for name in named if isinstance(name, ast.Name)):
                    if name.isupper() or settings:
                        yield name, each, about


def _is_numeric(node: ast.expr | None) -> bool:
    """Whether an expression is made of numbers alone."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.Call):  # np.array([...])
        return ast.unparse(node.func) == "np.array" and all(map(_is_numeric, node.args))
    if isinstance(node, ast.Tuple | ast.List):
        return bool(node.elts) and all(map(_is_numeric, node.elts))
    if isinstance(node, ast.BinOp):
        return _is_numeric(node.left) and _is_numeric(node.right)
    return isinstance(node, ast.UnaryOp) and _is_numeric(node.operand)


def count_learnt(root: Path) -> int:
    """Count parameters by name in the JSON files of the package, which say what they were learnt on."""
    count = 0
    for path in root.glob("pins_plugin/**/*.json"):
        found = json.loads(path.read_text(encoding="utf-8"))
        parts = [found, found.get("diarization", {})]
        named = [part[key] for part in parts for key in ("parameters", "settings", "weights") if isinstance(part.get(key), dict)]  # fmt: skip
        numbers = {key: value for key, value in found.items() if isinstance(value, int | float | list)}  # fmt: skip
        count += sum(map(len, named or [numbers]))
    return count


def _comment(lines: list[str], node: ast.stmt) -> str:
    """The comment beside a statement and those right above it."""
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    above = first
    while above and lines[above - 1].strip().startswith("#"):
        above -= 1
    return " ".join(line.split("#", 1)[1].strip() for line in lines[above:last] if "#" in line)


def _entry(about: str, name: str) -> str:
    """What numpydoc parameters say of a name."""
    found = re.search(
        rf"^(?:.*, )?{name}(?:, .*)? : .*\n((?:    .*\n?)+)", about, flags=re.MULTILINE
    )
    return " ".join(found[1].split()) if found else ""
