"""What an installation costs: packages, megabytes, seconds; of `house.py`."""

import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path


def install(root: Path, python: str) -> dict[str, str]:
    """Install into an empty environment, and throw it away."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([python, "-m", "venv", name], check=True)
        pip, empty = [f"{name}/bin/python", "-m", "pip"], folder_size(Path(name))
        start, cpu = time.perf_counter(), children_seconds()
        subprocess.run([*pip, "install", "-q", "--no-cache-dir", root], check=True)
        wall, cpu = time.perf_counter() - start, children_seconds() - cpu
        listed = subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True)
        packages = {each["name"] for each in json.loads(listed.stdout)} - {"pip", "setuptools"}
        size = folder_size(Path(name)) - empty
    return {
        "`pip install .`: packages": f"{len(packages)}",
        "MB": f"{size / 1e6:,.0f}",
        "s (of them CPU)": f"{wall:.0f} ({cpu:.0f})",
    }


def children_seconds() -> float:
    """CPU seconds of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def folder_size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
