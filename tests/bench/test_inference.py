"""The networks that decisions are measured with are what their names say."""

from __future__ import annotations

import numpy as np

from bench import inference
from igym.engine import batching, onnx


def test_networks_can_be_asked_together_and_their_arithmetic_is_counted(tmp_path):
    made = {network.file: network for network in inference.networks(tmp_path)}
    # 16 filters of 3×3 over 4 channels at 8×8 places, then 1024 × 128 and 128 × 6.
    assert made["minatar.onnx"].flop == 2 * (16 * 4 * 9 * 64 + 1024 * 128 + 128 * 6)
    assert 18e6 < made["atari.onnx"].flop < 19e6
    for file in made:
        session = onnx.opened(file, tmp_path)
        batcher = batching.Batcher(session, ("logits",))
        asked = inference.questions(session, 3)
        answers = batcher.run(asked)
        assert batcher.together, file
        for feeds, answer in zip(asked, answers, strict=True):
            alone = session.run(("logits",), feeds)["logits"]
            assert answer["logits"].shape == alone.shape
            assert np.allclose(answer["logits"], alone, atol=1e-4 * np.abs(alone).max())
