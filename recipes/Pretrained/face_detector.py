"""Make the shipped weights of the face detector from a public package.

  python recipes/Pretrained/face_detector.py [--out pins_plugin/pretrained/face_detector]

The weights are those of MTCNN in the Python package facenet-pytorch 2.5.3 (MIT license), which must be installed; they are
renamed and nothing else. What is written must have the checksum below, byte for byte.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from safetensors.torch import save
from torch import Tensor

from pins_plugin.errors import PinsError
from pins_plugin.tracking.mtcnn import STAGES, WEIGHTS, build_stages
from pins_plugin.utils.files import atomic_path

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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder to write")
    args = parser.parse_args()
    made = save(convert())
    got = hashlib.sha256(made).hexdigest()
    if got != RESULT_SHA256:
        raise PinsError(f"{WEIGHTS.name}: expected SHA-256 {RESULT_SHA256}, got {got}")
    args.out.mkdir(parents=True, exist_ok=True)
    with atomic_path(args.out / WEIGHTS.name) as path:
        path.write_bytes(made)
    print(args.out)


if __name__ == "__main__":
    try:
        main()
    except (PinsError, OSError) as error:
        sys.exit(f"face_detector.py: {error}")
