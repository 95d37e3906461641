"""List the words of LRW ("Lip Reading in the Wild", Chung and Zisserman 2016), which is handed out under agreement.

  python recipes/LipReading/prepare_lrw.py LRW/lipread_mp4 --out words.csv
  python recipes/Sync/prepare.py LRW/lipread_mp4 --out clips

Layout: WORD/{train,val,test}/WORD_00001.mp4 with a .txt whose line "Duration: 0.34 seconds" says how long the word
is; it stands in the middle of the clip of 1.16 s (29 frames).
"""

import re
from pathlib import Path

from pins_plugin.data.training.sync_clips import clip_name
from pins_plugin.errors import PinsError
from pins_plugin.utils.files import write_text
from pins_plugin.utils.script import run_script, script_parser

CLIP_SECONDS = 1.16
SPLITS = {"train": "train", "val": "valid", "test": "test"}


def main() -> None:
    """Write the CSV."""
    parser = script_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    lines = ["clip,start_s,end_s,word,split"]
    for path in sorted(args.folder.glob("*/*/*.txt")):
        word, split = path.parts[-3:-1]
        found = re.search(r"Duration:\s*([\d.]+)", path.read_text(encoding="utf-8"))
        if found and split in SPLITS:
            half = float(found[1]) / 2
            start, end = CLIP_SECONDS / 2 - half, CLIP_SECONDS / 2 + half
            name = clip_name(path, args.folder)
            lines.append(f"{name},{start:.3f},{end:.3f},{word.lower()},{SPLITS[split]}")
    if len(lines) == 1:
        raise PinsError(
            f"{args.folder}: expected WORD/train/WORD_00001.txt with a line 'Duration: ... seconds', got none; "
            "give the folder lipread_mp4"
        )
    write_text(args.out, "\n".join(lines) + "\n")


if __name__ == "__main__":
    run_script(main)
