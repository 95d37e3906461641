"""Scripts beside the package begin and end alike."""

from subprocess import CalledProcessError

import pytest

from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.script import run_script, script_parser


def test_help_shows_the_docstring_as_it_is_written(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        script_parser("First line.\n\n  python here.py  --a b").parse_args(["--help"])
    assert "First line.\n\n  python here.py  --a b\n" in capsys.readouterr().out


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PinsError("x: no such file"), "here.py: x: no such file"),
        (OSError(28, "No space left on device", "x"), "here.py: x: No space left on device"),
        (CalledProcessError(3, "pip"), "here.py: Command 'pip' returned non-zero exit status 3."),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_a_user_can_mend_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, status: object
) -> None:
    monkeypatch.setattr("sys.argv", ["recipes/Any/here.py", "x"])
    with pytest.raises(SystemExit) as found:
        run_script(lambda: _raise(error))
    assert found.value.code == status
    with pytest.raises(ZeroDivisionError):
        run_script(lambda: 1 / 0)


@pytest.mark.parametrize(
    ("error", "said"),
    [(ValueError("a\n  b"), "a b"), (KeyError(), "KeyError"), (ValueError("x" * 300), "x" * 200)],
)
def test_an_error_is_one_line(error: Exception, said: str) -> None:
    assert one_line(error) == said
