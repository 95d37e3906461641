"""Join synchronization models that were trained alike from other seeds into one, in 8 bits.

python recipes/Sync/join.py MODEL MODEL ... --out OUT
"""

import argparse
from pathlib import Path

from torch import nn

from pins_plugin.models.folder import load_model_folder, read_specs, save_model_folder
from pins_plugin.models.sync_joined import JoinedLipEncoders, JoinedSoundEncoders

JOINED = {"lip_encoder": JoinedLipEncoders, "sound_encoder": JoinedSoundEncoders}


def main() -> None:
    """Load, join, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    opened = [load_model_folder(model) for model in args.models]
    specs = read_specs(args.models[0])
    modules: dict[str, nn.Module] = {}
    config = {}
    for name, kind in JOINED.items():
        options = {"num_members": len(opened), **specs[name].arguments}
        modules[name] = joined = kind(**options)
        for member, model in zip(joined.members, opened, strict=True):
            member.load_state_dict(model.modules[name].state_dict())
        config[name] = (f"{kind.__module__}.{kind.__qualname__}", options)
    card = f"# Synchronization model\n\n{len(opened)} models side by side; confidences not yet calibrated.\n"
    save_model_folder(args.out, modules, config, opened[0].settings, card, in_8_bits=True)


if __name__ == "__main__":
    main()
