"""Write simulated recognition embeddings: face.npz, voice.npz and manifest.csv.

python recipes/Features/simulate.py results/features/data --people 400 --seed 0
"""

from pathlib import Path

from pins_plugin.simulation.features import FeatureSettings, write_features
from pins_plugin.utils.script import script_parser

if __name__ == "__main__":
    parser = script_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=400, help="default: 400")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    args = parser.parse_args()
    write_features(args.folder, FeatureSettings(num_identities=args.people), args.seed)
    print(f"{args.folder}: face.npz, voice.npz, manifest.csv")
