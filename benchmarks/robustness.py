"""What becomes of damaged files, killed runs, full disks, two runs at once, and threads.

    python benchmarks/robustness.py                          about five minutes
    python benchmarks/robustness.py --minutes 180 --seed 7   a night
    python benchmarks/robustness.py --only data media        some of the campaigns

Each campaign tries one kind of trouble many times. Good is success, or one clear line and status 2; bad is a traceback, a
hang, a crash, more than 3 GB of memory, a result that is lost, half-written or other than undisturbed. Damage depends on
the seed alone. Commands run in forks of this process, which has imported the package once.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from campaigns.data_files import fuzz_data_files
from campaigns.forks import Row
from campaigns.kills import kill_links, kill_people, kill_trainings
from campaigns.media import fuzz_media, link_damaged
from campaigns.shared import fill_disks, run_threads, run_two_at_once
from tables import make_parser, publish

RESULTS = Path(__file__).parent / "results" / "robustness.json"
HEADERS = ["what", "tried", "good", "bad"]
# name: campaign, share of the time
CAMPAIGNS: dict[str, tuple[Callable[[Path, int, float], list[Row]], float]] = {
    "data": (fuzz_data_files, 0.1),
    "media": (fuzz_media, 0.2),
    "link": (link_damaged, 0.1),
    "train": (kill_trainings, 0.15),
    "kill": (kill_links, 0.15),
    "people": (kill_people, 0.05),
    "disk": (fill_disks, 0.05),
    "two": (run_two_at_once, 0.1),
    "threads": (run_threads, 0.1),
}


def run_campaigns(names: list[str], seed: int, minutes: float) -> list[Row]:
    """Run campaigns one after the other; each tries at least once, however little time there is."""
    share = sum(CAMPAIGNS[name][1] for name in names)
    rows: list[Row] = []
    for name in names:
        campaign, part = CAMPAIGNS[name]
        with tempfile.TemporaryDirectory(prefix="pins-robustness-") as work:
            found = campaign(Path(work), seed, 60 * minutes * part / share)
        for row in found:
            print(f"{row.what}: {row.good} of {row.tried} good", flush=True)
            for fault in row.faults[:20]:
                print(f"    {fault}", flush=True)
        rows += found
    return rows


def as_table(rows: list[Row]) -> list[list[str]]:
    """Cells of the table: under "bad" the number, and what most of them were."""
    return [
        [
            row.what,
            str(row.tried),
            str(row.good),
            "; ".join([str(len(row.faults)), *row.faults[:3]]),
        ]
        for row in rows
    ]


def main() -> None:
    """Run, print the table, write the result file."""
    parser = make_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="in all, about")
    parser.add_argument("--only", nargs="+", choices=CAMPAIGNS, default=list(CAMPAIGNS))
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(out=RESULTS)
    args = parser.parse_args()
    rows = run_campaigns(args.only, args.seed, args.minutes)
    publish(
        args.out,
        HEADERS,
        as_table(rows),
        title="Damaged files, killed runs, full disks, two at once, threads",
        about=__doc__.split("\n\n")[2].replace("\n", " "),
        command=f"python benchmarks/robustness.py --minutes {args.minutes:g} --seed {args.seed}",
    )


if __name__ == "__main__":
    main()
