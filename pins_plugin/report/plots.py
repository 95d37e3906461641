"""Pictures of the scores: ROC curve, N-way curve, and a map of both modalities (PNG, matplotlib)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pins_plugin.errors import ShapeError
from pins_plugin.utils.files import atomic_path
from pins_plugin.utils.optional import import_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL_COLOR, SEEN_COLOR, ORACLE_COLOR, CHANCE_COLOR = "#1f5fa8", "#c8702a", "#3a8f5c", "#8a8f98"
PERSON_COLORS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#222222", "#ee8866", "#77aadd", "#99775f",
)  # fmt: skip


def plot_roc(report: Mapping[str, Any], path: str | Path) -> None:
    """Draw the ROC curve of unseen (and seen) people between chance and the oracle.

    Parameters
    ----------
    report : mapping
        With "unseen" and/or "seen", each as `evaluate_cross_modal` returns it.
    path : str or Path
        PNG file, written in one step.
    """
    figure, axes = _canvas("How often is the right pair accepted?")
    for name, color in (("seen", SEEN_COLOR), ("unseen", MODEL_COLOR)):
        part = report.get(name)
        if not part:
            continue
        curve, oracle = part["roc_curve"]["model"], part["roc_curve"]["oracle"]
        verification = part["verification"]
        low, high = verification["ci95"]
        label = f"{name} people: AUC {verification['roc_auc']:.3f} ({low:.3f} - {high:.3f})"
        axes.plot(curve["false_alarm"], curve["hit"], color=color, linewidth=2.2, label=label)
        if oracle:
            label = f"oracle, {name}: AUC {verification['oracle']:.3f}"
            line = (oracle["false_alarm"], oracle["hit"])
            axes.plot(*line, color=ORACLE_COLOR, linestyle="--", label=label)
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOR, linestyle=":", label="chance: AUC 0.500")
    axes.set(
        xlabel="share of other people's pairs accepted (false alarms)",
        ylabel="share of own pairs accepted (hits)",
        xlim=(0, 1),
        ylim=(0, 1.005),
    )
    axes.set_aspect("equal")
    axes.legend(loc="lower right", frameon=False)
    _save(figure, path)


def plot_matching(report: Mapping[str, Any], path: str | Path) -> None:
    """Draw the accuracy of 1-of-N matching over N, both directions, between chance and the oracle.

    Parameters
    ----------
    report : mapping
        One part of a cross-modal report ("unseen", say).
    path : str or Path
        PNG file, written in one step.
    """
    matching = report["matching"]
    ways = [int(n) for n in matching]
    figure, axes = _canvas("Which of N belongs to it?")
    for direction, color, label in (
        ("face_to_voice", MODEL_COLOR, "face given, N voices"),
        ("voice_to_face", SEEN_COLOR, "voice given, N faces"),
    ):
        cells = [matching[str(n)][direction] for n in ways]
        accuracy = [100 * cell["accuracy"] for cell in cells]
        low, high = 100 * np.array([cell["ci95"] for cell in cells]).reshape(-1, 2).T
        axes.fill_between(ways, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(ways, accuracy, color=color, marker="o", markersize=5, linewidth=2.2, label=label)
    oracle = [cell["oracle"] for cell in matching.values()]
    if None not in oracle:
        axes.plot(ways, [100 * value for value in oracle], "--", color=ORACLE_COLOR, label="oracle")
    axes.plot(ways, [100 / n for n in ways], ":", color=CHANCE_COLOR, label="chance")
    axes.set(xlabel="number of candidates N", ylabel="right answers (%)", ylim=(0, 101))
    axes.set_xticks(ways)
    axes.legend(loc="upper right", frameon=False)
    _save(figure, path)


def plot_map(
    face_embeddings: ArrayLike,
    voice_embeddings: ArrayLike,
    face_identities: Sequence[str],
    voice_identities: Sequence[str],
    path: str | Path,
) -> None:
    """Draw ten people's faces and voices in the plane that spreads these people the most.

    The plane is the first two principal components of the people's mean embeddings; the people are those
    with the most items (then by name).

    Parameters
    ----------
    face_embeddings : (num_faces, embedding_dim) array
    voice_embeddings : (num_voices, embedding_dim) array
    face_identities, voice_identities : (num_items,) sequence of str
    path : str or Path
        PNG file, written in one step.
    """
    faces, voices = np.asarray(face_embeddings), np.asarray(voice_embeddings)
    names = _frequent_people(face_identities, voice_identities, len(PERSON_COLORS))
    if not names:
        raise ShapeError("identities: expected people with a face and a voice, got none")
    figure, axes = _canvas("Faces and voices of unseen people in one space")
    of_face, of_voice = np.asarray(face_identities), np.asarray(voice_identities)
    means = [
        (faces[of_face == name].mean(0) + voices[of_voice == name].mean(0)) / 2 for name in names
    ]
    origin, plane = principal_plane(np.stack(means))
    for name, color in zip(names, PERSON_COLORS, strict=False):
        face = (faces[of_face == name] - origin) @ plane  # (num_items, 2)
        voice = (voices[of_voice == name] - origin) @ plane
        ends = np.stack([face.mean(0), voice.mean(0)])
        axes.plot(ends[:, 0], ends[:, 1], color=color, linewidth=1.2, alpha=0.8)
        for (x, y), marker, size in ((face.T, "o", 34), (voice.T, "^", 40)):
            axes.scatter(x, y, color=color, marker=marker, s=size, alpha=0.75, linewidths=0)
        axes.annotate(
            name, face.mean(0), color=color, fontsize=8, xytext=(5, 5), textcoords="offset points"
        )
    line = import_extra("matplotlib.lines", "train").Line2D
    handles = [
        line([], [], color=CHANCE_COLOR, marker=marker, linestyle="", label=label)
        for marker, label in (("o", "face"), ("^", "voice"))
    ]
    handles.append(line([], [], color=CHANCE_COLOR, label="from the mean face to the mean voice"))
    axes.legend(handles=handles, frameon=False, loc="best", fontsize=8)
    axes.set(xlabel="first principal component", ylabel="second principal component")
    _save(figure, path)


def principal_plane(points: NDArray) -> tuple[NDArray, NDArray]:
    """Find the plane of largest variance.

    Returns
    -------
    origin : (embedding_dim,) array
    plane : (embedding_dim, 2) array
        Orthonormal columns; a missing second direction is zero.
    """
    origin = points.mean(axis=0)
    axes = np.linalg.svd(points - origin, full_matrices=False)[2][:2]
    largest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])  # same picture everywhere
    plane = np.zeros((points.shape[1], 2))
    plane[:, : len(axes)] = (axes * signs[:, None]).T
    return origin, plane


def _frequent_people(first: Sequence[str], second: Sequence[str], num_people: int) -> list[str]:
    counts = [
        dict(zip(*np.unique(names, return_counts=True), strict=True)) for names in (first, second)
    ]
    shared = [name for name in counts[0] if name in counts[1] and name]
    return sorted(shared, key=lambda name: (-min(c[name] for c in counts), name))[:num_people]


def _canvas(title: str) -> "tuple[Figure, Axes]":
    figure = make_figure(6.4, 5.6)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color="#22262b")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def make_figure(width: float, height: float) -> "Figure":
    """Make an empty figure, sizes in inches.

    Raises
    ------
    MissingExtraError
        Where matplotlib is not installed.
    """
    figure: Figure = import_extra("matplotlib.figure", "train").Figure(
        figsize=(width, height), layout="constrained"
    )
    return figure


def _save(figure: "Figure", path: str | Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130)
