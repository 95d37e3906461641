"""Progress that nobody sees costs nothing."""

import pytest
from tqdm import tqdm

from pins_plugin.utils.progress import progress


def test_quiet_progress_makes_no_lock_that_a_killed_worker_leaves_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(tqdm, "_lock", raising=False)
    assert list(progress(range(3), "pictures", quiet=True)) == [0, 1, 2]
    assert not hasattr(tqdm, "_lock")
    assert list(progress(range(3), "pictures")) == [0, 1, 2]
    assert hasattr(tqdm, "_lock")
