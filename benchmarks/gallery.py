"""Search a gallery of a million 256-D embeddings: recall at 10 of exact search, and time, on one core.

  python benchmarks/gallery.py [--items 1000000] [--queries 500] [--seed 0]

Two kinds of galleries: "people" (items of one person have a cosine of about 0.6, as recognition embeddings have) and
"uniform" (random directions, which have no structure to use: the hardest case there is). A query is one
embedding that is not in the gallery, searched alone.
"""

import argparse
import os
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - after the environment is set

from pins_plugin.inference.gallery import Gallery  # noqa: E402
from pins_plugin.report.tables import format_table  # noqa: E402

DIM = 256
ITEMS_PER_PERSON = 10
NOISE = 0.8  # relative to the person's own vector: cosine 1 / (1 + 0.8 ** 2) = 0.61


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--kinds", nargs="+", default=["people", "uniform"])
    parser.add_argument("--code_dims", type=int, default=8, help="dimensions that share four bits")
    parser.add_argument("--candidates", type=int, default=300, help="items compared exactly")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows = []
    for kind in args.kinds:
        items, queries = make(kind, args.items, args.queries, np.random.default_rng(args.seed))
        gallery = Gallery(DIM)
        gallery.add([str(row) for row in range(len(items))], items, modality="face")
        del items
        exact, exact_ms, exact_cpu = timed(gallery, queries[: max(20, args.queries // 10)])
        start = time.process_time()
        gallery.build_index("face", code_dims=args.code_dims, candidates=args.candidates)
        build = time.process_time() - start
        found, wall_ms, cpu_ms = timed(gallery, queries)
        hits = [
            len(set(one) & set(other)) / 10
            for one, other in zip(exact, found[: len(exact)], strict=True)
        ]
        row = [kind, f"{len(gallery):,}", f"{np.mean(hits):.3f}", f"{wall_ms:.2f}", f"{cpu_ms:.2f}"]
        rows.append([*row, f"{exact_ms:.0f}", f"{exact_cpu:.0f}", f"{build:.0f}"])
    headers = ["gallery", "items", "recall@10", "ms a query", "of CPU"]
    print(format_table([*headers, "exact: ms", "of CPU", "index: s of CPU"], rows))


def make(
    kind: str, num_items: int, num_queries: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a gallery and queries: (num_items, 256) and (num_queries, 256) float32 arrays."""
    if kind == "uniform":
        shape = (num_items + num_queries, DIM)
        both = generator.standard_normal(shape, dtype=np.float32)
        return both[:num_items], both[num_items:]
    people = generator.standard_normal((num_items // ITEMS_PER_PERSON, DIM), dtype=np.float32)
    items = np.repeat(people, ITEMS_PER_PERSON, axis=0)
    items += NOISE * generator.standard_normal(items.shape, dtype=np.float32)
    asked = generator.integers(0, len(people), num_queries)
    noise = generator.standard_normal((num_queries, DIM), dtype=np.float32)
    return items, people[asked] + NOISE * noise


def timed(gallery: Gallery, queries: np.ndarray) -> tuple[list[list[str]], float, float]:
    """Search one query after the other: labels, milliseconds of wall clock (median) and of CPU (mean)."""
    found, wall = [], []
    cpu = time.process_time()
    for query in queries:
        start = time.perf_counter()
        found.append(gallery.search(query, k=10, modality="face").labels[0])
        wall.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    return found, 1000 * float(np.median(wall)), 1000 * cpu / len(queries)


if __name__ == "__main__":
    main()
