"""Measure what the threshold of the shipped face recognition costs: two people taken for one, one taken for two.

  python recipes/Pretrained/face_threshold.py DATA [--thresholds 0.62 0.7 0.77] [--every 5]

DATA holds `portraits` (public domain) and `clips`. False merges are pairs of two people: portraits, one of each; and people in video, the mean of four
pictures of each, without those of GRID, whose mean the last layer knows. Misses are pairs of one person: two pictures of one clip, and a
portrait against copies of itself, changed in light, color and place, or seen 48 and 32 pixels small (of every fifth portrait). Real pairs of one person over years are not
among them: expect more misses there.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from pins_plugin.data.training.augmentation import FaceAugmentation
from pins_plugin.errors import ManifestError, MediaError
from pins_plugin.inference.face_recognition import load_face_recognition
from pins_plugin.inference.portraits import load_portraits
from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import read_table
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

SIZE = 112
PICTURES = 4  # of a clip
IN_LAST_LAYER = {f"p{number:02}" for number in range(1, 11)}  # GRID
CHANGES = FaceAugmentation(brightness=0.3, contrast=0.3, saturation=0.6, shift=0.03, zoom=0.08)
HEADERS = ("threshold", "portraits", "in video", "one clip", "light and place", "48 pixels", "32 pixels")  # fmt: skip


def read_faces(folder: Path, rows: list[dict[str, str]], count: int) -> Iterator[Tensor]:
    """Faces (num_faces, 3, 112, 112) of each file that shows one."""
    for row in progress(rows, folder.name):
        try:
            faces = load_portraits(folder / row["file"], SIZE, num_frames=count)
        except MediaError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        yield torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255


def shrink(faces: Tensor, side: int) -> Tensor:
    """Faces as coarse as if they were seen `side` pixels high."""
    small = interpolate(faces, (side, side), mode="bilinear", antialias=True)
    return interpolate(small, faces.shape[2:], mode="bilinear")


def above_diagonal(rows: Tensor) -> NDArray[np.float32]:
    """Cosines of all pairs of different rows (num_rows, embedding_dim) of unit length."""
    return np.asarray((rows @ rows.T).numpy()[np.triu_indices(len(rows), 1)])


def measure(data: Path, every: int) -> tuple[list[NDArray], list[NDArray]]:
    """Cosines of pairs of two people, by kind, and of one person."""
    encoder = load_face_recognition().face_encoder

    def embed(faces: Tensor) -> Tensor:
        return normalize(torch.cat([encoder(part) for part in faces.split(16)]), dim=1)

    people: dict[str, dict[str, str]] = {}
    clip_rows, portrait_rows = (
        read_table(data / kind / "manifest.csv", ManifestError, f"the manifest of {kind}")
        for kind in ("clips", "portraits")
    )
    for row in clip_rows:
        if row["person"] not in IN_LAST_LAYER and row["scene"] == "one person":
            people.setdefault(row["person"], row)
    clips = [embed(f) for f in read_faces(data / "clips", list(people.values()), PICTURES)]
    pictures = torch.cat(list(read_faces(data / "portraits", portrait_rows, 1)))
    portraits = embed(pictures)
    chosen, own = pictures[::every], portraits[::every]
    changed = CHANGES(chosen, torch.Generator().manual_seed(0))
    copies = (changed, shrink(chosen, 48), shrink(chosen, 32))
    means = normalize(torch.stack([clip.mean(dim=0) for clip in clips]), dim=1)
    print(f"{len(portraits)} portraits, {len(clips)} people in video")
    other = [above_diagonal(portraits), above_diagonal(means)]
    same = [np.concatenate([above_diagonal(clip) for clip in clips])]
    same += [(own * embed(copy)).sum(dim=1).numpy() for copy in copies]
    return other, same


@torch.inference_mode()
def main() -> None:
    """Print one row for each threshold."""
    parser = script_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.55, 0.62, 0.66, 0.7, 0.735, 0.77, 0.85])  # fmt: skip
    parser.add_argument("--every", type=int, default=5, help="portrait that is changed")
    args = parser.parse_args()
    other, same = measure(args.data, args.every)
    rows = [
        [
            f"{threshold:g}",
            *(f"{100 * (cosines >= threshold).mean():.2f}" for cosines in other),
            *(f"{100 * (cosines < threshold).mean():.1f}" for cosines in same),
        ]
        for threshold in args.thresholds
    ]
    print(f"pairs: {', '.join(str(len(each)) for each in (*other, *same))}")
    print("Two people taken for one (first two), one for two (the others), %\n")
    print(format_table(HEADERS, rows, markdown=True))


if __name__ == "__main__":
    run_script(main)
