"""Joined synchronization models: unit length, and the mean of the members' similarities."""

import torch

from pins_plugin.models.sync_joined import JoinedLipEncoders, JoinedSoundEncoders


def test_similarity_is_the_mean_of_the_members() -> None:
    torch.manual_seed(0)
    options = {"num_members": 3, "channels": 8, "embedding_dim": 4, "num_blocks": 1}
    lips_encoder = JoinedLipEncoders(**options).eval()
    sound_encoder = JoinedSoundEncoders(**options).eval()
    lips, sound = torch.randn(2, 20, 88, 2), 0.1 * torch.randn(2, 12800)
    with torch.no_grad():
        shown, heard = lips_encoder(lips), sound_encoder(sound)
        apart = [
            (seen(lips) * hearing(sound)).sum(dim=-1)
            for seen, hearing in zip(lips_encoder.members, sound_encoder.members, strict=True)
        ]
    assert shown.shape == heard.shape == (2, 20, lips_encoder.embedding_dim)
    torch.testing.assert_close(shown.norm(dim=-1), torch.ones(2, 20))
    torch.testing.assert_close((shown * heard).sum(dim=-1), torch.stack(apart).mean(dim=0))
    inner = lips_encoder.inner_features(lips)
    assert inner.shape == (2, 20, lips_encoder.inner_dim)
