"""One thread for networks: meanwhile, and no longer."""

import pytest
import torch

from pins_plugin.utils.threads import one_thread


def test_threads_are_given_back_whatever_happens() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="stop"), one_thread():
            assert torch.get_num_threads() == 1
            raise ValueError("stop")
        assert one_thread()(torch.get_num_threads)() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
