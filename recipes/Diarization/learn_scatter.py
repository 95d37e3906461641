"""Learn how much the embeddings of one speaker and of different ones differ, by seconds of speech, and check it on others.

  python recipes/Diarization/learn_scatter.py VOICES [--model voice_campplus] [--out voice_scatter.json]

VOICES is a folder with manifest.csv (file, speaker, source; see conversations.py). Six speakers at a time share a
microphone and its noise, each in a room of its own; their speech is cut into stretches of 0.3 to 5 seconds of which none is
heard twice. Half the speakers teach the variances (maximum likelihood), and the calibration (logistic regression on pairs
within a group of six); the other half are judged: equal error rate by seconds of the shorter stretch, and calibration.
"""

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from conversations import SHARES, read_speech, record, reverberate
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.inference.pretrained import folder_checksum
from pins_plugin.metrics.verification import eer
from pins_plugin.models.folder.model_folder import resolve_source
from pins_plugin.pipelines.diarization.voice_model import FILE, VoiceModel, VoiceScatter
from pins_plugin.pipelines.diarization.voices import (
    DEFAULT_VOICE,
    load_voice_encoder,
)
from pins_plugin.utils.script import run_script, script_parser

SHORTEST, LONGEST, GROUP, MOST = 0.3, 5.0, 6, 20.0
BINS = (0.3, 0.5, 0.8, 1.3, 2.0, 3.2, 5.1)  # seconds
SEED = 5


class Stretches(NamedTuple):
    """Embeddings of stretches of speech: (num, dim), and of each the seconds, speaker, group of six and share."""

    embeddings: NDArray[np.float64]
    seconds: NDArray[np.float64]
    speakers: NDArray[np.int64]
    groups: NDArray[np.int64]
    shares: NDArray[np.int64]

    def of(self, share: str) -> "Stretches":
        """Those of one share of the speakers."""
        chosen = self.shares == SHARES.index(share)
        return Stretches(*(column[chosen] for column in self))


