"""What miners share."""

import importlib

import pytest

from pins_plugin.miners.candidates import mask_disallowed


def test_the_old_name_works_and_says_where_to_go() -> None:
    candidates = importlib.import_module("pins_plugin.miners.candidates")
    with pytest.warns(DeprecationWarning, match="mask_disallowed"):
        assert candidates.hide_barred is mask_disallowed
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = candidates.nothing
