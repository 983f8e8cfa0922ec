"""An ONNX file ready to run, and what it takes and gives. Knows no seat and no observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from igym.errors import BadPolicy

Array = NDArray[Any]
#: Input name -> value, or output name -> value, of one run of a model.
Arrays = Mapping[str, Array]

_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "tensor(float16)": np.dtype(np.float16),
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(int8)": np.dtype(np.int8),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(bool)": np.dtype(np.bool_),
}


class _Node(Protocol):
    """What onnxruntime says about one input or output."""

    name: str
    type: str
    shape: Sequence[int | str | None]


class _Runtime(Protocol):
    """The part of `onnxruntime.InferenceSession` that is used here."""

    def get_inputs(self) -> list[_Node]: ...
    def get_outputs(self) -> list[_Node]: ...
    def run(self, outputs: Sequence[str], feeds: Arrays) -> list[Array]: ...


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a model. A dimension the file leaves open is None."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        size = ", ".join("?" if n is None else str(n) for n in self.shape)
        return f"{self.name} {self.dtype}[{size}]"

    def takes(self, shape: Sequence[int]) -> bool:
        """Whether an array of this shape fits; an open dimension takes any size."""
        if len(shape) != len(self.shape):
            return False
        return all(mine in (None, n) for mine, n in zip(self.shape, shape, strict=True))

    def zeros(self) -> Array:
        """A new array of zeros that fits, with 1 for each open dimension."""
        return np.zeros([1 if n is None else n for n in self.shape], self.dtype)


class Session:
    """The weights of one file, ready to run on one thread. Shared; keeps no state."""

    def __init__(self, file: str, content: bytes) -> None:
        self.file = file
        options = onnxruntime.SessionOptions()
        # Parallelism comes from playing many games, so a thread pool per model would only
        # fight over the cores, and spinning would burn them while nothing is to do.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors: they are raised, and warnings are not ours
        try:
            self._runtime = cast(
                _Runtime,
                onnxruntime.InferenceSession(
                    content, sess_options=options, providers=["CPUExecutionProvider"]
                ),
            )
        except Exception as error:  # onnxruntime's errors have no common ancestor
            raise BadPolicy(
                f"{file} is not a model that ONNX Runtime can read: {first_line(error)}",
                hint="Export it again, as one file with its weights inside.",
            ) from error
        self.inputs = self._ports(self._runtime.get_inputs())
        self.outputs = self._ports(self._runtime.get_outputs())

    def _ports(self, nodes: list[_Node]) -> dict[str, Port]:
        for node in nodes:
            if node.type not in _DTYPES:
                raise BadPolicy(
                    f"{self.file}: {node.name} is a {node.type}.",
                    hint=f"igym feeds {', '.join(_DTYPES)}.",
                )
        return {
            node.name: Port(
                node.name,
                _DTYPES[node.type],
                tuple(n if isinstance(n, int) and n > 0 else None for n in node.shape),
            )
            for node in nodes
        }

    @property
    def found(self) -> str:
        """The model's inputs and outputs, for a message to its author."""
        inputs = ", ".join(map(str, self.inputs.values()))
        outputs = ", ".join(map(str, self.outputs.values()))
        return f"It has the inputs {inputs or 'none'} and the outputs {outputs or 'none'}."

    def run(self, outputs: Sequence[str], feeds: Arrays) -> dict[str, Array]:
        try:
            return dict(zip(outputs, self._runtime.run(outputs, feeds), strict=True))
        except Exception as error:  # onnxruntime's errors have no common ancestor
            fed = ", ".join(f"{k} {v.dtype}{list(v.shape)}" for k, v in feeds.items())
            raise BadPolicy(
                f"{self.file} failed when it was fed {fed}: {first_line(error)} {self.found}"
            ) from error


def first_line(error: Exception) -> str:
    """What an error of ONNX Runtime says before it goes into detail."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