def embed_stretches(folder: Path, encoder: torch.nn.Module) -> Stretches:
    """Cut the speech of all speakers, and embed each stretch once."""
    generator = np.random.default_rng(SEED)
    jobs, speaker = [], 0
    for share in SHARES:
        speech = read_speech(folder, share)
        names = list(speech)
        generator.shuffle(names)
        for group in range(0, len(names), GROUP):
            waves = [
                reverberate(np.concatenate(speech[name])[: round(MOST * SAMPLE_RATE)], generator)
                for name in names[group : group + GROUP]
            ]
            mixed, start = record(np.concatenate(waves), generator), 0
            for wave in waves:
                own, begin = mixed[start : start + len(wave)], 0
                start += len(wave)
                while begin < len(own) - SHORTEST * SAMPLE_RATE:
                    size = int(
                        SAMPLE_RATE * np.exp(generator.uniform(np.log(SHORTEST), np.log(LONGEST)))
                    )
                    piece = own[begin : begin + size]
                    begin += size
                    if len(piece) >= SHORTEST * SAMPLE_RATE:
                        jobs.append((piece, speaker, group // GROUP, SHARES.index(share)))
                speaker += 1
    with torch.inference_mode():
        found = [encoder(torch.from_numpy(piece)[None])[0].double().numpy() for piece, *_ in jobs]
    seconds = np.array([len(piece) for piece, *_ in jobs]) / SAMPLE_RATE
    numbers = np.array([rest for _, *rest in jobs])
    return Stretches(np.stack(found), seconds, *numbers.T)


def fit_variances(stretches: Stretches) -> VoiceScatter:
    """Find the variances under which the embeddings, speaker by speaker, are the likeliest."""
    mean = stretches.embeddings.mean(axis=0)
    places = stretches.embeddings - mean
    _, speakers = np.unique(stretches.speakers, return_inverse=True)
    number, size = speakers.max() + 1, places.shape[1]
    squares = (places**2).sum(axis=1)

    def cost(logs: NDArray[np.float64]) -> float:
        between, within, by_length, exponent = np.exp(logs)
        variances = within + by_length * stretches.seconds**-exponent
        precisions = np.bincount(speakers, 1 / variances, number)
        weighted = np.zeros((number, size))
        np.add.at(weighted, speakers, places / variances[:, None])
        spread = ((weighted**2).sum(axis=1) / (precisions + 1 / between)).sum()
        narrowed = size * np.log1p(between * precisions).sum()
        own = (squares / variances + size * np.log(variances)).sum()
        return float(own + narrowed - spread) / len(places)

    start = np.log([places.var() / 2, places.var() / 4, places.var() / 2, 1.0])
    found = minimize(cost, start, method="Nelder-Mead", options={"maxiter": 2000, "maxfev": 2000})
    return VoiceScatter(tuple(mean), *map(float, np.exp(found.x)))


def pair_within_groups(
    stretches: Stretches,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """All pairs of stretches of a group of six, and whether they are of one speaker."""
    first, second = np.triu_indices(len(stretches.seconds), 1)
    near = stretches.groups[first] == stretches.groups[second]
    first, second = first[near], second[near]
    return first, second, stretches.speakers[first] == stretches.speakers[second]


def rate_pairs(
    scatter: VoiceScatter, stretches: Stretches
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Log-likelihood ratios of all pairs, whether they are of one speaker, and the seconds of the shorter."""
    first, second, same = pair_within_groups(stretches)
    places = (stretches.embeddings - np.array(scatter.mean)) / np.sqrt(scatter.between)
    ratios = VoiceModel(scatter, session=0.0).gains(places, stretches.seconds)[first, second]
    return ratios, same, np.minimum(stretches.seconds[first], stretches.seconds[second])


def log_cost(ratios: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Cllr: bits lost where both answers are as likely; 1 is what knowing nothing costs."""
    own, other = np.logaddexp(0, -ratios[same]).mean(), np.logaddexp(0, ratios[~same]).mean()
    return float((own + other) / 2 / np.log(2))


def calibrate(scatter: VoiceScatter, stretches: Stretches) -> tuple[float, float]:
    """Weight and offset with which log-likelihood ratios mean what they say."""
    ratios, same, _ = rate_pairs(scatter, stretches)
    found = minimize(lambda line: log_cost(line[0] * ratios + line[1], same), [0.2, 1.0])
    return float(found.x[0]), float(found.x[1])


def report(scatter: VoiceScatter, stretches: Stretches, weight: float, offset: float) -> str:
    """Equal error rate by seconds, and how well calibrated, in words."""
    ratios, same, shorter = rate_pairs(scatter, stretches)
    ratios = weight * ratios + offset
    first, second, _ = pair_within_groups(stretches)
    cosines = (stretches.embeddings[first] * stretches.embeddings[second]).sum(axis=1)
    lines = [
        f"{len(ratios)} pairs, {same.sum()} of one speaker; equal error rate {eer(ratios, same):.3f} "
        f"(cosine {eer(cosines, same):.3f}); Cllr {log_cost(ratios, same):.3f} bits"
    ]
    for low, high in pairwise(BINS):
        chosen = (shorter >= low) & (shorter < high)
        lines.append(f"  {low} to {high} s: {eer(ratios[chosen], same[chosen]):.3f}")
    prior = np.log(same.mean() / (1 - same.mean()))
    chances = expit(ratios + prior)
    for low, high in zip(
        (0, 0.05, 0.2, 0.5, 0.8, 0.95), (0.05, 0.2, 0.5, 0.8, 0.95, 1.01), strict=True
    ):
        chosen = (chances >= low) & (chances < high)
        lines.append(
            f"  said {100 * chances[chosen].mean():.0f} %: {100 * same[chosen].mean():.0f} % are ({chosen.sum()})"
        )
    return "\n".join(lines)


def main() -> None:
    """Embed, learn, judge, write."""
    parser = script_parser(__doc__)
    parser.add_argument("voices", type=Path, help="folder with manifest.csv")
    parser.add_argument("--model", default=DEFAULT_VOICE, help="model folder of the voice encoder")
    parser.add_argument("--out", type=Path, help="file; in the model folder where not given")
    args = parser.parse_args()
    stretches = embed_stretches(args.voices, load_voice_encoder(args.model))
    learn_and_write(stretches, args.model, args.out or resolve_source(args.model) / FILE)


def learn_and_write(stretches: Stretches, model: str, out: Path) -> None:
    """Learn from one half, judge by the other, write."""
    learnt = stretches.of("learn")
    scatter = fit_variances(learnt)
    print(report(scatter, stretches.of("held_out"), *calibrate(scatter, learnt)))
    number, people = len(learnt.seconds), len(np.unique(learnt.speakers))
    about = f"{number} stretches of {people} speakers (LibriSpeech, VCTK; CC BY 4.0), 0.3 to 5 s, in simulated rooms and noise"
    scatter.save(out, folder_checksum(model, "voice_encoder"), about)
    print(out)


if __name__ == "__main__":
    run_script(main)
