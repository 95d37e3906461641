"""Retrieval as in the benchmark of Learnable PINs: 20,000 faces x 20,000 voices of 250 people, on one core.

  python benchmarks/retrieval.py [--items 20000] [--people 250] [--dim 256] [--seed 0]

Random embeddings, so that every score must lie at chance. Prints the seconds and the memory beyond that of the
embeddings: the whole matrix of similarities would be 1.6 GB, and is never held.
"""

import os
import resource
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - after the environment is set
from tables import make_parser, publish  # noqa: E402

from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems  # noqa: E402
from pins_plugin.evaluation.retrieval import retrieve  # noqa: E402


def main() -> None:
    """Draw, search, print."""
    parser = make_parser(__doc__)
    parser.add_argument("--items", type=int, default=20_000, help="of each modality")
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    generator = np.random.default_rng(args.seed)
    faces, voices = generator.standard_normal((2, args.items, args.dim), dtype=np.float32)
    people = [f"p{number:04d}" for number in range(args.people)]
    of_faces, of_voices = (generator.choice(people, args.items) for _ in range(2))
    items = FaceVoiceItems.from_embeddings(faces, voices, of_faces, of_voices)
    before, start, cpu = peak_memory(), time.perf_counter(), time.process_time()
    report = retrieve(items, Bootstrap(args.seed))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    memory = peak_memory() - before
    size = f"{args.items:,} faces x {args.items:,} voices x {args.dim}, both directions"
    cost = f"{cpu:.1f} s of one core ({seconds:.1f} s by the clock), {memory:.0f} MiB beside the embeddings"
    rows = [
        [f"{direction.replace('_', ' ')}, {name}", f"{part['value']:.4f}", f"{part['chance']:.4f}"]
        for direction, scores in report.items()
        for name, part in scores.items()
        if isinstance(part, dict)
    ]
    print(f"{size}: {cost}\n")
    publish(
        args.out,
        ["score", "random embeddings", "chance"],
        rows,
        title="Retrieval of the size of Learnable PINs",
        about=f"{size}, {args.people} people, random embeddings: {cost}.",
        command=f"python benchmarks/retrieval.py --items {args.items} --people {args.people}",
    )


def peak_memory() -> float:
    """Peak memory of the process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
