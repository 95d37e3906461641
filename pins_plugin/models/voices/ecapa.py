"""Voices through SpeechBrain's ECAPA-TDNN, a speaker recognition network (VoxCeleb)."""

import os
from pathlib import Path

import torch
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from torch import Tensor, nn

from pins_plugin.models.folder.model_folder import load_strictly
from pins_plugin.models.folder.starting_weights import find_weights
from pins_plugin.models.layers.frozen import Trunk
from pins_plugin.models.layers.lengths import VoiceEncoder
from pins_plugin.models.layers.normalization import Dropout
from pins_plugin.models.layers.projection import Projection

HUB_NAME = "speechbrain/spkrec-ecapa-voxceleb"
WEIGHTS = "embedding_model.ckpt"


class ECAPAEncoder(VoiceEncoder):
    """ECAPA-TDNN (192 numbers) under a small head of size `hidden_dim`, which alone is trained where `frozen`.

    Front end and trunk are those of SpeechBrain's `spkrec-ecapa-voxceleb`: 80 mel bands in dB, mean of each band
    taken off. Weights are fresh; see `load_ecapa_weights`, which are of 1024 `channels`.
    """

    sample_rate = 16000  # Hz

    def __init__(
        self,
        embedding_dim: int = 256,
        frozen: bool = True,
        hidden_dim: int = 512,
        dropout: float = 0.2,
        channels: int = 1024,
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.fbank = Fbank(n_mels=80)
        widths = [channels] * 4 + [3 * channels]
        network = ECAPA_TDNN(
            80,
            lin_neurons=192,
            channels=widths,
            kernel_sizes=[5, 3, 3, 3, 1],
            dilations=[1, 2, 3, 4, 1],
            attention_channels=128,
        )
        self.trunk = Trunk(network, frozen)
        self.hidden = nn.Sequential(
            nn.Linear(192, hidden_dim), nn.ReLU(inplace=True), Dropout(dropout)
        )
        self.projection = Projection(hidden_dim, embedding_dim)

    def encode(self, waveforms: Tensor) -> Tensor:
        """Embed (batch, num_samples) without padding."""
        with torch.autocast(waveforms.device.type, enabled=False), torch.no_grad():
            bands = self.fbank(waveforms.float())  # (batch, num_frames, 80)
            bands = bands - bands.mean(dim=1, keepdim=True)
        whole = waveforms.new_ones(waveforms.shape[0])
        features = self.trunk(bands, whole)[:, 0]  # (batch, 192)
        return self.projection(self.hidden(nn.functional.normalize(features.float(), dim=-1)))


def load_ecapa_weights(encoder: ECAPAEncoder, source: str | Path | None = None) -> None:
    """Give an `ECAPAEncoder` the weights of speaker recognition: of a file, or the folder of the downloaded model.

    By default they are looked for where SpeechBrain keeps them; ModelFolderError when there are none, or they do not fit.
    """
    if source is None:
        places = _usual_places()
    else:
        path = Path(source)
        places = [path / WEIGHTS if path.is_dir() else path]
    weights = find_weights(places, f"ECAPA-TDNN, https://huggingface.co/{HUB_NAME}")
    load_strictly(encoder.trunk.network, weights, places[0])


def _usual_places() -> list[Path]:
    cache = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    hub = Path(os.environ.get("HF_HUB_CACHE", cache / "hub"))
    folder = "models--" + HUB_NAME.replace("/", "--")
    return [
        *sorted((hub / folder / "snapshots").glob(f"*/{WEIGHTS}")),
        Path("pretrained_models") / HUB_NAME.split("/")[1] / WEIGHTS,
        hub / folder / "snapshots" / "*" / WEIGHTS,
    ]
