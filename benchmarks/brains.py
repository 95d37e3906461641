"""What benchmarks of training share: the networks of an experiment, ready for single steps."""

from typing import Any

from pins_plugin.train.pairs.brain import FaceVoiceBrain


def make_brain(hparams: dict, num_steps: int, **run_opts: Any) -> FaceVoiceBrain:
    """Make the trainer of an experiment on pairs, without a loop around it."""
    brain = FaceVoiceBrain(
        modules={name: hparams[name] for name in ("face_encoder", "voice_encoder", "objective")},
        opt_class=hparams["optimizer"],
        hparams={"max_minutes": None, "patience": None, **hparams, "num_steps": num_steps},
        run_opts=run_opts,
    )
    brain.on_fit_start()
    brain.modules.train()
    return brain
