"""The official benchmark of Learnable PINs on VoxCeleb1 (Nagrani et al. 2018, section 5).

Ten verification lists (five strata, seen-heard and unseen-unheard), 1-of-2 matching lists in both
directions, and retrieval over 20,000 faces and 20,000 voices. What is missing on the disk is counted and
named; its trials are left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.corpora.voxceleb import MediaKey, VoxCelebFolder
from pins_plugin.evaluation.items import Bootstrap, FaceVoiceItems, Report
from pins_plugin.evaluation.pins_lists import MatchingList, PinsLists, VerificationList
from pins_plugin.evaluation.published import PUBLISHED
from pins_plugin.evaluation.retrieval import retrieve
from pins_plugin.evaluation.verification import score_pairs
from pins_plugin.metrics.matching import n_way_credit

Embed = Callable[[Sequence[Path]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class EmbeddedFiles:
    """Embeddings of one modality's files.

    Parameters
    ----------
    rows : dict of MediaKey to int
        Row of each file that was found and could be read.
    embeddings : (num_files, embedding_dim) float32 array
    missing : list of str
        The others, as person/video/number.
    """

    rows: dict[MediaKey, int]
    embeddings: NDArray[np.float32]
    missing: list[str]

    def places(self, keys: Sequence[MediaKey]) -> NDArray[np.int64]:
        """Row of each key, -1 where it is missing."""
        return np.array([self.rows.get(key, -1) for key in keys], dtype=np.int64)


def run_pins_benchmark(
    lists: PinsLists,
    root: str | Path,
    embed_faces: Embed,
    embed_voices: Embed,
    *,
    bootstrap: Bootstrap | None = None,
) -> Report:
    """Embed each file once and score every list.

    Parameters
    ----------
    root : str or Path
        Folder that holds VoxCeleb1.
    embed_faces, embed_voices : callable
        Map paths to (num_files, embedding_dim) unit rows; a row of NaN for a file that cannot be read.

    Returns
    -------
    report : dict
        "verification" (by condition and stratum), "matching" (by direction and stratum), "retrieval",
        "missing" (counts and names).

    Raises
    ------
    MediaError
        When there is no folder of people's folders.
    """
    bootstrap = bootstrap or Bootstrap()
    folder = VoxCelebFolder(root, lists.ids)
    faces = embed_files(lists.faces(), folder.face, embed_faces)
    voices = embed_files(lists.voices(), folder.voice, embed_voices)
    report: Report = {"verification": {}, "matching": {}, "retrieval": None}
    for pairs in lists.verification:
        strata = report["verification"].setdefault(pairs.condition, {})
        strata[pairs.stratum] = score_list(pairs, faces, voices, bootstrap)
    for trials in lists.matching:
        strata = report["matching"].setdefault(trials.direction, {})
        strata[trials.stratum] = score_matching(trials, faces, voices, bootstrap)
    if lists.retrieval_faces:
        report["retrieval"] = score_retrieval(lists, faces, voices, bootstrap)
    report["missing"] = {
        "faces": len(faces.missing),
        "voices": len(voices.missing),
        "files": faces.missing + voices.missing,
    }
    return report


def embed_files(
    keys: Sequence[MediaKey], find: Callable[[MediaKey], Path | None], embed: Embed
) -> EmbeddedFiles:
    """Embed every file that is there, once."""
    found = {key: path for key in keys if (path := find(key)) is not None}
    if not found:
        return EmbeddedFiles({}, np.zeros((0, 1), np.float32), [_name(key) for key in keys])
    embeddings = embed(list(found.values()))
    good = np.asarray(np.isfinite(embeddings).all(axis=1))
    rows = {key: row for row, key in enumerate(found) if good[row]}
    return EmbeddedFiles(rows, embeddings, [_name(key) for key in keys if key not in rows])


def score_list(
    pairs: VerificationList, faces: EmbeddedFiles, voices: EmbeddedFiles, bootstrap: Bootstrap
) -> Report:
    """Score one verification list.

    Returns
    -------
    report : dict
        As `score_pairs` (but "num_pairs" 0 alone where too much is missing), with "num_listed", "published", and the same scores with the positives of one
        video ("same_video") and of two ("other_video").
    """
    face_rows, voice_rows = faces.places(pairs.faces), voices.places(pairs.voices)
    kept = np.flatnonzero((face_rows >= 0) & (voice_rows >= 0))
    same = np.asarray(pairs.same[kept])
    scores = np.einsum(
        "nd,nd->n", faces.embeddings[face_rows[kept]], voices.embeddings[voice_rows[kept]]
    )
    people = _codes(pairs.voices, pairs.faces)[:, kept]
    one_video = np.array([pairs.voices[i].video == pairs.faces[i].video for i in kept], bool)

    def scored(chosen: NDArray[np.bool_]) -> Report | None:
        if same[chosen].all() or not same[chosen].any():
            return None
        return score_pairs(scores[chosen], same[chosen], *people[:, chosen], bootstrap=bootstrap)

    report = scored(np.ones(len(kept), bool)) or {"num_pairs": 0}
    return report | {
        "num_listed": len(pairs.same),
        "published": [
            row._asdict()
            for row in PUBLISHED
            if (row.condition, row.stratum) == (pairs.condition, pairs.stratum)
        ],
        "same_video": scored(~same | one_video),
        "other_video": scored(~same | ~one_video),
    }


def score_matching(
    trials: MatchingList, faces: EmbeddedFiles, voices: EmbeddedFiles, bootstrap: Bootstrap
) -> Report | None:
    """Score one 1-of-2 list; None where everything is missing."""
    forward = trials.direction == "face_to_voice"
    asked, offered = (faces, voices) if forward else (voices, faces)
    queries = asked.places(trials.queries)
    candidates = np.stack(
        [offered.places([pair[side] for pair in trials.candidates]) for side in (0, 1)], axis=1
    )
    kept = np.flatnonzero((queries >= 0) & (candidates >= 0).all(axis=1))
    if len(kept) == 0:
        return None
    similarities = np.einsum(
        "nd,ncd->nc", asked.embeddings[queries[kept]], offered.embeddings[candidates[kept]]
    )
    names, people = np.unique([trials.queries[i].person for i in kept], return_inverse=True)
    credit = n_way_credit(similarities)[:, 0]
    accuracy = bootstrap.mean(credit, people, len(names), "accuracy")
    return accuracy | {"chance": 0.5, "num_trials": len(kept), "num_listed": len(trials.queries)}


def score_retrieval(
    lists: PinsLists, faces: EmbeddedFiles, voices: EmbeddedFiles, bootstrap: Bootstrap
) -> Report | None:
    """Score retrieval among the listed faces and voices that are there; None where too few are."""
    face_keys = [key for key in lists.retrieval_faces if key in faces.rows]
    voice_keys = [key for key in lists.retrieval_voices if key in voices.rows]
    face_people, voice_people = ([key.person for key in keys] for keys in (face_keys, voice_keys))
    if len(set(face_people) & set(voice_people)) < 2:
        return None
    items = FaceVoiceItems.from_embeddings(
        faces.embeddings[faces.places(face_keys)],
        voices.embeddings[voices.places(voice_keys)],
        face_people,
        voice_people,
    )
    return retrieve(items, bootstrap)


def _codes(*columns: Sequence[MediaKey]) -> NDArray[np.int64]:
    """Number the people of several columns alike: (num_columns, num_rows)."""
    people = np.array([[key.person for key in column] for column in columns])
    codes = np.unique(people, return_inverse=True)[1]
    return np.asarray(codes.reshape(people.shape), dtype=np.int64)


def _name(key: MediaKey) -> str:
    return f"{key.person}/{key.video}/{key.number}"
