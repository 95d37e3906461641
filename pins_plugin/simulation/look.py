"""What the traits of a face look like: lengths and colors."""

from dataclasses import dataclass

import numpy as np

from pins_plugin.simulation.color import Color, mix, ramp, shade
from pins_plugin.simulation.mouth import LipShape
from pins_plugin.simulation.person import Person

SKIN: tuple[Color, ...] = (
    (250, 218, 192),
    (238, 190, 152),
    (212, 158, 116),
    (166, 114, 80),
    (116, 78, 56),
)
HAIR: tuple[Color, ...] = ((222, 188, 126), (160, 112, 68), (88, 58, 38), (34, 28, 26))
EYES: tuple[Color, ...] = ((92, 136, 178), (96, 128, 90), (128, 92, 56), (66, 44, 30))
CLOTHES: tuple[Color, ...] = (
    (64, 84, 130),
    (128, 62, 62),
    (70, 104, 82),
    (92, 92, 100),
    (150, 128, 92),
    (58, 52, 74),
)


@dataclass(frozen=True)
class Look:
    """The visible side of a person: lengths in half head widths, colors RGB 0..255, shares 0..1."""

    skin: Color
    redness: float
    wrinkles: float
    eye_bags: float
    jaw_width: float
    chin_y: float
    cheek: float
    neck_width: float
    hair: Color
    hair_length: float
    hair_volume: float
    hair_side: float
    beard: float
    brow_thickness: float
    brow_arch: float
    brow: Color
    eye_size: float
    eye_distance: float
    iris: Color
    nose_width: float
    nose_length: float
    lips: LipShape
    glasses: bool
    clothes: Color


def look_of(person: Person, clothes: Color = CLOTHES[0], smile: float = 0.0) -> Look:
    """Translate face traits (mean 0, variance 1) to lengths and colors; `smile` beside the usual one."""
    face = person.face
    squash = {name: float(1 / (1 + np.exp(-1.7 * value))) for name, value in face.items()}
    skin = ramp(SKIN, squash["skin_tone"])
    skin = mix(skin, (226, 92, 80), 0.22 * squash["skin_redness"])
    gray = float(np.clip(1.5 * squash["hair_gray"] - 0.45, 0, 1))
    pigment = ramp(HAIR, squash["hair_shade"])
    hair = mix(pigment, (206, 206, 208), gray)
    lip_color = mix(mix(skin, (186, 84, 84), 0.45), (196, 44, 66), 0.62 * squash["lip_redness"])
    fullness = 0.7 + 0.75 * squash["lip_fullness"]
    lips = LipShape(
        half_width=0.35 * float(np.exp(0.09 * face["mouth_width"])),
        upper=0.095 * fullness,
        lower=0.125 * fullness,
        color=lip_color,
        shadow=shade(skin, 0.55),
        teeth=mix((246, 243, 234), (222, 206, 168), 0.7 * squash["wrinkles"]),
        smile=0.2 + smile,
    )
    return Look(
        skin=skin,
        redness=squash["skin_redness"],
        wrinkles=squash["wrinkles"],
        eye_bags=squash["eye_bags"],
        jaw_width=squash["jaw_width"],
        chin_y=1.26 + 0.32 * squash["face_length"],
        cheek=squash["cheek_fullness"],
        neck_width=0.40 + 0.50 * squash["neck_width"],
        hair=hair,
        hair_length=squash["hair_length"],
        hair_volume=squash["hair_volume"],
        hair_side=0.7 * float(np.tanh(face["hair_style"])),
        beard=float(np.clip((squash["beard"] - 0.42) / 0.5, 0, 1)),
        brow_thickness=0.035 + 0.075 * squash["brow_thickness"],
        brow_arch=squash["brow_arch"],
        brow=mix(shade(pigment, 0.75), (150, 148, 146), 0.7 * gray),
        eye_size=0.155 + 0.075 * squash["eye_size"],
        eye_distance=0.41 * float(np.exp(0.04 * face["eye_spacing"])),
        iris=ramp(EYES, squash["eye_color"]),
        nose_width=0.13 + 0.20 * squash["nose_size"],
        nose_length=0.03 * float(np.tanh(face["nose_length"])),
        lips=lips,
        glasses=face["glasses"] > 1.1,
        clothes=clothes,
    )
