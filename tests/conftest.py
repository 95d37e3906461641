"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real clips; tests that ask for it are skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PINS_REAL_DATA", default))
    if not folder.is_dir():
        pytest.skip("real clips are not here; set PINS_REAL_DATA to their folder")
    return folder
