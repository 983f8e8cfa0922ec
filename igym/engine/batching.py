"""Many requests to one model as one run of it. Pure; knows no game, clock or Redis.

A model can be asked for several games at once if each of its inputs and outputs has exactly one
open dimension: that is the one along which requests are laid side by side. Whether it then
gives what it gives alone is tried on the first requests that come together; where it does not
(a norm over the batch, a sort across it) it is asked one by one from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import numpy as np

from igym.engine.weights import Array, Arrays, Port, Session
from igym.wire.inner import Tensor

_log = logging.getLogger(__name__)

#: How far an output may be from what it is alone: matrix products are summed in another order.
#: Relative to the largest number of that output.
CLOSE = 1e-4


def packed(arrays: Arrays) -> list[Tensor]:
    """Arrays as the wire has them."""
    return [
        Tensor(name, value.dtype.str, list(value.shape), value.tobytes())
        for name, value in arrays.items()
    ]


def unpacked(tensors: Iterable[Tensor]) -> dict[str, Array]:
    """What was packed. The arrays are the receiver's own."""
    return {
        t.name: np.frombuffer(t.data, np.dtype(t.dtype)).reshape(t.shape).copy() for t in tensors
    }


class Batcher:
    """One model and the outputs that are asked of it."""

    def __init__(self, session: Session, outputs: Sequence[str]) -> None:
        self._session = session
        self._outputs = tuple(outputs)
        self._in = _axes(session.inputs.values())
        wanted = [session.outputs[name] for name in outputs if name in session.outputs]
        self._out = _axes(wanted)
        #: Whether several requests may be one run.
        self.together = bool(self._in) and bool(self._out) and len(wanted) == len(self._outputs)
        self._proven = False

    def run(self, requests: Sequence[Arrays]) -> Sequence[Arrays]:
        """The outputs for each of the requests, which have the same shapes.

        Raises:
            BadPolicy: the model does not take them.
        """
        if len(requests) == 1 or not self.together:
            return [self._session.run(self._outputs, feeds) for feeds in requests]
        answers = self._at_once(requests)
        if not self._proven:
            alone = [self._session.run(self._outputs, feeds) for feeds in requests]
            if answers is None or not all(map(_same, answers, alone)):
                _log.warning("%s is asked one by one: together it differs", self._session.file)
                self.together = False
                return list(alone)
            self._proven = True
        assert answers is not None
        return answers

    def _at_once(self, requests: Sequence[Arrays]) -> Sequence[Arrays] | None:
        feeds = {
            name: np.concatenate([one[name] for one in requests], axis)
            for name, axis in self._in.items()
        }
        found = self._session.run(self._outputs, feeds)
        for name, axis in self._out.items():
            if found[name].ndim <= axis or found[name].shape[axis] != len(requests):
                return None
        # Not `np.split`: it costs as much for each part as a small network. Going through an array
        # along its first axis costs next to nothing, and the one that was cut stays, as 1.
        answers: list[dict[str, Array]] = [{} for _ in requests]
        for name in self._outputs:
            axis = self._out[name]
            parts = np.expand_dims(np.moveaxis(found[name], axis, 0), axis + 1)
            for answer, part in zip(answers, parts, strict=True):
                answer[name] = part
        return answers


def _axes(ports: Iterable[Port]) -> dict[str, int]:
    """Name -> the one open dimension; empty where a port has none or several."""
    found = {}
    for port in ports:
        if port.shape.count(None) != 1:
            return {}
        found[port.name] = port.shape.index(None)
    return found


def _same(one: Arrays, other: Arrays) -> bool:
    """Whether two answers are equal but for rounding."""
    for name, mine in one.items():
        yours = other[name]
        if mine.shape != yours.shape:
            return False
        if mine.dtype.kind != "f":
            if not np.array_equal(mine, yours):
                return False
            continue
        reach = CLOSE * max(1.0, float(np.abs(yours).max(initial=0)))
        if not np.allclose(mine, yours, rtol=0, atol=reach, equal_nan=True):
            return False
    return True
