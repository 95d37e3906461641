"""Files of recognition embeddings: what is read, what is refused."""

import zipfile

import numpy as np
import pytest

from pins_plugin.data.training.features import load_features, read_feature_clips, select_rows
from pins_plugin.errors import ManifestError


def write(path, embeddings, clip_id):
    np.savez(path, embeddings=embeddings, clip_id=clip_id)
    return path


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "face.npz", np.eye(3, 5, dtype=np.float32), np.array(["a", "b", "a"]))


@pytest.fixture
def clips(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("clip_id,identity,video,split\na,ann,v1,train\nb,bob,,test\n")
    return read_feature_clips(path)


def test_rows_are_read_as_they_are(file):
    features = load_features(file)
    assert features.embeddings.dtype == np.float32 and features.embeddings.shape == (3, 5)
    assert features.clip_id.tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("clip_id", "expected"),
    [
        (np.array([7, 8, 9]), ["7", "8", "9"]),
        (np.array([b"x", b"y", "é".encode()]), ["x", "y", "é"]),
    ],
)
def test_clip_ids_may_be_numbers_or_bytes(tmp_path, clip_id, expected):
    features = load_features(write(tmp_path / "f.npz", np.eye(3), clip_id))
    assert features.clip_id.tolist() == expected


def test_rows_of_a_split_with_several_per_clip(file, clips):
    rows = select_rows(load_features(file), clips, ["train"], "face.npz")
    assert rows.identities == ["ann", "ann"] and rows.videos == ["ann v1", "ann v1"]
    assert rows.embeddings.tolist() == np.eye(3, 5)[[0, 2]].tolist()


def test_clip_without_video_stands_alone(file, clips):
    assert select_rows(load_features(file), clips, ["test"], "face.npz").videos == ["clip b"]


def test_unknown_clip_is_named(tmp_path, clips):
    features = load_features(write(tmp_path / "f.npz", np.eye(2), np.array(["a", "zoe"])))
    with pytest.raises(ManifestError, match=r"1 of 2 rows .* 'zoe'"):
        select_rows(features, clips, ["train"], "f.npz")


@pytest.mark.parametrize(
    ("embeddings", "clip_id", "message"),
    [
        (np.full((2, 3), np.nan), ["a", "b"], "NaN"),
        (np.full((2, 3), 1e300), ["a", "b"], "infinity"),
        (np.ones(3), ["a"], r"\(n, dim\)"),
        (np.ones((2, 3), dtype=int), ["a", "b"], "floats"),
        (np.ones((0, 3)), np.array([], dtype=str), r"\(n, dim\)"),
        (np.ones((2, 3)), ["a"], "clip_id"),
        (np.ones((2, 3)), [[1.5], [2.5]], "clip_id"),
        (np.array([[1, None]], dtype=object), ["a"], "plain arrays"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_bad_arrays_are_refused(tmp_path, embeddings, clip_id, message):
    path = write(tmp_path / "f.npz", embeddings, np.array(clip_id))
    with pytest.raises(ManifestError, match=message):
        load_features(path)


def test_bad_files_are_refused(tmp_path, file):
    with pytest.raises(ManifestError, match="no such file"):
        load_features(tmp_path / "absent.npz")
    text = tmp_path / "text.npz"
    text.write_text("hello")
    with pytest.raises(ManifestError, match="plain arrays"):
        load_features(text)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ManifestError, match="plain arrays"):
        load_features(cut)
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with pytest.raises(ManifestError, match="got x"):
        load_features(tmp_path / "other.npz")


def test_zip_bomb_is_refused_before_unpacking(tmp_path):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("embeddings.npy", bytes(200 * 2**20))
    with pytest.raises(ManifestError, match="packed"):
        load_features(path)
