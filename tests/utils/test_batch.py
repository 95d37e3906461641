"""A file that fails costs itself only; whatever the machine or the input is to blame for is one line."""

import errno

import numpy as np
import pytest

from pins_plugin.cli import COMMANDS, main
from pins_plugin.cli import plugins as command
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.utils.batch import Batch
from pins_plugin.utils.explain import explain, is_foreseen


@pytest.mark.parametrize(
    "error",
    [
        MediaError("b: shows no face"),
        OSError(errno.ENOSPC, "No space left on device", "out/b"),
        UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"),
        MemoryError(),
        TypeError("nobody thought of this"),
    ],
)
def test_any_exception_costs_one_file(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    batch, done = Batch("link", 3, "videos"), []
    for name in "abc":
        with batch.costs_only(name):
            if name == "b":
                raise error
            done.append(name)
    assert done == ["a", "c"]
    message = capsys.readouterr().err
    assert message.startswith(
        "pins link: b: " if "out/b" not in str(error) else "pins link: b: out/b"
    )
    assert explain(error).removeprefix("b: ") in message
    with pytest.raises(MediaError, match=r"^1 of 3 videos could not be used: b$"):
        batch.finish()


def test_of_a_single_file_the_error_itself_goes_on() -> None:
    with pytest.raises(TypeError), Batch("link", 1).costs_only("a"):
        raise TypeError


def test_a_closed_pipe_and_a_stop_end_everything() -> None:
    for stop in (BrokenPipeError, KeyboardInterrupt):
        with pytest.raises(stop), Batch("link", 3).costs_only("a"):
            raise stop


def _errors_of_libraries() -> list[Exception]:
    import av
    import soundfile
    from safetensors import SafetensorError

    return [
        av.error.FFmpegError(1, "x"),
        av.error.InvalidDataError(1, "x"),
        soundfile.LibsndfileError(1),
        SafetensorError("No space left"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos"),
        np.exceptions.AxisError("no"),
    ]


def test_errors_of_libraries_are_foreseen_and_faults_of_the_program_are_not() -> None:
    *foreseen, fault = _errors_of_libraries()
    assert [is_foreseen(error) for error in foreseen] == [True] * len(foreseen)
    assert not is_foreseen(fault) and not is_foreseen(RuntimeError("sizes differ"))


@pytest.mark.parametrize(
    "error",
    [
        PinsError("expected a, got b"),
        PermissionError(errno.EACCES, "Permission denied", "out"),
        OSError(errno.ENOSPC, "No space left on device"),
        OverflowError("int too large to convert to float"),
        UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "invalid"),
        MemoryError(),
        *_errors_of_libraries()[:-1],
    ],
)
def test_every_command_ends_with_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: object) -> None:
        raise error

    monkeypatch.setattr(command, "run", fail)
    assert main(["plugins"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("pins plugins: ") and message.count("\n") == 1
    with pytest.raises(type(error)):
        main(["--traceback", "plugins"])


def test_a_fault_of_the_program_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(args: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(command, "run", fail)
    with pytest.raises(TypeError):
        main(["plugins"])


def test_what_commands_share_is_no_command() -> None:
    assert not [name for name in COMMANDS if name.startswith("_")]
