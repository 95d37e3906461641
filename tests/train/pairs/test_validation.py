"""Whether there is anybody to validate on."""

from pathlib import Path

import pytest

from pins_plugin.train.pairs.validation import too_few_people
from pins_plugin.types import TalkingFaceClip


@pytest.mark.parametrize(("people", "few"), [("", True), ("aa", True), ("ab", False)])
def test_one_person_for_validation_is_said_and_trained_without(
    people: str, few: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It was an error, which clips cut from a few videos of one's own ran into."""
    clips = [
        TalkingFaceClip(str(n), who, who, Path("f"), Path("s")) for n, who in enumerate(people)
    ]
    assert too_few_people(clips) is few
    assert ("the last epoch is kept" in caplog.text) is few
