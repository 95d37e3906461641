"""Every model that ships says what it is for, what it cannot do, where it comes from, and how even it is."""

from pathlib import Path

import pytest

from pins_plugin.models.folder.model_folder import PRETRAINED

CARDS = sorted(PRETRAINED.glob("*/README.md"))


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.parent.name)
@pytest.mark.parametrize("topic", ["intended use", "limits", "licence", "data", "by group"])
def test_card_says(card: Path, topic: str) -> None:
    assert topic in card.read_text(encoding="utf-8").lower()


def test_every_folder_has_a_card() -> None:
    folders = {
        path for path in PRETRAINED.iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert folders == {card.parent for card in CARDS}
