"""Any published ONNX face or speaker encoder as a frozen branch, with a trainable head where asked for.

The ONNX graph travels inside the module as a buffer of bytes, so that a model folder saved with it is complete.
"""

from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any, Self

import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.faces.face_recognition import read_window
from pins_plugin.models.folder.module_registry import make_module
from pins_plugin.models.folder.onnx_file import OnnxSession, check_settings, read_onnx_file
from pins_plugin.models.layers.lengths import VoiceEncoder
from pins_plugin.models.layers.projection import Projection
from pins_plugin.utils.explain import naming

WHOLE = (0.0, 0.0, 1.0, 1.0)  # window of all of a picture
SIZES = ("num_features", "embedding_dim")  # arguments that are not settings of the file


class OnnxNetwork(nn.Module):
    """A frozen network given as the bytes of an ONNX file, none at first."""

    content: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("content", torch.zeros(0, dtype=torch.uint8))
        self._session: OnnxSession | None = None

    def fill(self, content: bytes) -> None:
        """Take over the bytes of a file."""
        self.load_state_dict({"content": torch.frombuffer(bytearray(content), dtype=torch.uint8)})

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Make room for as many bytes as are loaded; the network is opened anew at the next call."""
        content = state_dict.get(f"{prefix}content", self.content)
        self.content = torch.zeros_like(content, device=self.content.device)
        self._session = None
        super()._load_from_state_dict(state_dict, prefix, *args)

    @torch.no_grad()
    def forward(self, batch: Tensor) -> Tensor:
        """Compute (batch, num_features) without gradient."""
        if self._session is None:
            content = self.content.cpu().numpy().tobytes()
            self._session = OnnxSession(content, self.content.device.type)
        output = self._session.run(batch.detach().float().cpu().contiguous().numpy())
        return torch.from_numpy(output).to(batch.device)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}  # sessions can't be copied


class OnnxEncoder(nn.Module):
    """What face and voice encoders in ONNX files share: a network of `num_features`, and a trainable linear head where asked for."""

    def __init__(self, num_features: int, embedding_dim: int | None) -> None:
        check_settings(vars(self))  # a model folder's as well as a file's
        super().__init__()
        self.embedding_dim = embedding_dim or num_features
        self.network = OnnxNetwork()
        self.head = Projection(num_features, embedding_dim) if embedding_dim else None

    @classmethod
    def from_file(cls, path: str | Path, embedding_dim: int | None = None) -> Self:
        """Read an ONNX file and the YAML beside it (see `models.folder.onnx_file`); ModelFolderError where they do not fit."""
        own = [value for value in signature(cls).parameters.values() if value.name not in SIZES]
        defaults = {each.name: None if each.default is each.empty else each.default for each in own}
        content, settings = read_onnx_file(path, defaults)
        with naming(path, ModelFolderError, TypeError, ValueError):
            shape = next(iter(OnnxSession(content).input_shapes.values()))
            settings = cls.completed(settings, shape)
            probe = cls(1, **settings)
            probe.network.fill(content)
            num_features = probe.features(probe.example()).shape[1]
            sizes = {"num_features": num_features, "embedding_dim": embedding_dim}
            encoder = make_module(cls, **settings, **sizes)
        encoder.network.fill(content)
        return encoder

    @staticmethod
    def completed(settings: dict[str, Any], input_shape: list[Any]) -> dict[str, Any]:
        """Fill in what the YAML leaves to the network."""
        return settings

    def example(self) -> Tensor:
        """An input for `features`."""
        raise NotImplementedError

    def features(self, inputs: Tensor) -> Tensor:
        """Run the network: (num_rows, num_features)."""
        raise NotImplementedError

    def embed(self, features: Tensor) -> Tensor:
        """Turn features (batch, num_features) into embeddings (batch, embedding_dim) of unit length."""
        features = normalize(features, dim=-1)
        return features if self.head is None else self.head(features)


class OnnxFaceEncoder(OnnxEncoder):
    """A face encoder in an ONNX file; make one with `from_file`.

    Parameters
    ----------
    num_features : int
        What it computes for each picture.
    image_size : int
        Height and width of the pictures in pixels; `from_file` reads it off the network, where that fixes it.
    mean, std : sequence of three floats
        Subtracted from pixels in [0, 1], then divided by; in the order of `channels`.
    channels : {"RGB", "BGR"}
    layout : {"NCHW", "NHWC"}
    window : sequence of four floats
        x1, y1, x2, y2, in parts of our aligned faces: what the network is shown of them.
    same_person_similarity : float, optional
        Cosine similarity from which on two pictures are of one person; else 0.7.
    embedding_dim : int, optional
        Size of a trainable linear head.
    """

    def __init__(
        self,
        num_features: int,
        image_size: int,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        channels: str = "RGB",
        layout: str = "NCHW",
        window: Sequence[float] = WHOLE,
        same_person_similarity: float | None = None,
        embedding_dim: int | None = None,
    ) -> None:
        self.image_size, self.same_person_similarity = image_size, same_person_similarity
        self.mean, self.std, self.window = mean, std, window
        self.channels, self.layout = channels, layout
        super().__init__(num_features, embedding_dim)

    @staticmethod
    def completed(settings: dict[str, Any], input_shape: list[Any]) -> dict[str, Any]:
        """Take the size of the pictures from the network, where the YAML does not say it."""
        place = 2 if settings["layout"] == "NCHW" else 1
        fixed = input_shape[place] if len(input_shape) == 4 else None
        size = settings["image_size"] or fixed
        if not isinstance(size, int) or size < 1:
            raise ModelFolderError(
                f"expected a network of pictures with a size, got the input {input_shape}; "
                "write image_size into the YAML beside the file"
            )
        return {**settings, "image_size": size}

    def example(self) -> Tensor:
        """One black picture."""
        return torch.zeros(1, 3, self.image_size, self.image_size)

    def features(self, inputs: Tensor) -> Tensor:
        """Run the network: (batch, 3, image_size, image_size) in [0, 1] to (batch, num_features)."""
        faces = inputs.flip(1) if self.channels == "BGR" else inputs
        mean, std = (faces.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        pictures = (faces - mean) / std
        if self.layout == "NHWC":
            pictures = pictures.permute(0, 2, 3, 1)  # (batch, height, width, 3)
        return self.network(pictures)

    def forward(self, faces: Tensor) -> Tensor:
        """Embed faces (batch, 3, height, width), RGB in [0, 1], as (batch, embedding_dim) of unit length."""
        size = (self.image_size, self.image_size)
        if tuple(self.window) != WHOLE:
            faces = read_window(faces, self.window, self.image_size)
        elif faces.shape[2:] != size:
            faces = interpolate(faces, size, mode="bilinear", antialias=True)
        return self.embed(self.features(faces))


class OnnxVoiceEncoder(OnnxEncoder, VoiceEncoder):
    """A speaker encoder in an ONNX file; make one with `from_file`.

    Parameters
    ----------
    num_features : int
        What it computes for each utterance.
    sample_rate : int
        In Hz.
    features : {"waveform", "fbank"}
        "fbank": Kaldi's log-mel bands, mean over time taken off.
    num_bins : int
        Number of mel bands of "fbank".
    scale : float
        Factor on samples in [-1, 1]; 32768 for encoders that want 16-bit numbers.
    min_seconds : float
        Shorter sound is repeated up to this.
    embedding_dim : int, optional
        Size of a trainable linear head.
    """

    def __init__(
        self,
        num_features: int,
        sample_rate: int = 16000,
        features: str = "waveform",
        num_bins: int = 80,
        scale: float = 1.0,
        min_seconds: float = 0.1,
        embedding_dim: int | None = None,
    ) -> None:
        self.sample_rate, self.feature_kind, self.num_bins = sample_rate, features, num_bins
        self.scale, self.min_seconds = scale, min_seconds
        super().__init__(num_features, embedding_dim)

    def example(self) -> Tensor:
        """A second of silence, or more where the network wants more."""
        return torch.zeros(max(self.sample_rate, self.min_samples()))

    def min_samples(self) -> int:
        """Fewest samples that the network is given."""
        return max(1, round(self.min_seconds * self.sample_rate))

    def features(self, inputs: Tensor) -> Tensor:
        """Run the network on one utterance (num_samples,): (1, num_features)."""
        repeats = -(-self.min_samples() // len(inputs))
        batch = self.scale * inputs.repeat(repeats)[None]  # (1, num_samples)
        if self.feature_kind == "fbank":
            bands = torchaudio.compliance.kaldi.fbank(
                batch,
                num_mel_bins=self.num_bins,
                sample_frequency=self.sample_rate,
                window_type="hamming",
                dither=0.0,
            )  # (num_frames, num_bins)
            batch = (bands - bands.mean(dim=0))[None]
        return self.network(batch)

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding, one utterance at a time."""
        return self.embed(torch.cat([self.features(row) for row in waveforms]))
