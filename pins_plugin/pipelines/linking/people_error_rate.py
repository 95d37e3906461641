"""What tuning lowers: the diarization error rate of the labels of people."""

from typing import Any

from pyannote.core import Annotation, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from pins_plugin.pipelines.linking.result import LinkingResult


class PeopleErrorRate(DiarizationErrorRate):  # type: ignore[misc]
    """Diarization error rate of what a video was linked to: all turns, labeled by person where one was found."""

    def compute_components(
        self,
        reference: Annotation,
        hypothesis: LinkingResult,
        uem: Timeline | None = None,
        **options: Any,
    ) -> Any:
        """Seconds of each kind of error in one file."""
        return super().compute_components(reference, hypothesis.people, uem=uem, **options)
