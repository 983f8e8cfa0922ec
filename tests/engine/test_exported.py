"""Files with the names and shapes that exporters give are run as their authors write it."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from bench import models
from igym import Onnx
from igym.engine import batching
from igym.engine.onnx import load
from igym.engine.player import check, seated
from igym.errors import BadPolicy

EXPORTERS = Path(__file__).parents[2] / "examples" / "exporters"


def rllib(path: Path, *more: str) -> np.ndarray:
    """As `policy.export_model(folder, onnx=17)` of RLlib names it. Returns its weights."""
    node, w = helper.make_node, models.weights(4, 2)
    models.save(
        path,
        [node("MatMul", ["obs", "w"], ["output"]), node("Identity", ["state_ins"], ["state_outs"])],
        {"obs": ["batch_size", 4], "state_ins": ["batch_size"], "seq_lens": ["batch_size"],
         **{name: ["batch_size"] for name in more}},
        {"output": ["batch_size", 2], "state_outs": ["batch_size"]}, {"w": w},
    )  # fmt: skip
    return w


def test_a_model_exported_by_rllib_runs_by_its_preset(tmp_path):
    w = rllib(tmp_path / "model.onnx")
    model = load(Onnx.from_rllib("model.onnx"), tmp_path)
    seen = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    check(model, seen[0], 2)
    player = seated(model, 1)

    assert [player.decide(one) for one in seen] == (seen @ w).argmax(1).tolist()

    batcher = batching.Batcher(model.session, model.outputs)
    together = batcher.run([player.prepare(one) for one in seen])
    assert batcher.together
    assert [player.commit(one) for one in together] == (seen @ w).argmax(1).tolist()


def test_an_input_the_preset_says_nothing_about_is_named(tmp_path):
    rllib(tmp_path / "model.onnx", "prev_actions")
    with pytest.raises(BadPolicy, match="what to feed to 'prev_actions'") as refused:
        load(Onnx.from_rllib("model.onnx"), tmp_path)
    assert "fixed=" in refused.value.hint
    fixed = {"state_ins": 0, "seq_lens": 1, "prev_actions": 0}
    assert load(Onnx.from_rllib("model.onnx", fixed=fixed), tmp_path).fixed["seq_lens"] == 1


def test_a_recurrent_model_with_the_names_of_the_pytorch_exporter_remembers(tmp_path):
    node = helper.make_node
    models.save(
        tmp_path / "gru.onnx",
        [node("Add", ["memory_0", "observation"], ["next_memory_0"]),
         node("Squeeze", ["next_memory_0", "axis"], ["logits"])],
        {"observation": ["batch", 3], "memory_0": [1, "batch", 3]},
        {"logits": ["batch", 3], "next_memory_0": [1, "batch", 3]},
        {"axis": np.array([0], np.int64)},
    )  # fmt: skip
    player = seated(load(Onnx("gru.onnx", memory={"memory_0": "next_memory_0"}), tmp_path), 0)
    assert [player.decide(np.eye(3, dtype=np.float32)[n]) for n in (2, 1, 1)] == [2, 1, 1]
    assert player.memory["memory_0"].tolist() == [[[0, 2, 1]]]


@pytest.mark.parametrize("file", sorted(EXPORTERS.glob("*.py")), ids=lambda file: file.name)
def test_an_exporter_says_with_what_it_was_tried_and_what_was_not(file):
    said = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    assert "Tried with" in said and "torch 2.13.0" in said
    assert "not tried" in said or file.name == "from_pytorch.py"
