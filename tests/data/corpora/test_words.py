"""Tables of spoken words that are none."""

from pathlib import Path

import pytest

from pins_plugin.data.corpora.words import read_words
from pins_plugin.errors import ManifestError


@pytest.mark.parametrize(
    "text",
    [
        "clip,start\na,0.0,0.3,bin\n",
        *(
            f"clip,start_s,end_s,word\na,{row}\n"
            for row in ("0,x,bin", "nan,1,bin", "2,1,bin", "0,1")
        ),
        "",
    ],
)
def test_a_table_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    """A row that is longer than its head has a field without a name."""
    (tmp_path / "words.csv").write_text(text)
    with pytest.raises(ManifestError, match=r"words.csv: "):
        read_words(tmp_path / "words.csv")
