"""The module path that saved speaker embeddings name: `pins_plugin.pipelines.diarization.speaker_embedding`."""

from pins_plugin.pipelines.diarization.speaker_embedding import PinsSpeakerEmbedding

__all__ = ["PinsSpeakerEmbedding"]
