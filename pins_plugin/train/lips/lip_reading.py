"""Training of a lip reader: a word classifier over frozen synchronization features, or end to end."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.data.corpora.words import SpokenWord, cut_word, read_words, vocabulary
from pins_plugin.data.training.stretches import OneLongRun
from pins_plugin.data.training.sync_clips import load_sync_clip
from pins_plugin.errors import PinsError
from pins_plugin.models.folder.model_folder import load_model_folder, save_model_folder
from pins_plugin.models.folder.module_registry import make_module
from pins_plugin.models.lips.lip_reader import WordClassifier
from pins_plugin.models.lips.sync_encoders import LipEncoder
from pins_plugin.train.learning_rate import lips_cycle
from pins_plugin.train.loop import TrainingBrain, train_steps
from pins_plugin.train.run_record import begin_run, data_key
from pins_plugin.utils.files import write_json
from pins_plugin.utils.seeding import seed_everything

READING_OPTIONS = ("end_to_end", "num_steps", "batch_size", "learning_rate", "weight_decay", "seed")
LABEL_SMOOTHING = 0.1
WORDS_AT_ONCE = 1024  # clips or words at once where no gradient is kept


def train_lip_reader(
    lips: Mapping[str, Tensor],
    words: Sequence[SpokenWord],
    known_words: Sequence[str],
    lip_encoder: LipEncoder,
    classifier: WordClassifier,
    *,
    end_to_end: bool = False,
    num_steps: int = 500,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.05,
    seed: int = 0,
    valid_words: Sequence[SpokenWord] = (),
    valid_every: int = 50,
    run_opts: Any = None,
    folder: Path | None = None,
    quiet: bool = False,
) -> list[tuple[int, float]]:
    """Train the classifier in place, and with `end_to_end` the encoder below it as well.

    Parameters
    ----------
    lips : mapping of clip to (num_frames, 88, 2) Tensor
    words : sequence of SpokenWord
        Of these clips.
    known_words : sequence of str
        Classes.
    lip_encoder : LipEncoder
        Left as it is unless `end_to_end`.
    classifier : WordClassifier
        For `lip_encoder.inner_dim` features.
    num_steps, batch_size, learning_rate, weight_decay, seed
    valid_words : sequence of SpokenWord
        With any, the weights that read most of them right are kept, not the last ones.
    valid_every : int
        In steps.
    run_opts, folder, quiet
        As in `run_training`.

    Returns
    -------
    history : list of (step, accuracy)
        On `valid_words`.
    """
    seed_everything(seed)
    modules: dict[str, nn.Module] = {"word_classifier": classifier}
    frozen = None
    if end_to_end:
        modules["lip_encoder"] = lip_encoder
    else:
        frozen = torch.stack(word_windows(lips, words, lip_encoder))

    def draw(generator: torch.Generator) -> tuple[Tensor, int]:
        """Words, and by how many frames they are shifted."""
        chosen = torch.randint(len(words), (batch_size,), generator=generator)
        return chosen, int(torch.randint(-1, 2, (1,), generator=generator))

    def windows(chosen: Tensor) -> Tensor:
        if frozen is not None:
            return frozen[chosen]
        picked = [words[index] for index in chosen.tolist()]
        return torch.stack(word_windows(lips, picked, lip_encoder, train=True))

    labels = torch.tensor([known_words.index(word.word) for word in words])

    def loss_of(brain: TrainingBrain, batch: tuple[Tensor, int]) -> Tensor:
        """Compare what is read in shifted windows with the words."""
        chosen, shift = batch
        shifted = windows(chosen).to(brain.device).roll(shift, dims=1)
        logits = brain.modules.word_classifier(shifted)  # (batch, num_words)
        truth = labels[chosen].to(brain.device)
        return functional.cross_entropy(logits, truth, label_smoothing=LABEL_SMOOTHING)

    def score() -> dict[str, float]:
        right = word_accuracy(lips, valid_words, known_words, lip_encoder, classifier)
        return {"accuracy": float(right.float().mean())}

    history = train_steps(
        loss_of,
        modules,
        OneLongRun(num_steps, valid_every, seed, draw),
        num_steps,
        lips_cycle(learning_rate),
        weight_decay,
        run_opts=run_opts,
        folder=folder,
        scorer=score if valid_words else None,
        best_by="accuracy" if valid_words else None,
        quiet=quiet,
    )
    return [
        (min(round(entry["epoch"]) * valid_every, num_steps), entry["accuracy"])
        for entry in history
        if "accuracy" in entry
    ]


def word_windows(
    lips: Mapping[str, Tensor],
    words: Sequence[SpokenWord],
    lip_encoder: LipEncoder,
    train: bool = False,
) -> list[Tensor]:
    """Windows of the encoder's inner features around words, each clip encoded once.

    Clips of one length go through the encoder together.
    """
    names = sorted({word.clip for word in words})
    by_length: dict[int, list[str]] = {}
    for name in names:
        by_length.setdefault(len(lips[name]), []).append(name)
    features: dict[str, Tensor] = {}
    device = next(lip_encoder.parameters()).device
    with torch.set_grad_enabled(train):
        for group in by_length.values():
            for start in range(0, len(group), WORDS_AT_ONCE):
                part = group[start : start + WORDS_AT_ONCE]
                encoded = lip_encoder.inner_features(
                    torch.stack([lips[name] for name in part]).to(device)
                )
                features.update(zip(part, encoded, strict=True))
    return [cut_word(features[word.clip], word.start, word.end) for word in words]


def word_accuracy(
    lips: Mapping[str, Tensor],
    words: Sequence[SpokenWord],
    known_words: Sequence[str],
    lip_encoder: LipEncoder,
    classifier: WordClassifier,
) -> Tensor:
    """Whether each word was read right, (num_words,) bool."""
    lip_encoder.eval()
    classifier.eval()
    with torch.inference_mode():
        windows = torch.stack(word_windows(lips, words, lip_encoder))
        windows = windows.to(next(classifier.parameters()).device)
        guesses = [classifier(part).argmax(dim=1) for part in windows.split(WORDS_AT_ONCE)]
    labels = torch.tensor([known_words.index(word.word) for word in words])
    return torch.cat(guesses).cpu() == labels


def train_lip_reading(hparams: dict[str, Any], run_opts: dict[str, Any]) -> None:
    """Carry out the experiment of `hparams/lip_reading.yaml`: train, score, write a model folder.

    Raises
    ------
    PinsError
        When no word of the list is in a clip, or none is left to train on or to test on.
    """
    folder = Path(hparams["output_folder"])
    lips, words = load_spoken(hparams["clips"], hparams["words"])
    parts = ("words", Path(hparams["words"])), ("clips", Path(hparams["clips"]))
    train, valid, test = split_words(words, hparams["num_test_clips"], hparams["num_valid_clips"])
    if not train or not test:
        raise PinsError(
            f"words: {hparams['words']}: expected words to train on and words to test on, got {len(train)} and {len(test)}; "
            "see num_test_clips, or the column split"
        )
    begin_run(folder, hparams, data_key(parts))
    known = vocabulary(words)
    encoder = load_model_folder(hparams["synchronizer"]).modules.get("lip_encoder")
    if not isinstance(encoder, LipEncoder):
        raise PinsError(
            f"synchronizer: {hparams['synchronizer']}: expected a model folder with a lip_encoder, a LipEncoder; "
            f"got {'none' if encoder is None else type(encoder).__name__}"
        )
    if hparams["end_to_end"]:
        seed_everything(hparams["seed"])
        encoder = make_module(LipEncoder, channels=encoder.blocks.convolutions[0].in_channels)
    seed_everything(hparams["seed"])
    classifier = make_module(
        WordClassifier,
        feature_dim=encoder.inner_dim,
        num_words=len(known),
        channels=hparams["channels"],
        dropout=hparams["dropout"],
    )
    history = train_lip_reader(
        lips,
        train,
        known,
        encoder,
        classifier,
        valid_words=valid,
        **{name: hparams[name] for name in READING_OPTIONS},
        valid_every=max(50, hparams["num_steps"] // 50),
        run_opts=run_opts,
        folder=folder,
    )
    right = word_accuracy(lips, test, known, encoder, classifier)
    commonest = max(sum(word.word == each for word in test) for each in known)
    result = {
        "top1": round(float(right.float().mean()), 4),
        "step": max(history, key=lambda entry: entry[::-1])[0] if history else hparams["num_steps"],
        "num_train_words": len(train),
        "num_test_words": len(test),
        "num_test_clips": len({word.clip for word in test}),
        "chance": round(1 / len(known), 4),
        "commonest_word": round(commonest / len(test), 4),
        "end_to_end": hparams["end_to_end"],
        "seed": hparams["seed"],
    }
    write_json(folder / "result.json", result)
    print(" ".join(f"{name}={value}" for name, value in result.items()))
    save_model_folder(
        folder / "model",
        {"lip_encoder": encoder, "word_classifier": classifier},
        {"vocabulary": known},
        f"# Lip reader\n\n{len(known)} words; top-1 on {len(test)} words of unseen clips: "
        f"{100 * result['top1']:.1f} % (chance {100 / len(known):.1f} %).\n",
    )


def load_spoken(
    clips: str | Path, word_list: str | Path
) -> tuple[dict[str, Tensor], list[SpokenWord]]:
    """Read a list of words, and the lips of the clips below a folder that they are spoken in.

    Returns
    -------
    lips : dict of clip to (num_frames, 88, 2) Tensor
    words : list of SpokenWord
        Times are of the clip, which may begin later than the video.

    Raises
    ------
    PinsError
        When no word of the list is in a clip.
    """
    paths = {path.stem: path for path in sorted(Path(clips).rglob("*.npz"))}
    words = [word for word in read_words(word_list) if word.clip in paths]
    if not words:
        raise PinsError(
            f"words: {word_list}: expected words of clips in {clips}, got none; "
            "make the clips with recipes/Sync/prepare.py"
        )
    spoken = {name: load_sync_clip(paths[name]) for name in sorted({word.clip for word in words})}
    starts = {name: clip.start for name, clip in spoken.items()}
    lips = {name: torch.from_numpy(clip.lips) for name, clip in spoken.items()}
    return lips, [
        replace(word, start=word.start - starts[word.clip], end=word.end - starts[word.clip])
        for word in words
    ]


def split_words(
    words: Sequence[SpokenWord], num_test_clips: int, num_valid_clips: int = 0
) -> tuple[list[SpokenWord], list[SpokenWord], list[SpokenWord]]:
    """Words to train on, to choose the step by, and to test on.

    By their `split`; where there is none, clips evenly spread over the names: the first of each stretch
    for the test, the middle one for validation.
    """
    if any(word.split for word in words):
        train, valid, test = (
            [word for word in words if word.split == split] for split in ("train", "valid", "test")
        )
        return train, valid, test
    names = sorted({word.clip for word in words})
    stride = max(1, len(names) // num_test_clips)
    test_clips = set(names[::stride][:num_test_clips])
    rest = [name for name in names[stride // 2 :: stride] if name not in test_clips]
    valid_clips = set(rest[:num_valid_clips])
    return (
        [word for word in words if word.clip not in test_clips | valid_clips],
        [word for word in words if word.clip in valid_clips],
        [word for word in words if word.clip in test_clips],
    )
