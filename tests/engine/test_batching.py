"""Questions answered together are answered as each alone would be, or they are not put together."""

from __future__ import annotations

import numpy as np
import pytest

from bench import models
from igym.engine import batching, onnx
from igym.errors import BadPolicy


@pytest.mark.parametrize("make", [models.mlp, models.recurrent, models.cnn])
def test_a_batch_gives_what_each_gives_alone(tmp_path, make):
    session = onnx.opened(make(tmp_path / "m.onnx").name, tmp_path)
    rng = np.random.default_rng(1)
    questions = [
        {
            name: rng.normal(size=[n or 1 for n in port.shape]).astype(np.float32)
            for name, port in session.inputs.items()
        }
        for _ in range(20)
    ]
    batcher = batching.Batcher(session, tuple(session.outputs))
    for size in (1, 3, 20):
        answers = batcher.run(questions[:size])
        assert batcher.together
        for question, answer in zip(questions, answers, strict=False):
            alone = session.run(tuple(session.outputs), question)
            for name, value in alone.items():
                assert answer[name].shape == value.shape
                np.testing.assert_allclose(answer[name], value, rtol=0, atol=1e-5)
                if name == "logits":
                    assert answer[name].argmax() == value.argmax()


def test_a_model_that_looks_across_the_batch_is_asked_one_by_one(tmp_path):
    session = onnx.opened(models.across(tmp_path / "m.onnx").name, tmp_path)
    batcher = batching.Batcher(session, ("logits",))
    questions = [{"obs": np.full((1, 5), n, np.float32)} for n in range(4)]
    for _ in range(2):
        assert [answer["logits"].tolist() for answer in batcher.run(questions)] == [[[1.0] * 5]] * 4
    assert not batcher.together


def test_a_model_with_a_closed_batch_is_asked_one_by_one(tmp_path):
    from onnx import helper

    models.save(
        tmp_path / "m.onnx", [helper.make_node("Identity", ["obs"], ["logits"])],
        {"obs": [1, 3]}, {"logits": [1, 3]}, {},
    )  # fmt: skip
    batcher = batching.Batcher(onnx.opened("m.onnx", tmp_path), ("logits",))
    assert not batcher.together
    questions = [{"obs": np.full((1, 3), n, np.float32)} for n in range(3)]
    assert [a["logits"][0, 0] for a in batcher.run(questions)] == [0, 1, 2]


def test_arrays_survive_the_wire_and_are_the_receivers_own():
    sent = {
        "a": np.arange(6, dtype=np.int64).reshape(2, 3), "b": np.array(True),
        "c": np.zeros((0, 4), np.float16),
    }  # fmt: skip
    got = batching.unpacked(batching.packed(sent))
    assert all(np.array_equal(got[k], v) and got[k].dtype == v.dtype for k, v in sent.items())
    got["a"][0, 0] = 7
    assert sent["a"][0, 0] == 0


def test_what_the_model_does_not_take_is_refused_in_words(tmp_path):
    batcher = batching.Batcher(
        onnx.opened(models.mlp(tmp_path / "m.onnx").name, tmp_path), ("logits",)
    )
    with pytest.raises(BadPolicy, match=r"m\.onnx failed when it was fed obs"):
        batcher.run([{"obs": np.zeros((1, 3), np.float32)}] * 2)
