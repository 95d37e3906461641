"""Speed of mining and losses, forward and backward, beside pytorch-metric-learning.

  python benchmarks/losses.py                 # batches of 256, 1024, 4096 x 256 dimensions
  pip install pytorch-metric-learning         # for the comparison; not a dependency of this package

Ours and theirs take turns, so that both meet the same machine; the fastest of the rounds is printed, since what
else runs on the machine only adds.
Nearest equivalents: their BatchEasyHardMiner picks, as ours, the hardest negative that is easier than the
partner, and their NTXentLoss is a softmax over the batch. Their reference embeddings get no gradient, so
that training both branches takes two calls, one per direction, as it does here.
"""

import time
from collections.abc import Callable

import torch
from tables import make_parser, publish
from torch import Tensor

from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.losses.within_modality import WithinModalitySeparationLoss
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.miners.semi_hard import SemiHardMiner

Objective = Callable[[Tensor, Tensor], Tensor]
DIM = 256


def contrastive(miner: object) -> Objective:
    """Contrastive loss with a miner, both directions."""
    return MinedContrastiveLoss(ContrastiveLoss(1.2), miner)


def theirs() -> dict[str, Objective]:
    """The nearest equivalents of pytorch-metric-learning, where it is installed."""
    try:
        from pytorch_metric_learning import distances, losses, miners
    except ImportError:
        print("pytorch-metric-learning is not installed: no comparison (pip install it)")
        return {}
    miner = miners.BatchEasyHardMiner(
        pos_strategy="easy", neg_strategy="semihard", distance=distances.LpDistance()
    )
    contrastive_loss = losses.ContrastiveLoss(
        pos_margin=0, neg_margin=1.2, distance=distances.LpDistance(power=1)
    )
    softmax = losses.NTXentLoss(temperature=0.1)

    def mined(faces: Tensor, voices: Tensor) -> Tensor:
        labels = torch.arange(len(faces), device=faces.device)
        pairs = miner(faces, labels, ref_emb=voices, ref_labels=labels)
        return contrastive_loss(faces, labels, pairs, ref_emb=voices, ref_labels=labels)

    def matched(faces: Tensor, voices: Tensor) -> Tensor:
        labels = torch.arange(len(faces), device=faces.device)
        return softmax(faces, labels, ref_emb=voices, ref_labels=labels)

    def both(one: Objective) -> Objective:
        return lambda faces, voices: one(faces, voices) + one(voices, faces)

    return {"contrastive, semi-hard": both(mined), "matching": both(matched)}


def measure(objective: Objective, faces: Tensor, voices: Tensor) -> float:
    """Seconds of one forward and backward pass: of the processor on a CPU, where others may work too."""
    clock = time.perf_counter if faces.is_cuda else time.process_time
    faces, voices = faces.clone().requires_grad_(), voices.clone().requires_grad_()
    start = clock()
    objective(faces, voices).backward()
    if faces.is_cuda:
        torch.cuda.synchronize()
    return clock() - start


def compare(
    objectives: dict[str, Objective], batch: int, rounds: int, device: str
) -> dict[str, float]:
    """Fewest seconds of each objective; they take turns in every round."""
    generator = torch.Generator().manual_seed(batch)
    faces, voices = torch.randn(2, batch, DIM, generator=generator).to(device)
    seconds: dict[str, list[float]] = {name: [] for name in objectives}
    for index in range(rounds + 1):
        for name, objective in objectives.items():
            taken = measure(objective, faces, voices)
            if index:  # the first round warms up
                seconds[name].append(taken)
    return {name: min(values) for name, values in seconds.items()}


def main() -> None:
    """Print the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 1024, 4096])
    parser.add_argument(
        "--rounds", type=int, default=7, help="of 4096; as many more as a batch is smaller"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    reference = theirs()
    ours = {
        "contrastive, semi-hard": contrastive(SemiHardMiner()),
        "contrastive, curriculum": contrastive(lambda s, _, a: CurriculumMiner()(s, 0.5, a)),
        "contrastive, easier half": contrastive(
            lambda s, _, a: CurriculumMiner("fraction")(s, 0.5, a)
        ),
        "matching": MultiwayMatchingLoss(),
        "matching + separation": WithinModalitySeparationLoss(),
    }
    equivalent = {
        "contrastive, semi-hard": "contrastive, semi-hard",
        "contrastive, curriculum": "contrastive, semi-hard",
        "matching": "matching",
    }
    rows = []
    for batch in args.batches:
        objectives = {f"ours: {name}": objective for name, objective in ours.items()}
        objectives |= {f"theirs: {name}": objective for name, objective in reference.items()}
        taken = compare(objectives, batch, args.rounds * max(1, 4096 // batch), args.device)
        for name in ours:
            mine, other = taken[f"ours: {name}"], taken.get(f"theirs: {equivalent.get(name)}")
            compared = (
                ["-", "-"] if other is None else [f"{1e3 * other:.1f}", f"{other / mine:.1f} x"]
            )
            rows.append([str(batch), name, f"{1e3 * mine:.1f}", *compared])
    headers = ["batch", "objective", "ours (ms)", "theirs (ms)", "faster"]
    where = "one thread, time of the processor" if args.device == "cpu" else args.device
    publish(
        args.out,
        headers,
        rows,
        title="Speed of mining and losses",
        about=f"Forward and backward, {DIM} dimensions, {where}, fastest of {args.rounds} rounds (more for small batches) in which ours and "
        "pytorch-metric-learning's nearest equivalent take turns.",
        command=f"python benchmarks/losses.py --rounds {args.rounds}",
    )


if __name__ == "__main__":
    main()
