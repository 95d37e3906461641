"""Run one command of `pins`, and say what it entered, decoded and embedded; of `house.py`.

    PYTHONPATH=CHECKOUT python benchmarks/house_watch.py link VIDEO --out OUT

The last line of the standard error is JSON. Nothing of the package is imported here, so that any version can be watched.
"""

import json
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from inspect import CO_NEWLOCALS
from types import FrameType
from typing import Any, ClassVar

PACKAGE = "pins_plugin"


class Entered:
    """Notes which functions of the package are called, in any thread."""

    def __init__(self) -> None:
        self._codes: dict[Any, bool] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code not in self._codes:
            name = str(frame.f_globals.get("__name__"))
            code = (
                frame.f_code
            )  # bodies of classes and modules, and what dataclasses write, are no functions
            named = not code.co_name.startswith("<") and not code.co_filename.startswith("<")
            own = name.split(".")[0] == PACKAGE and bool(code.co_flags & CO_NEWLOCALS)
            self._codes[code] = named and own

    def files(self) -> set[str]:
        """Files of which a function was called."""
        return {code.co_filename for code, own in self._codes.items() if own}

    def count(self) -> int:
        """How many functions were called."""
        return sum(self._codes.values())


class Container:
    """An opened media file that counts the packets of pictures that are read from it."""

    opened: ClassVar[list["Container"]] = []

    def __init__(self, container: Any) -> None:
        self._container, self.packets = container, 0
        self.opened.append(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def demux(self, *streams: Any) -> Iterator[Any]:
        """Read on."""
        for packet in self._container.demux(*streams):
            if packet.stream.type == "video" and packet.size:
                self.packets += 1
            yield packet


class Voices:
    """Notes what voice encoders are given, by their class."""

    def __init__(self) -> None:
        self._given: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    def __call__(self, network: Any, inputs: Any) -> None:
        if type(network).__name__.endswith("VoiceEncoder"):
            rows = inputs[0].detach().cpu().numpy()
            self._given[type(network).__name__] += [(len(row), hash(row.tobytes())) for row in rows]

    def count(self) -> dict[str, dict[str, float]]:
        """Stretches of sound, those that were given before, and seconds (of 16 kHz), for each class."""
        return {
            name: {
                "stretches": len(given),
                "again": len(given) - len(set(given)),
                "seconds": sum(length for length, _ in given) / 16_000,
            }
            for name, given in self._given.items()
        }


def main() -> int:
    """Watch the command that was given."""
    import av
    from torch.nn.modules import module

    opened = av.open

    def watched(file: Any, *args: Any, **options: Any) -> Any:
        container = opened(file, *args, **options)
        reads = "w" not in (*args, options.get("mode"))
        return Container(container) if reads else container

    av.open = watched
    entered, voices = Entered(), Voices()
    module.register_module_forward_pre_hook(voices)
    from pins_plugin.cli import main as pins

    threading.setprofile(entered)
    sys.setprofile(entered)
    status = pins(sys.argv[1:])
    sys.setprofile(None)
    found = {
        "loaded": sorted(name for name in sys.modules if name.split(".")[0] == PACKAGE),
        "entered": sorted(entered.files()),
        "functions": entered.count(),
        "packets": [each.packets for each in Container.opened if each.packets],
        "voices": voices.count(),
    }
    print(json.dumps(found), file=sys.stderr)
    return int(status or 0)


if __name__ == "__main__":
    raise SystemExit(main())
