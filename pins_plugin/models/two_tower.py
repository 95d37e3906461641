"""Two branches side by side; either input may be absent."""

from torch import Tensor, nn


class TwoTower(nn.Module):
    """A face encoder and a voice encoder that share a space, not weights (Learnable PINs, section 3.1).

    Parameters
    ----------
    face_encoder, voice_encoder : nn.Module
        With the same `embedding_dim`.

    Examples
    --------
    >>> import torch
    >>> from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
    >>> model = TwoTower(CompactFaceEncoder(), CompactVoiceEncoder()).eval()
    >>> faces, voices = model(faces=torch.zeros(2, 3, 64, 64))
    >>> faces.shape, voices
    (torch.Size([2, 128]), None)
    """

    def __init__(self, face_encoder: nn.Module, voice_encoder: nn.Module) -> None:
        super().__init__()
        if face_encoder.embedding_dim != voice_encoder.embedding_dim:
            raise ValueError(
                f"expected branches with one embedding_dim, got {face_encoder.embedding_dim} for faces "
                f"and {voice_encoder.embedding_dim} for voices"
            )
        self.face_encoder = face_encoder
        self.voice_encoder = voice_encoder

    def forward(
        self,
        faces: Tensor | None = None,
        waveforms: Tensor | None = None,
        relative_lengths: Tensor | None = None,
    ) -> tuple[Tensor | None, Tensor | None]:
        """Embed what is given.

        Parameters
        ----------
        faces : (num_faces, 3, height, width) Tensor, optional
        waveforms : (num_voices, num_samples) Tensor, optional
        relative_lengths : (num_voices,) Tensor, optional

        Returns
        -------
        face_embeddings : (num_faces, embedding_dim) Tensor or None
        voice_embeddings : (num_voices, embedding_dim) Tensor or None
        """
        face_embeddings = None if faces is None else self.face_encoder(faces)
        voice_embeddings = (
            None if waveforms is None else self.voice_encoder(waveforms, relative_lengths)
        )
        return face_embeddings, voice_embeddings
