"""Markdown tables of what evaluate.py measured."""

from pins_plugin.evaluation.linking import CAUSES


def format_report(report: dict) -> str:
    """All tables of one report of `Tally`."""
    parts = [
        format_shares(report["links"]),
        format_faces(report["links"]),
        format_turns(report["turns"]),
        format_lost(report["links"]),
        format_reliability(report),
    ]
    return "\n\n".join(parts)


def format_shares(links: dict) -> str:
    """Speech time right of each way, the first with its interval over people."""
    ways = _ways(links)
    rows = []
    for kind, by_way in links.items():
        first = by_way[ways[0]]
        low, high = first["interval"]
        cells = [f"{_percent(first['correct'])} ({_percent(low)}-{_percent(high)})"]
        cells += [_percent(by_way[way]["correct"]) if way in by_way else "" for way in ways[1:]]
        counts = [first["num_scenes"], first["num_people"], f"{first['seconds']:.0f}"]
        rows.append([kind, *counts, *cells])
    return _table(["speech time right, %", "scenes", "people", "seconds", *ways], rows)


def format_faces(links: dict) -> str:
    """How many of the faces that speak are found, and how often those that are named speak."""
    rows = []
    for kind, by_way in links.items():
        for way, scores in by_way.items():
            if way != _ways(links)[0] and not scores["overlap"]:
                continue  # other ways only where people talk at once
            cells = [
                f"{_percent(scores['recall'][when])}{_bounds(scores['recall_interval'][when])}"
                for when in ("alone", "together")
            ]
            rows.append(
                [kind, way, *cells, f"{scores['overlap']:.0f}", _percent(scores["precision"])]
            )
    head = ["faces that speak, %", "way", "found alone", "found together"]
    return _table([*head, "seconds together", "precision"], rows)


def format_turns(turns: dict) -> str:
    """Diarization error rate and its parts."""
    parts = ("rate", "missed", "false alarm", "confusion")
    rows = [
        [kind, name, *(_percent(errors[part]) for part in parts)]
        for kind, by_name in turns.items()
        for name, errors in by_name.items()
    ]
    return _table(["turns", "of", "DER", *parts[1:]], rows)


def format_lost(links: dict) -> str:
    """What the first way loses to which cause."""
    rows = [
        [kind, *(_percent(by_way[_ways(links)[0]]["lost"][cause]) for cause in CAUSES)]
        for kind, by_way in links.items()
    ]
    return _table(["% lost to", *CAUSES], rows)


def format_reliability(report: dict) -> str:
    """How often links of each confidence are right."""
    way = _ways(report["links"])[0]
    rows = [
        [f"{row['confidence']:.2f}", f"{row['right']:.3f}", f"{row['seconds']:.0f}"]
        for row in report["reliability"][way]
    ]
    sure = report["sure"][way]
    if sure["right"] is not None:
        rows.append(["above 0.9", f"{sure['right']:.3f}", f"{sure['seconds']:.0f}"])
    return _table(["confidence of links", "right", "seconds"], rows)


def _ways(links: dict) -> list[str]:
    return list(dict.fromkeys(way for by_way in links.values() for way in by_way))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _bounds(interval: list[float] | None) -> str:
    return "" if interval is None else f" ({_percent(interval[0])}-{_percent(interval[1])})"


def _table(head: list[str], rows: list[list]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])
