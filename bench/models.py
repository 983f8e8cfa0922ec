"""Small models for tests and figures: with an open batch, recurrent, or not to be batched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
SIZE, ACTIONS, HIDDEN = 8, 5, 16


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    weights: dict[str, np.ndarray],
) -> Path:
    """Write a model of float tensors."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "test",
        [info(n, FLOAT, shape) for n, shape in inputs.items()],
        [info(n, FLOAT, shape) for n, shape in outputs.items()],
        [numpy_helper.from_array(v, n) for n, v in weights.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(made, path)
    return path


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=shape) / np.sqrt(shape[0])
    return made.astype(np.float32)


def mlp(path: Path, hidden: int = HIDDEN, size: int = SIZE) -> Path:
    """obs [batch, size] -> logits [batch, 5]."""
    node = helper.make_node
    return save(
        path,
        [node("MatMul", ["obs", "w1"], ["h"]), node("Tanh", ["h"], ["t"]),
         node("MatMul", ["t", "w2"], ["u"]), node("Tanh", ["u"], ["v"]),
         node("MatMul", ["v", "w3"], ["logits"])],
        {"obs": ["batch", size]}, {"logits": ["batch", ACTIONS]},
        {"w1": weights(size, hidden), "w2": weights(hidden, hidden, seed=1),
         "w3": weights(hidden, ACTIONS, seed=2)},
    )  # fmt: skip


def recurrent(path: Path, size: int = SIZE, actions: int = ACTIONS) -> Path:
    """obs [batch, size], state [1, batch, 16] -> logits [batch, actions], next [1, batch, 16]."""
    node = helper.make_node
    return save(
        path,
        [node("MatMul", ["obs", "w1"], ["in"]), node("MatMul", ["state", "w2"], ["kept"]),
         node("Add", ["in", "kept"], ["sum"]), node("Tanh", ["sum"], ["next"]),
         node("Squeeze", ["next", "axis"], ["flat"]), node("MatMul", ["flat", "w3"], ["logits"])],
        {"obs": ["batch", size], "state": [1, "batch", HIDDEN]},
        {"logits": ["batch", actions], "next": [1, "batch", HIDDEN]},
        {"w1": weights(size, HIDDEN), "w2": weights(HIDDEN, HIDDEN, seed=1) * 2,
         "w3": weights(HIDDEN, actions, seed=2), "axis": np.array([0], np.int64)},
    )  # fmt: skip


def across(path: Path) -> Path:
    """Subtracts the mean over the batch: what it gives depends on who else asks."""
    node = helper.make_node
    return save(
        path,
        [node("ReduceMean", ["obs"], ["mean"], axes=[0], keepdims=1),
         node("Sub", ["obs", "mean"], ["off"]), node("Add", ["off", "one"], ["logits"])],
        {"obs": ["batch", ACTIONS]}, {"logits": ["batch", ACTIONS]},
        {"one": np.ones(1, np.float32)},
    )  # fmt: skip


def cnn(path: Path, side: int = 64) -> Path:
    """obs [batch, 3, side, side] -> logits [batch, 5]: two convolutions, a mean, a layer."""
    node = helper.make_node
    return save(
        path,
        [node("Conv", ["obs", "k1"], ["a"], strides=[4, 4], kernel_shape=[8, 8]),
         node("Relu", ["a"], ["b"]),
         node("Conv", ["b", "k2"], ["c"], strides=[2, 2], kernel_shape=[4, 4]),
         node("Relu", ["c"], ["d"]), node("GlobalAveragePool", ["d"], ["e"]),
         node("Flatten", ["e"], ["f"]), node("MatMul", ["f", "w"], ["logits"])],
        {"obs": ["batch", 3, side, side]}, {"logits": ["batch", ACTIONS]},
        {"k1": weights(32, 3, 8, 8), "k2": weights(64, 32, 4, 4), "w": weights(64, ACTIONS)},
    )  # fmt: skip


def product(path: Path, size: int) -> Path:
    """obs [batch, size] -> logits [batch, size]: one product of matrices."""
    node = helper.make_node("MatMul", ["obs", "w"], ["logits"])
    return save(
        path,
        [node],
        {"obs": ["batch", size]},
        {"logits": ["batch", size]},
        {"w": weights(size, size)},
    )


def convolutional(
    path: Path,
    shape: tuple[int, int, int],
    convolutions: Sequence[tuple[int, int, int, int]],
    hidden: Sequence[int],
    actions: int,
) -> float:
    """obs [batch, *shape] -> logits [batch, actions]: convolutions, then layers, all rectified.

    `convolutions` are filters, side of the kernel, stride, padding. Returns the floating point
    operations of one decision, a multiplication and an addition being two.
    """
    nodes, given, operations, at = [], {}, 0, "obs"
    channels, high, wide = shape
    for n, (filters, side, stride, pad) in enumerate(convolutions):
        given[f"k{n}"] = weights(filters, channels, side, side, seed=n)
        given[f"kb{n}"] = weights(filters, seed=n)
        nodes += [
            helper.make_node(
                "Conv", [at, f"k{n}", f"kb{n}"], [f"c{n}"],
                kernel_shape=[side, side], strides=[stride, stride], pads=[pad] * 4,
            ),
            helper.make_node("Relu", [f"c{n}"], [f"r{n}"]),
        ]  # fmt: skip
        high, wide = ((one + 2 * pad - side) // stride + 1 for one in (high, wide))
        operations += 2 * filters * channels * side * side * high * wide
        channels, at = filters, f"r{n}"
    nodes.append(helper.make_node("Flatten", [at], ["flat"]))
    size, at = channels * high * wide, "flat"
    for n, width in enumerate([*hidden, actions]):
        out = "logits" if n == len(hidden) else f"g{n}"
        given[f"w{n}"], given[f"b{n}"] = weights(size, width, seed=n), weights(width, seed=n)
        nodes.append(helper.make_node("Gemm", [at, f"w{n}", f"b{n}"], [out]))
        if out != "logits":
            nodes.append(helper.make_node("Relu", [out], [f"h{n}"]))
        operations += 2 * size * width
        size, at = width, f"h{n}"
    save(path, nodes, {"obs": ["batch", *shape]}, {"logits": ["batch", actions]}, given)
    return float(operations)
