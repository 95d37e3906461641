"""The training table of people: rows of both modalities, grouped by video and person."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from pins_plugin.data.training.features import FeatureRows
from pins_plugin.errors import ManifestError
from pins_plugin.train.features.same_people import Floats, Labels, group_means, group_people
from pins_plugin.utils.vectors import unit

Axes = tuple[PCA | None, PCA | None]
MOST_DIMENSIONS, MOST_AXIS_ROWS = 512, 8_000


@dataclass(frozen=True, eq=False)
class PeopleTable:
    """Faces and voices of people, one row each.

    Parameters
    ----------
    faces, voices : (num_rows, dim) float32 array
        Unit length.
    face_people, voice_people : (num_rows,) int64 array
        0 ... num_people - 1, each present in both.
    face_videos, voice_videos : (num_rows,) int64 array
        0 ... num_videos - 1 of that modality, each present.
    """

    faces: Floats
    voices: Floats
    face_people: Labels
    voice_people: Labels
    face_videos: Labels
    voice_videos: Labels

    @property
    def num_people(self) -> int:
        """People in the table."""
        return int(self.face_people.max()) + 1

    def person_means(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Average each person's videos, all videos alike: (num_people, face_dim) and (num_people, voice_dim)."""
        means = [
            group_means(group_means(values, videos).astype(np.float64), owners)
            for values, videos, owners in zip(
                (self.faces, self.voices),
                (self.face_videos, self.voice_videos),
                self._owners(),
                strict=True,
            )
        ]
        return means[0], means[1]

    def videos_per_person(self) -> Labels:
        """Count each person's videos, of the modality that has fewer: (num_people,)."""
        return np.minimum(*map(np.bincount, self._owners()))

    def _owners(self) -> tuple[Labels, Labels]:
        """Whose each video is, (num_videos,), of faces and of voices."""
        faces = self.face_people[np.unique(self.face_videos, return_index=True)[1]]
        return faces, self.voice_people[np.unique(self.voice_videos, return_index=True)[1]]

    def axes(self) -> Axes:
        """Principal axes of embeddings of more than `MOST_DIMENSIONS` numbers, by an even sample; None for others."""
        found = []
        for rows in (self.faces, self.voices):
            sample = rows[:: -(-len(rows) // MOST_AXIS_ROWS)]
            count = min(MOST_DIMENSIONS, *sample.shape)
            axes = PCA(count, svd_solver="randomized", iterated_power=2, random_state=0)
            found.append(axes.fit(sample) if rows.shape[1] > MOST_DIMENSIONS else None)
        return found[0], found[1]

    def project(self, axes: Axes) -> "PeopleTable":
        """Project long embeddings on their principal axes."""
        faces, voices = (
            values if one is None else one.transform(values)
            for values, one in zip((self.faces, self.voices), axes, strict=True)
        )
        return replace(self, faces=faces, voices=voices)


def make_table(faces: FeatureRows, voices: FeatureRows, supervised: bool = False) -> PeopleTable:
    """Bring the rows of both modalities together by video, and videos by person.

    Parameters
    ----------
    supervised : bool
        Take the people from the manifest instead of telling them apart by `group_people`; then a person's faces and
        voices may be from different videos.

    Returns
    -------
    table : PeopleTable
        Of the videos that have a face and a voice; supervised, of the people.

    Raises
    ------
    ManifestError
        When no video, or no person, has both.
    """
    owners = [
        np.array(_people(rows) if supervised else rows.videos, dtype=str)
        for rows in (faces, voices)
    ]
    shared = np.intersect1d(owners[0], owners[1])
    if not len(shared):
        what = "person" if supervised else "clip or video"
        raise ManifestError(
            f"no {what} has both a face and a voice among {len(faces.clips)} face rows and "
            f"{len(voices.clips)} voice rows of the split; are the clip_ids of both files the same?"
        )
    sides = []
    for rows, owner in zip((faces, voices), owners, strict=True):
        kept = np.isin(owner, shared)
        videos = np.unique(np.array(rows.videos)[kept], return_inverse=True)[1].astype(np.int64)
        sides.append((unit(rows.embeddings[kept]), np.searchsorted(shared, owner[kept]), videos))
    (face_values, face_people, face_videos), (voice_values, voice_people, voice_videos) = sides
    if not supervised:
        people = group_people(
            group_means(face_values, face_videos), group_means(voice_values, voice_videos)
        )
        face_people, voice_people = people[face_videos], people[voice_videos]
    return PeopleTable(
        face_values, voice_values, face_people, voice_people, face_videos, voice_videos
    )


def _people(rows: FeatureRows) -> list[str]:
    """Whose each row is; a video without identity is of someone of its own."""
    return [
        clip.identity or f"video {video}"
        for clip, video in zip(rows.clips, rows.videos, strict=True)
    ]
