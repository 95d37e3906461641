"""The gallery: against a slow oracle, exact and approximate, saved whole, safe beside readers."""

import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pins_plugin.errors import MediaError, ShapeError
from pins_plugin.inference.gallery import Gallery


def _people(num: int, items: int, noise: float = 0.5, dim: int = 32, seed: int = 0):
    generator = np.random.default_rng(seed)
    people = generator.normal(size=(num, dim))
    labels = np.repeat(np.arange(num), items)
    return [f"p{label:04d}" for label in labels], people[labels] + noise * generator.normal(
        size=(num * items, dim)
    )


def _slow_search(query: np.ndarray, labels: list[str], items: np.ndarray, k: int) -> list[str]:
    similarities = [
        float(query @ item / np.linalg.norm(query) / np.linalg.norm(item)) for item in items
    ]
    return [labels[index] for index in np.argsort(similarities)[::-1][:k]]


@pytest.mark.parametrize("block", [7, 65_536])
def test_exact_search_is_that_of_a_slow_oracle(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pins_plugin.inference.neighbors.ROWS_AT_ONCE", block)
    labels, items = _people(30, 3)
    gallery = Gallery(32)
    gallery.add(labels[:50], items[:50], "face")
    gallery.add(labels[50:], items[50:], "face")
    queries = np.random.default_rng(1).normal(size=(5, 32))
    matches = gallery.search(queries, 4, modality="face")
    assert matches.labels == [_slow_search(query, labels, items, 4) for query in queries]
    assert (np.diff(matches.similarities, axis=1) <= 0).all()


def test_a_voice_is_looked_up_among_faces() -> None:
    gallery = Gallery(2)
    gallery.add(["ann", "bob"], [[1, 0], [0, 1]], "face")
    gallery.add(["cleo"], [[0.7, 0.7]], "voice")
    voice = np.array([0.1, 2.0])
    assert gallery.search(voice, 1, modality="face").labels == [["bob"]]
    assert gallery.search(voice, 9, modality="voice").labels == [["cleo"]]
    assert len(gallery) == 3 and gallery.labels("face") == ["ann", "bob"]


def test_an_empty_gallery_finds_nothing() -> None:
    matches = Gallery(4).search(np.ones((2, 4)), 5, modality="face")
    assert matches.labels == [[], []] and matches.similarities.shape == (2, 0)


def test_removing_a_label_takes_all_its_items() -> None:
    gallery = Gallery(2)
    gallery.add(["ann", "bob", "ann"], [[1, 0], [0, 1], [1, 0.1]], "face")
    gallery.add(["ann"], [[1, 0]], "voice")
    assert gallery.remove("ann") == 3
    assert gallery.search([1, 0], 5, modality="face").labels == [["bob"]]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    labels, items = _people(5, 2)
    gallery = Gallery(32)
    gallery.add([*labels[:-1], "Zoë 李"], items, "face")
    gallery.save(tmp_path / "known.gallery")
    loaded = Gallery.load(tmp_path / "known.gallery")
    assert loaded.labels("face") == gallery.labels("face") and loaded.labels("voice") == []
    first, second = (g.search(items, 3, modality="face") for g in (gallery, loaded))
    assert first.labels == second.labels
    np.testing.assert_allclose(first.similarities, second.similarities, atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"text", b"\xff" * 100])
def test_other_files_are_one_line_errors(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g").write_bytes(content)
    with pytest.raises(MediaError, match="damaged gallery") as error:
        Gallery.load(tmp_path / "g")
    assert "\n" not in str(error.value)


def test_a_truncated_gallery_is_refused(tmp_path: Path) -> None:
    gallery = Gallery(4)
    gallery.add(["a"], np.ones((1, 4)), "face")
    gallery.save(tmp_path / "g")
    (tmp_path / "g").write_bytes((tmp_path / "g").read_bytes()[:-3])
    with pytest.raises(MediaError, match="damaged gallery"):
        Gallery.load(tmp_path / "g")
    with pytest.raises(MediaError, match="no such file"):
        Gallery.load(tmp_path / "none")


def test_another_safetensors_file_is_no_gallery(model_folder: Path) -> None:
    with pytest.raises(MediaError, match="not a gallery"):
        Gallery.load(model_folder / "face_encoder.safetensors")


@pytest.mark.parametrize(
    ("labels", "rows", "modality", "message"),
    [
        (["a"], np.ones((1, 3)), "face", "num_items, 4"),
        (["a", "b"], np.ones((1, 4)), "face", "one for each row"),
        (["a"], np.zeros((1, 4)), "face", "not zero"),
        (["a"], np.full((1, 4), np.nan), "face", "finite"),
        (["a"], np.ones((1, 4)), "smell", "'face' or 'voice'"),
    ],
)
def test_wrong_items_are_refused(labels, rows, modality, message) -> None:
    gallery = Gallery(4)
    with pytest.raises(ShapeError, match=message):
        gallery.add(labels, rows, modality)
    assert len(gallery) == 0


def test_the_index_of_an_older_file_is_passed_over(tmp_path: Path) -> None:
    gallery = Gallery(4)
    gallery.add(["a"], np.ones((1, 4)), "face")
    gallery.save(tmp_path / "g")
    arrays = load_file(tmp_path / "g") | {"face_index_codes": np.zeros((9, 1), np.uint8)}
    kind = {"kind": "pins_plugin gallery", "version": "1"}
    save_file(arrays, tmp_path / "old", metadata=kind)
    assert Gallery.load(tmp_path / "old").search(np.ones(4), 1, modality="face").labels == [["a"]]


def test_readers_see_whole_galleries_while_a_writer_works(tmp_path: Path) -> None:
    """Every search, and every load, sees each label twice or not at all."""
    gallery, path = Gallery(8), tmp_path / "g"
    generator = np.random.default_rng(0)
    gallery.add(["start", "start"], generator.normal(size=(2, 8)), "face")
    gallery.save(path)
    problems: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            for seen in (gallery, Gallery.load(path)):
                found = seen.search(np.ones(8), 10_000, modality="face").labels[0]
                if any(found.count(label) != 2 for label in set(found)):
                    problems.append("half an addition")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(40):
        gallery.add([f"n{turn}"] * 2, generator.normal(size=(2, 8)), "face")
        gallery.save(path)
    done.set()
    for reader in readers:
        reader.join()
    assert not problems and len(gallery) == 82
