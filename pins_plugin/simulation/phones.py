"""A small inventory of phones: each drives the vocal tract (sound) and the mouth (sight) alike.

Formants are those of an adult of middle size (after Peterson and Barney 1952 and Klatt 1980, rounded).
"""

from typing import NamedTuple

MOUTH_PARAMETERS = ("jaw", "opening", "width", "rounding", "press", "tuck", "tongue")


class Mouth(NamedTuple):
    """What the mouth does; every number but `width` (-1 narrow .. 1 spread) runs from 0 to 1."""

    jaw: float  # how far the chin drops
    opening: float  # gap between the lips
    width: float  # how far the corners spread
    rounding: float = 0.0  # lips pushed forward
    press: float = 0.0  # lips pressed together (p, b, m)
    tuck: float = 0.0  # lower lip under the upper teeth (f, v)
    tongue: float = 0.0  # tongue seen between or behind the teeth (th, l)


class Phone(NamedTuple):
    """One speech sound.

    `kind` is "vowel", "stop", "nasal", "glide", "fricative" or "silence"; times in seconds, frequencies in Hz, levels
    linear. `grip` says how firmly the phone holds the lips against its neighbors (Cohen and Massaro 1993).
    """

    kind: str
    duration: float
    formants: tuple[float, float, float]
    mouth: Mouth
    grip: float = 1.0
    voicing: float = 1.0
    aspiration: float = 0.0
    friction: float = 0.0
    friction_center: float = 4000.0
    friction_width: float = 1200.0


REST = Mouth(0.02, 0.0, 0.0)


def _vowel(duration: float, f1: float, f2: float, f3: float, mouth: Mouth) -> Phone:
    return Phone("vowel", duration, (f1, f2, f3), mouth)


