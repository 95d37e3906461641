"""Make the shipped weights of the face detector from a public package.

  python recipes/Pretrained/face_detector.py [--out pins_plugin/pretrained/face_detector]

The weights are those of MTCNN in the Python package facenet-pytorch 2.5.3 (MIT license), which must be installed; they are
renamed and nothing else. What is written must have the checksum below, byte for byte.
"""

from pathlib import Path

from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from packages import expect_checksum, write_weights
from safetensors.torch import save
from torch import Tensor

from pins_plugin.tracking.mtcnn import STAGES, WEIGHTS, build_stages
from pins_plugin.utils.script import run_script, script_parser

RESULT_SHA256 = "1478e7a79c2dbe35452e32eefb0f2576ef712e617b212f45eab587a8d37b6c13"


def convert() -> dict[str, Tensor]:
    """Give our layers the weights of theirs, which are made in the same order."""
    stages = build_stages()
    for stage, theirs in zip(STAGES, (PNet(), RNet(), ONet()), strict=True):
        own = stages[stage].state_dict()
        names = zip(own, theirs.state_dict().values(), strict=True)
        stages[stage].load_state_dict(dict(names))
    return dict(stages.state_dict())


def main() -> None:
    """Read, convert, check, write."""
    parser = script_parser(__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder to write")
    args = parser.parse_args()
    made = save(convert())
    expect_checksum(WEIGHTS.name, made, RESULT_SHA256)
    write_weights(args.out / WEIGHTS.name, made)


if __name__ == "__main__":
    run_script(main)
