"""Training from soft pairs: it must learn what is shared, and know what it does not know."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_clips import write_tiny_clips

from pins_plugin.errors import ManifestError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.losses.likelihood_ratio import LikelihoodRatioLoss, agreement_weights
from pins_plugin.models.faces.chip_face import ChipTrunk
from pins_plugin.models.voices.patch_voice import PatchTrunk
from pins_plugin.pipelines import PinsSpeakerEmbedding
from pins_plugin.train.experiment import load_experiment, run_experiment
from pins_plugin.train.pairs.soft_pairs import ENCODERS, WARM_UP, SoftRows, fit_heads
from pins_plugin.utils.seeding import seed_everything

YAML = Path(__file__).resolve().parents[3] / "hparams" / "face_voice.yaml"


def _write(path: Path, dim: int, kind: str, seed: int, noise: float = 0.5) -> None:
    """60 people, three rows each; the value moves one direction of the features, which differs by side."""
    generator = np.random.default_rng(seed)
    persons = np.repeat([f"{kind}{number:02}" for number in range(60)], 3)
    persons[150:] = np.repeat([f"p{number}" for number in range(10)], 3)  # seen and heard
    values = np.repeat(np.arange(60) % 2, 3).astype(float)
    direction = generator.normal(size=dim)
    features = np.outer(2 * values - 1, direction) + noise * generator.normal(size=(180, dim)) * 3
    np.savez(
        path,
        features=features.astype(np.float32),
        person=persons,
        split=np.where(np.arange(180) // 3 % 5 == 0, "choose", "learn"),
        probability=np.clip(values, 0.02, 0.98),
        changed=np.arange(180) % 3 > 0,
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    _write(folder / "faces.npz", 16, "f", seed=0)
    _write(folder / "voices.npz", 256, "v", seed=1)
    torch.manual_seed(0)
    trunks = {"face_encoder": ChipTrunk(), "voice_encoder": PatchTrunk()}
    save_file(
        {f"{n}.{k}": v.contiguous() for n, t in trunks.items() for k, v in t.state_dict().items()},
        folder / "trunks.safetensors",
    )
    return folder


def _train(prepared: Path, output: Path, *options: str) -> FaceVoiceEmbedder:
    run_experiment(
        [
            str(YAML),
            "--prepared_folder",
            str(prepared),
            "--output_folder",
            str(output),
            "--num_steps",
            "150",
            *options,
        ]
    )
    return FaceVoiceEmbedder.from_hparams(output / "model")


def test_it_learns_what_is_shared_and_saves_a_model_that_loads(
    prepared: Path, tmp_path: Path
) -> None:
    embedder = _train(prepared, tmp_path)
    scores = embedder.hparams.choosing
    assert scores["agreement_auc"] > 0.9
    assert 0.5 <= scores["pairs_auc"] <= 1.0
    assert embedder.wants_aligned and 0.5 < embedder.calibration.gain < 0.99
    assert embedder.encode_faces(torch.rand(2, 3, 112, 112)).shape == (2, embedder.embedding_dim)


def test_ratios_are_calibrated_on_other_people(prepared: Path, tmp_path: Path) -> None:
    """Pairs that agree are about twice as likely as chance, others hardly possible."""
    embedder = _train(prepared, tmp_path)
    sides = [SoftRows.load(prepared / f"{side}.npz", "choose") for side in ("faces", "voices")]
    heads = [embedder.mods[f"{side}_encoder"].head for side in ("face", "voice")]
    with torch.inference_mode():
        faces, voices = (head(rows.features) for head, rows in zip(heads, sides, strict=True))
    ratios = embedder.calibration.log_ratio(faces @ voices.T).exp()
    agree = (sides[0].probability > 0.5)[:, None] == (sides[1].probability > 0.5)
    assert 1.6 < float(ratios[agree].mean()) < 2.0 and float(ratios[~agree].mean()) < 0.4


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    prepared: Path, tmp_path: Path
) -> None:
    first, again, other = (
        _train(prepared, tmp_path / name, "--seed", seed).fingerprint()
        for name, seed in (("a", "0"), ("b", "0"), ("c", "1"))
    )
    assert first == again != other


def test_real_pairs_can_be_added(prepared: Path, tmp_path: Path) -> None:
    without = _train(prepared, tmp_path / "a")
    added = _train(prepared, tmp_path / "b", "--pair_weight", "0.5")
    assert without.fingerprint() != added.fingerprint()
    assert added.hparams.choosing["agreement_auc"] > 0.8


def test_values_and_people_are_drawn_evenly(prepared: Path) -> None:
    rows = SoftRows.load(prepared / "faces.npz", "learn")
    shares = rows.shares(set(), 1.0)
    assert float(shares[rows.probability > 0.5].sum()) == pytest.approx(1.0)
    assert float(shares.sum()) == pytest.approx(2.0)


def test_missing_rows_are_one_clear_error(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="RealPeople/prepare"):
        SoftRows.load(tmp_path / "faces.npz", "learn")
    with pytest.raises(ManifestError, match="expected rows of split 'report'"):
        SoftRows.load(prepared / "faces.npz", "report")


def test_fine_tuning_starts_from_the_model_that_ships(tmp_path: Path) -> None:
    manifest = write_tiny_clips(tmp_path / "clips")
    hparams = YAML.with_name("fine_tune.yaml")
    options = ["--image_size", "32", "--seconds", "0.5", "--batch_size", "8", "--num_epochs", "1"]
    folders = ["--manifest", str(manifest), "--output_folder", str(tmp_path / "own")]
    run_experiment([str(hparams), "--device", "cpu", *folders, *options])
    own = FaceVoiceEmbedder.from_hparams(tmp_path / "own" / "model")
    shipped = FaceVoiceEmbedder.from_hparams("face_voice")
    for side in ("face_encoder", "voice_encoder"):
        before, after = shipped.mods[side], own.mods[side]
        for name, value in before.trunk.state_dict().items():
            assert torch.equal(value, after.trunk.state_dict()[name])  # frozen
        assert not torch.equal(before.head.last.weight, after.head.last.weight)
        change = (before.head.last.weight - after.head.last.weight).norm()
        assert change < 0.2 * before.head.last.weight.norm()  # a start, not a fresh head
    assert own.wants_aligned
    sound = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = PinsSpeakerEmbedding(tmp_path / "own" / "model")(sound[:, None])
    torch.testing.assert_close(found, own.encode_voices(sound))


def test_speechbrain_opens_the_voice_branch_that_ships() -> None:
    from speechbrain.inference.speaker import EncoderClassifier

    from pins_plugin.models.folder.model_folder import PRETRAINED

    classifier = EncoderClassifier.from_hparams(str(PRETRAINED / "face_voice"), savedir=None)
    waveforms = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0))
    expected = FaceVoiceEmbedder.from_hparams("face_voice").encode_voices(waveforms)
    torch.testing.assert_close(classifier.encode_batch(waveforms).reshape(2, -1), expected)


def _fit_plainly(heads: torch.nn.ModuleList, rows: list[SoftRows], settings: dict) -> None:
    """The training of the heads as one loop of plain PyTorch, without checkpoints, loader and Brain."""
    seed_everything(settings["seed"])
    generator = torch.Generator().manual_seed(settings["seed"])
    both = sorted(set(rows[0].person) & set(rows[1].person))
    shares = [part.shares(set(both), settings["clip_share"]) for part in rows]
    loss_of = LikelihoodRatioLoss(settings["gain"])
    for head, part in zip(heads, rows, strict=True):
        head.standardize(part.features)
    optimizer = torch.optim.AdamW(heads.parameters(), weight_decay=settings["weight_decay"])
    heads.train()
    for step in range(settings["num_steps"]):
        for group in optimizer.param_groups:
            left = 1 - step / settings["num_steps"]
            group["lr"] = settings["peak_rate"] * min(1.0, step / WARM_UP, left)
        parts = [
            part.pick(torch.multinomial(share, settings["batch_size"], True, generator=generator))
            for part, share in zip(rows, shares, strict=True)
        ]
        own = []
        for part in rows:  # a row of each person
            of_person = [np.flatnonzero(part.person == person) for person in both]
            at = [int(torch.randint(len(n), (), generator=generator)) for n in of_person]
            own.append(part.pick(torch.tensor([n[i] for n, i in zip(of_person, at, strict=True)])))
        embedded = [head(part.features) for head, part in zip(heads, parts, strict=True)]
        real = [head(part.features) for head, part in zip(heads, own, strict=True)]
        loss = loss_of(*embedded, agreement_weights(*(part.probability for part in parts)))
        loss = loss + settings["pair_weight"] * loss_of(*real, len(both) * torch.eye(len(both)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_training_is_a_plain_loop_to_the_last_bit(prepared: Path, tmp_path: Path) -> None:
    """Over several epochs: what the loop keeps for resuming draws none of the random numbers of dropout."""
    rows = [SoftRows.load(prepared / f"{side}.npz", "learn") for side in ("faces", "voices")]
    weights = []
    for fit in (fit_heads, _fit_plainly):
        places = {"prepared_folder": str(prepared), "output_folder": str(tmp_path)}
        settings = load_experiment(YAML, places) | {"num_steps": 220}
        heads = torch.nn.ModuleList(settings[name].head for name in ENCODERS)
        fit(heads, rows, settings)
        weights.append(heads.state_dict())
    assert [name for name, value in weights[0].items() if not value.equal(weights[1][name])] == []
