"""Search a gallery of a million 256-D embeddings: recall at 10 of exact search, and time, on one core.

  python benchmarks/gallery.py [--items 1000000] [--queries 500] [--seed 0] [--out benchmarks/results]

Three kinds of galleries: "people" (ten items of each person, two of which have a cosine of about 0.6, as recognition
embeddings have), "spectrum" (nobody twice, but some directions vary more than others: variance 1/i), and "uniform" (random
directions, without any structure to use: the hardest case there is). A query is one embedding that is
not in the gallery. `Gallery.build_index` is told the recall that is wanted (0.95 by default) and measures on the items
how to reach it.

  python benchmarks/gallery.py --others HNSW32_SQ8 --kinds uniform --items 100000

compares with another index of FAISS, by its factory name, as its effort (efSearch, nprobe) grows.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import faiss  # noqa: E402 - after the environment is set
import numpy as np  # noqa: E402

from pins_plugin.inference.gallery import Gallery  # noqa: E402
from pins_plugin.report.tables import format_table  # noqa: E402
from pins_plugin.utils.files import write_json  # noqa: E402

DIM = 256
ITEMS_PER_PERSON = 10
NOISE = 0.8  # relative to the person's own vector: cosine 1 / (1 + 0.8 ** 2) = 0.61
WANTED = (0.95, 0.8, 0.99)  # recall; the first is the default
EFFORTS = (16, 64, 256, 1024)
HEADERS = ("gallery", "items", "recall wanted", "cells", "searched", "recall@10", "ms alone", "of CPU", "ms of many")  # fmt: skip
OTHER_HEADERS = ("gallery", "items", "index", "recall@10", "ms alone", "of CPU")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--kinds", nargs="+", default=["people", "spectrum", "uniform"])
    parser.add_argument("--others", nargs="*", default=[], help="factory names, _ for a comma")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for gallery.json")
    args = parser.parse_args()
    rows = []
    for kind in args.kinds:
        generator = np.random.default_rng(args.seed)
        items, queries = make(kind, args.items, args.queries, generator)
        rows += others(kind, items, queries, args.others) if args.others else own(kind, items, queries)  # fmt: skip
        del items
    print(format_table(OTHER_HEADERS if args.others else HEADERS, rows))
    if args.out:
        write_json(args.out / "gallery.json", report(args, rows))


def own(kind: str, items: np.ndarray, queries: np.ndarray) -> list[list[str]]:
    """Rows of the gallery itself: exact, then by the recall that is wanted."""
    gallery = Gallery(DIM)
    gallery.add([str(row) for row in range(len(items))], items, modality="face")
    few = queries[: max(20, len(queries) // 10)]
    size = f"{len(items):,}"

    def search(query: np.ndarray) -> list[str]:
        return gallery.search(query, k=10, modality="face").labels[0]

    _, wall, cpu = timed(search, few)
    exact, together = in_batch(gallery, queries)
    every = (f"{wall:.1f}", f"{cpu:.1f}", f"{together:.2f}")
    rows = [[kind, size, "1 (no index)", "", "", "1.000", *every]]
    for wanted in WANTED:
        started = time.process_time()
        gallery.build_index("face", recall=wanted)
        print(
            f"{kind}, {wanted}: built in {time.process_time() - started:.0f} s of CPU", flush=True
        )
        index = gallery._shelves["face"].index
        cells, searched = f"{index.index.nlist:,}", f"{index.index.nprobe:,}"
        found, wall, cpu = timed(search, queries)
        times = (f"{wall:.2f}", f"{cpu:.2f}", f"{in_batch(gallery, queries)[1]:.2f}")
        rows.append([kind, size, str(wanted), cells, searched, f"{recall(found, exact):.3f}", *times])  # fmt: skip
    return rows


def in_batch(gallery: Gallery, queries: np.ndarray) -> tuple[list[list[str]], float]:
    """Search all queries in one call: what was found, and milliseconds of CPU for each."""
    started = time.process_time()
    found = gallery.search(queries, k=10, modality="face").labels
    return found, 1000 * (time.process_time() - started) / len(queries)


def others(kind: str, items: np.ndarray, queries: np.ndarray, names: list[str]) -> list[list[str]]:
    """Rows of other indices of FAISS."""
    items = items / np.linalg.norm(items, axis=1, keepdims=True)
    queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    exact = [np.argsort(-(items @ query))[:10].tolist() for query in queries]
    rows = []
    for name in names:
        index = faiss.index_factory(DIM, name.replace("_", ","), faiss.METRIC_INNER_PRODUCT)
        index.train(items[:50_000])
        index.add(items)
        for effort in EFFORTS:
            option = "efSearch" if "HNSW" in name else "nprobe"
            faiss.ParameterSpace().set_index_parameter(index, option, effort)
            found, wall, cpu = timed(lambda query: index.search(query[None], 10)[1][0], queries)  # noqa: B023
            score = f"{recall(found, exact):.3f}"
            what = f"{name}, {option} {effort}"
            rows.append([kind, f"{len(items):,}", what, score, f"{wall:.2f}", f"{cpu:.2f}"])
    return rows


def make(
    kind: str, num_items: int, num_queries: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a gallery and queries: (num_items, 256) and (num_queries, 256) float32 arrays."""
    if kind in ("uniform", "spectrum"):
        shape = (num_items + num_queries, DIM)
        both = generator.standard_normal(shape, dtype=np.float32)
        if kind == "spectrum":
            both *= np.arange(1, DIM + 1, dtype=np.float32) ** -0.5
            turn = np.linalg.qr(generator.standard_normal((DIM, DIM)))[0].astype(np.float32)
            both = both @ turn
        return both[:num_items], both[num_items:]
    people = generator.standard_normal((num_items // ITEMS_PER_PERSON, DIM), dtype=np.float32)
    items = np.repeat(people, ITEMS_PER_PERSON, axis=0)
    items += NOISE * generator.standard_normal(items.shape, dtype=np.float32)
    asked = generator.integers(0, len(people), num_queries)
    noise = generator.standard_normal((num_queries, DIM), dtype=np.float32)
    return items, people[asked] + NOISE * noise


def timed(search: Callable, queries: np.ndarray) -> tuple[list, float, float]:
    """Search one query after the other: what was found, milliseconds of wall clock (median) and of CPU (mean)."""
    found, wall = [], []
    cpu = time.process_time()
    for query in queries:
        start = time.perf_counter()
        found.append(search(query))
        wall.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    return found, 1000 * float(np.median(wall)), 1000 * cpu / len(queries)


def recall(found: list, exact: list) -> float:
    """Share of the ten nearest that were found."""
    return float(
        np.mean([len(set(one) & set(other)) / 10 for one, other in zip(found, exact, strict=True)])
    )


def report(args: argparse.Namespace, rows: list[list[str]]) -> dict:
    """What the results page shows."""
    return {
        "title": "Search in a gallery of 256-D embeddings, on one core",
        "about": "The recall at 10 of exact search that was wanted, and what the index chose by measuring on the items: how many of its "
        "cells are searched. Then the recall on other queries; milliseconds for one query alone, median of the "
        "clock and mean of the CPU; and for each of many that are asked in one call, of the CPU.",
        "command": f"python benchmarks/gallery.py --items {args.items} --queries {args.queries} --seed {args.seed}",
        "headers": list(HEADERS),
        "rows": rows,
    }


if __name__ == "__main__":
    main()
