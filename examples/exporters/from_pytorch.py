"""A PyTorch policy as an ONNX file that igym runs: `export(module, shape, "policy.onnx")`.

    from from_pytorch import export
    export(my_network, (8,), "policies/mine.onnx")             # the observation to logits
    export(my_lstm, (8,), "policies/mine.onnx", memory=[(1, 64), (1, 64)])

and in experiment.py

    Onnx("policies/mine.onnx")
    Onnx("policies/mine.onnx", memory={"memory_0": "next_memory_0", "memory_1": "next_memory_1"})

The first dimension stays open, so that inference workers can run several games at once. What was
written is run with ONNX Runtime and compared with PyTorch before this returns.

Needs torch, onnx and onnxruntime where the policy was trained; igym needs none of torch.
Tried with torch 2.13.0, onnx 1.23.2, onnxruntime 1.32.0 on Python 3.11: a layer or two, with
an LSTM, with a GRU. The newer exporter (dynamo=True): not tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch

#: Understood by every ONNX Runtime that igym runs with, and by the one in browsers.
OPSET = 17

#: How far PyTorch and ONNX Runtime may differ.
CLOSE = 1e-4


class _Flat(torch.nn.Module):
    """Inputs and outputs as plain tensors, the memory after the rest."""

    def __init__(self, module: torch.nn.Module, kept: int) -> None:
        super().__init__()
        self._module, self._kept = module, kept

    def forward(self, observation, *memory):
        if not self._kept:
            return self._module(observation)
        out, after = self._module(observation, memory if self._kept > 1 else memory[0])
        return (out, *(after if self._kept > 1 else (after,)))


def export(
    module: torch.nn.Module,
    observation: Sequence[int],
    file: str | Path,
    *,
    memory: Sequence[Sequence[int]] = (),
    names: Sequence[str] = ("logits",),
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write `module` to `file` and check it.

    Args:
        module: module(observation) -> logits, or as many tensors as `names`, with a first
            dimension for the batch. With memory: module(observation, memory) -> (logits, memory),
            where memory is a tensor or, of several, a tuple, each [layers, batch, size] as
            torch.nn.LSTM and GRU have it.
        observation: shape of one observation, without the batch.
        memory: (layers, size) of each recurrent state.
        names: of the outputs before the memory.

    Raises:
        AssertionError: ONNX Runtime does not give what PyTorch gives.
    """
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    flat = _Flat(module, len(memory)).cpu().eval()
    inputs = ["observation", *(f"memory_{n}" for n in range(len(memory)))]
    outputs = [*names, *(f"next_memory_{n}" for n in range(len(memory)))]
    batch = {name: {0: "batch"} for name in ("observation", *names)}
    batch |= {name: {1: "batch"} for name in (*inputs[1:], *outputs[len(names) :])}
    with torch.no_grad():
        torch.onnx.export(
            flat, tuple(_given(observation, memory, 2, dtype)), str(file), opset_version=OPSET,
            input_names=inputs, output_names=outputs, dynamic_axes=batch, dynamo=False,
        )  # fmt: skip
        for size in (1, 5):
            _compare(flat, _given(observation, memory, size, dtype), file, inputs)
    return file


def _given(observation, memory, batch, dtype) -> list[torch.Tensor]:
    seen = torch.randn(batch, *observation)
    if dtype is not torch.float32:
        seen = torch.randint(0, 2, seen.shape)
    return [seen.to(dtype), *(torch.randn(layers, batch, size) for layers, size in memory)]


def _compare(flat, given, file, inputs) -> None:
    wanted = flat(*given)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = session.run(None, {n: t.numpy() for n, t in zip(inputs, given, strict=True)})
    for one, other in zip(wanted, found, strict=True):
        np.testing.assert_allclose(one.detach().numpy(), other, rtol=0, atol=CLOSE)