PHONES: dict[str, Phone] = {
    "sil": Phone("silence", 0.10, (500, 1500, 2500), REST, grip=0.6, voicing=0.0),
    # vowels
    "aa": _vowel(0.15, 750, 1150, 2500, Mouth(1.0, 1.0, 0.05)),
    "ae": _vowel(0.15, 690, 1700, 2450, Mouth(0.85, 0.85, 0.55)),
    "eh": _vowel(0.12, 560, 1800, 2500, Mouth(0.55, 0.6, 0.4)),
    "ah": _vowel(0.10, 620, 1250, 2500, Mouth(0.55, 0.55, 0.0)),
    "ih": _vowel(0.09, 410, 1980, 2600, Mouth(0.3, 0.38, 0.45)),
    "iy": _vowel(0.13, 285, 2280, 3000, Mouth(0.15, 0.32, 0.95)),
    "ao": _vowel(0.15, 570, 860, 2450, Mouth(0.75, 0.75, -0.5, rounding=0.6)),
    "uw": _vowel(0.14, 310, 900, 2250, Mouth(0.15, 0.22, -0.9, rounding=1.0)),
    "uh": _vowel(0.10, 430, 1050, 2280, Mouth(0.3, 0.35, -0.45, rounding=0.55)),
    "er": _vowel(0.13, 480, 1330, 1700, Mouth(0.3, 0.36, -0.3, rounding=0.35)),
    # lips
    "p": Phone("stop", 0.09, (320, 950, 2200), Mouth(0.1, 0.0, 0.0, press=1.0), 8.0, 0.0, 0.5, 0.5, 900, 900),
    "b": Phone("stop", 0.08, (230, 950, 2200), Mouth(0.1, 0.0, 0.0, press=1.0), 8.0, 0.1, 0.1, 0.3, 900, 900),
    "m": Phone("nasal", 0.09, (260, 1050, 2200), Mouth(0.1, 0.0, 0.0, press=0.9), 8.0, 0.45),
    "f": Phone("fricative", 0.11, (350, 1150, 2300), Mouth(0.15, 0.14, 0.2, tuck=1.0), 5.0, 0.0, 0.0, 0.30, 5500, 3500),
    "v": Phone("fricative", 0.08, (320, 1150, 2300), Mouth(0.15, 0.14, 0.2, tuck=1.0), 5.0, 0.4, 0.0, 0.15, 5500, 3500),
    "w": Phone("glide", 0.08, (300, 650, 2200), Mouth(0.15, 0.14, -1.0, rounding=1.0), 3.0, 0.7),
    # tongue
    "r": Phone("glide", 0.08, (340, 1150, 1550), Mouth(0.2, 0.28, -0.5, rounding=0.6), 1.5, 0.75),
    "l": Phone("glide", 0.08, (360, 1150, 2750), Mouth(0.4, 0.45, 0.2, tongue=0.8), 0.8, 0.7),
    "y": Phone("glide", 0.07, (270, 2250, 3000), Mouth(0.15, 0.28, 0.8), 0.8, 0.7),
    "n": Phone("nasal", 0.08, (270, 1600, 2600), Mouth(0.2, 0.26, 0.2, tongue=0.4), 0.5, 0.45),
    "t": Phone("stop", 0.09, (350, 1750, 2650), Mouth(0.12, 0.22, 0.3), 0.6, 0.0, 0.45, 0.8, 4500, 1800),
    "d": Phone("stop", 0.07, (250, 1750, 2650), Mouth(0.15, 0.24, 0.3), 0.6, 0.1, 0.1, 0.5, 4200, 1800),
    "k": Phone("stop", 0.10, (300, 1900, 2400), Mouth(0.3, 0.34, 0.1), 0.4, 0.0, 0.5, 0.7, 2200, 900),
    "g": Phone("stop", 0.08, (250, 1900, 2400), Mouth(0.3, 0.34, 0.1), 0.4, 0.1, 0.1, 0.4, 2200, 900),
    "s": Phone("fricative", 0.12, (350, 1650, 2600), Mouth(0.05, 0.24, 0.55), 1.2, 0.0, 0.0, 0.75, 6200, 1400),
    "z": Phone("fricative", 0.09, (300, 1650, 2600), Mouth(0.05, 0.24, 0.5), 1.2, 0.4, 0.0, 0.40, 6200, 1400),
    "sh": Phone("fricative", 0.12, (350, 1700, 2500), Mouth(0.08, 0.38, -0.6, rounding=0.8), 2.5, 0.0, 0.0, 0.75, 3400, 1100),
    "th": Phone("fricative", 0.10, (350, 1350, 2600), Mouth(0.2, 0.28, 0.2, tongue=1.0), 2.0, 0.0, 0.0, 0.20, 6000, 3500),
    "dh": Phone("fricative", 0.07, (300, 1350, 2600), Mouth(0.2, 0.28, 0.2, tongue=1.0), 2.0, 0.45, 0.0, 0.10, 6000, 3500),
}  # fmt: skip

VOCABULARY: dict[str, tuple[str, ...]] = {
    word: tuple(phones.split())
    for word, phones in {
        "apple": "ae p ah l",
        "baby": "b eh ih b iy",
        "cheese": "t sh iy z",
        "father": "f aa dh er",
        "five": "f aa ih v",
        "forest": "f ao r ah s t",
        "garden": "g aa r d ah n",
        "kitchen": "k ih t sh ah n",
        "lamb": "l ae m",
        "lemon": "l eh m ah n",
        "money": "m ah n iy",
        "moon": "m uw n",
        "music": "m y uw z ih k",
        "people": "p iy p ah l",
        "river": "r ih v er",
        "seven": "s eh v ah n",
        "shadow": "sh ae d ao uw",
        "sofa": "s ao uw f ah",
        "table": "t eh ih b ah l",
        "thumb": "th ah m",
        "valley": "v ae l iy",
        "water": "w ao t er",
        "window": "w ih n d ao uw",
        "wolf": "w uh l f",
        "yellow": "y eh l ao uw",
    }.items()
}
