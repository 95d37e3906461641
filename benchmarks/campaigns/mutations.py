"""Seeded damage: to bytes, and to the values of JSON."""

import json
from copy import deepcopy
from typing import Any

import numpy as np

ODD_INTEGERS = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 1e308, -1e9, 10**400, float("nan"), float("inf"), "", "\ud800", "\x1b[2J",
    "a" * 5000, [], {}, [[]], [None], {"a": None}, "../../etc/passwd", "NaN",
)  # fmt: skip


def mutate_bytes(content: bytes, generator: np.random.Generator) -> bytes:
    """Damage a file in one to four places: more often near its start, where headers are."""
    data = bytearray(content)
    for _ in range(int(generator.integers(1, 5))):
        if not data:
            break
        near = min(len(data), 2000) if generator.random() < 0.5 else len(data)
        place = int(generator.integers(near))
        length = int(generator.integers(1, max(2, min(4000, len(data) // 4))))
        kind = int(generator.integers(7))
        if kind == 0:
            data[place] ^= 1 << int(generator.integers(8))
        elif kind == 1:
            data[place : place + length] = generator.bytes(min(length, 64))
        elif kind == 2:
            del data[place : place + length]
        elif kind == 3:
            data[place:place] = data[place : place + length]
        elif kind == 4:
            data[place : place + length] = bytes(length)
        elif kind == 5:
            del data[max(1, place) :]
        else:
            value = int(generator.choice(ODD_INTEGERS))
            data[place : place + 4] = value.to_bytes(
                4, "big" if generator.random() < 0.5 else "little"
            )
    return bytes(data)


def mutate_json(content: bytes, generator: np.random.Generator) -> bytes:
    """Put an odd value in the place of some value, or leave it out; a third of all are damaged as bytes."""
    if generator.random() < 1 / 3:
        return mutate_bytes(content, generator)
    value = json.loads(content)
    for _ in range(int(generator.integers(1, 3))):
        places = list(_places(value))
        holder, key = places[int(generator.integers(len(places)))]
        if generator.random() < 0.2 and isinstance(holder, dict):
            holder.pop(key, None)
        else:
            odd = ODD_VALUES[int(generator.integers(len(ODD_VALUES)))]
            holder[key] = deepcopy(odd)  # a list that took itself in is no JSON
    return json.dumps(value).encode()


def _places(value: Any) -> Any:
    """Holder and key of every value inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)
