"""ONNX models: what one seat's observation becomes, and what comes out. Knows no game or clock.

Three lives, from long to short:

    session   one per model file and process: the weights, shared by everybody
    Model     one per `Onnx` of a scene: a session and how this seat uses it
    Player    one per game, seat and episode (`igym.engine.player`): its memory and its draws

A decision has a cheap first and last part, which belong to the player, and a pure part in
between that may run in any OS thread:

    feeds = player.prepare(observation)     # in the game's greenlet
    outputs = model.infer(feeds)            # anywhere; holds no Python lock while it computes
    action = player.commit(outputs)         # in the game's greenlet

`Model.cost_ms` says whether a thread is worth its while. `player.decide` is all three inline.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from igym.domain.policy import Normal, Onnx
from igym.engine.weights import Array, Arrays, Port, Session
from igym.errors import BadPolicy

#: Runs timed at load, after one that is not: the fastest is the cost.
_TIMED_RUNS = 5

_lock = threading.Lock()
_sessions: WeakValueDictionary[tuple[Path, str], Session] = WeakValueDictionary()
#: Models that no game uses just now but the next one probably will. 8 keeps what a study or
#: two need, and lets the models of versions long replaced go.
_recent: deque[Session] = deque(maxlen=8)


class Model:
    """A session and how one seat uses it. Keeps no state: share it between games and threads.

    Made by `load`.

    Attributes:
        spec: what the author wrote.
        cost_ms: the fastest of a few warm-up runs, in milliseconds. Infinite until `check`
            where the file leaves the size of an observation open.
    """

    def __init__(self, spec: Onnx, session: Session) -> None:
        self.spec = spec
        self.session = session
        #: Inputs that are always the same.
        self.fixed = {
            name: session.inputs[name].zeros() + session.inputs[name].dtype.type(value)
            for name, value in spec.fixed.items()
            if name in session.inputs
        }
        #: The inputs that take the observation, each with where in it its numbers are.
        self.seen = self._seen()
        self.logits = self._logits()
        self.memory = {i: self._memory(i, o) for i, o in spec.memory.items()}
        self._std = self._deviation()
        stds = (self._std,) if self._std else ()
        #: Names of the outputs that are asked for.
        self.outputs = (self.logits.name, *stds, *spec.memory.values())
        #: How many numbers a decision has; 0 until `check` where the file leaves it open.
        self.width = (self.logits.shape[-1] if self.logits.shape else 1) or 0
        self.cost_ms = math.inf
        if not any(None in port.shape[1:] for port, _ in self.seen):
            self.measure({port.name: port.zeros() for port, _ in self.seen})

    def refuse(self, what: str, hint: str) -> BadPolicy:
        return BadPolicy(f"{self.spec.file}: {what} {self.session.found}", hint=hint)

    def _seen(self) -> list[tuple[Port, tuple[str | int, ...]]]:
        if not self.spec.inputs:
            return [(self._observation(), self.spec.take)]
        free = set(self.session.inputs) - set(self.spec.memory) - set(self.fixed)
        named = set(self.spec.inputs)
        if named != free:
            odd = ", ".join(map(repr, sorted(named - free)))
            missing = ", ".join(map(repr, sorted(free - named)))
            what = f"inputs names {odd}, not among its free inputs." if odd else ""
            unfed = f"inputs= does not say what to feed to {missing}." if missing else ""
            raise self.refuse(
                f"{what} {unfed}".strip(),
                "Name each input for a part of the observation. Recurrent ones are memory=.",
            )
        return [
            (self._batchless(self.session.inputs[name]), at if isinstance(at, tuple) else (at,))
            for name, at in self.spec.inputs.items()
        ]

    def _batchless(self, port: Port) -> Port:
        if port.shape and port.shape[0] not in (None, 1):
            raise self.refuse(
                f"{port} wants more than one observation at a time.",
                "Export it with a first dimension of 1, or an open one.",
            )
        return port

    def _observation(self) -> Port:
        inputs, spec = self.session.inputs, self.spec
        for name in spec.memory:
            if name not in inputs:
                raise self.refuse(
                    f"memory names {name!r}, which is not an input.",
                    "Write memory={input name: output name}.",
                )
        free = [name for name in inputs if name not in spec.memory and name not in self.fixed]
        name = spec.observation or (free[0] if len(free) == 1 else "")
        if name not in free:
            what = f"observation={spec.observation!r} names none of the free inputs."
            raise self.refuse(
                what,
                "Name the input that takes the observation, and in memory= the recurrent ones.",
            )
        if len(free) > 1:
            others = ", ".join(repr(n) for n in free if n != name)
            raise self.refuse(
                f"nothing says what to feed to {others}.",
                "Name recurrent inputs in memory=, those that stay the same in fixed=, and several "
                "that take parts of the observation in inputs=.",
            )
        port = self._batchless(inputs[name])
        if (spec.scale, spec.shift) != (1, 0) and port.dtype.kind != "f":
            raise self.refuse(
                f"scale and shift need a floating point input; {name} is {port.dtype}.",
                "Leave scale=1 and shift=0, or put the scaling into the model.",
            )
        return port

    def _logits(self) -> Port:
        outputs, spec = self.session.outputs, self.spec
        kept = {*spec.memory.values(), self._deviation()}
        name = spec.logits or next((n for n in outputs if n not in kept), "")
        port = outputs.get(name)
        if port is None:
            raise self.refuse(
                f"logits={spec.logits!r} names none of its outputs.",
                "Name the output that has one number for each action.",
            )
        if port.dtype.kind != "f":
            raise self.refuse(
                f"the logits {port} are not floating point.",
                "Export the numbers from before the argmax, one for each action.",
            )
        if any(n not in (None, 1) for n in port.shape[:-1]):
            raise self.refuse(
                f"the logits {port} are more than one row.",
                "Export one row, [1, number of actions].",
            )
        declared = port.shape[-1] if port.shape else 1
        if spec.actions is not None and declared not in (None, len(spec.actions)):
            raise self.refuse(
                f"actions has {len(spec.actions)} entries for {declared} logits.",
                "Give one action for each logit, in their order.",
            )
        if spec.heads and declared not in (None, sum(spec.heads)):
            raise self.refuse(
                f"heads={spec.heads} are {sum(spec.heads)} logits of {declared}.",
                "Say how many logits each of the actions has, in their order.",
            )
        return port

    def _deviation(self) -> str:
        """The output that gives standard deviations, "" where none does."""
        choose = self.spec.choose
        if not isinstance(choose, Normal) or not isinstance(choose.std, str):
            return ""
        if choose.std not in self.session.outputs:
            raise self.refuse(
                f"Normal(std={choose.std!r}) names none of its outputs.",
                "Name the output that gives the standard deviations, or give a number.",
            )
        return choose.std

    def _memory(self, name: str, output: str) -> Port:
        into, out = self.session.inputs[name], self.session.outputs.get(output)
        if out is None:
            raise self.refuse(
                f"memory[{name!r}] names {output!r}, which is not an output.",
                "Write memory={input name: output name}.",
            )
        same = len(into.shape) == len(out.shape) and all(
            a == b or None in (a, b) for a, b in zip(into.shape, out.shape, strict=True)
        )
        if into.dtype != out.dtype or not same:
            raise self.refuse(
                f"memory cannot go from the output {out} into the input {into}.",
                "Both need the same type and shape.",
            )
        return into

    def measure(self, seen: Arrays) -> None:
        """`seen` is what `see` made of an observation."""
        feeds = {**seen, **self.fixed, **self.blank()}
        self.infer(feeds)  # the first run also sets up buffers
        took = []
        for _ in range(_TIMED_RUNS):
            start = time.perf_counter()
            self.infer(feeds)
            took.append(time.perf_counter() - start)
        self.cost_ms = min(took) * 1000

    def blank(self) -> dict[str, Array]:
        """The memory at the start of an episode: a new array of zeros for each input."""
        return {name: port.zeros() for name, port in self.memory.items()}

    def see(self, observation: Any) -> dict[str, Array]:
        """What the model is fed for `observation`, as the environment returned it, by input.

        `take`, or the path in `inputs`, is followed, the value is cast to the input's dtype, then
        multiplied by `scale` and shifted by `shift` in that dtype, each result rounded to it.

        Returns:
            Arrays [1, *shape of the value] that do not share memory with the observation.

        Raises:
            BadPolicy: `take` leads nowhere, or to something that is not an array of numbers.
        """
        return {port.name: self._part(observation, port, path) for port, path in self.seen}

    def _part(self, observation: Any, port: Port, path: tuple[str | int, ...]) -> Array:
        value = observation
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError) as error:
                where = f"inputs[{port.name!r}]" if self.spec.inputs else "take"
                raise BadPolicy(
                    f"{self.spec.file}: {where}={path!r} finds no {key!r} in the "
                    f"observation, which is {_shape_of(observation)}.",
                    hint='Use take=() for the observation itself, ("key",) for a dict\'s entry.',
                ) from error
        try:
            array = np.array(value, port.dtype)
        except (TypeError, ValueError) as error:
            raise BadPolicy(
                f"{self.spec.file} cannot be fed the observation, which is {_shape_of(value)}.",
                hint="Point take= at the entry that is an array of numbers.",
            ) from error
        if self.spec.one_hot:
            array = self._one_hot(array)
        if self.spec.scale != 1:
            array *= self.spec.scale
        if self.spec.shift != 0:
            array += self.spec.shift
        return array[np.newaxis]

    def _one_hot(self, value: Array) -> Array:
        size, number = self.spec.one_hot, value.reshape(-1)
        if len(number) != 1 or not 0 <= number[0] < size or number[0] != int(number[0]):
            raise BadPolicy(
                f"{self.spec.file}: one_hot={size} wants one of the numbers 0 to {size - 1}, "
                f"and the observation is {value.tolist()}."
            )
        made = np.zeros(size, value.dtype)
        made[int(number[0])] = 1
        return made

    def infer(self, feeds: Arrays) -> Arrays:
        """One forward pass: input name -> array to output name -> array.

        Pure, and safe in any OS thread, several at once. Blocks for about `cost_ms`, most of
        it without holding Python's lock.

        Raises:
            BadPolicy: the model does not take arrays of these shapes.
        """
        return self.session.run(self.outputs, feeds)

    def deviations(self, outputs: Arrays, width: int) -> list[float]:
        """The standard deviation of each of `width` numbers; none where nothing is drawn so.

        Raises:
            BadPolicy: they are not one for all or one for each, or cannot be deviations.
        """
        choose = self.spec.choose
        if not isinstance(choose, Normal):
            return []
        if not isinstance(choose.std, str):
            return [float(choose.std)] * width
        given: list[float] = outputs[choose.std].reshape(-1).tolist()
        found = [math.exp(one) for one in given] if choose.log else given
        if len(found) not in (1, width) or not all(0 <= one < math.inf for one in found):
            raise BadPolicy(f"{self.spec.file} gave {found} as deviations of {width} numbers.")
        return found * width if len(found) == 1 else found

    def row(self, outputs: Arrays) -> list[float]:
        """The logits of one decision, or its numbers, as float64.

        Raises:
            BadPolicy: they are more than one row, or one is not finite.
        """
        logits = outputs[self.logits.name]
        row: list[float] = logits.reshape(-1).tolist()
        if logits.ndim and logits.shape[-1] != len(row):
            raise BadPolicy(
                f"{self.spec.file} gave logits of shape {list(logits.shape)}.",
                hint="One row is needed, [1, number of actions].",
            )
        if not all(map(math.isfinite, row)):
            raise BadPolicy(
                f"{self.spec.file} gave logits that are not finite: {row}.",
                hint="Look for a division by zero, or an observation outside what it was "
                "trained on. To forbid an action use a large negative number.",
            )
        return row


def load(spec: Onnx, root: Path) -> Model:
    """Open a policy of the package at `root`.

    The session behind it is shared: a file with the same path and content is read into
    memory once per process, and stays while a `Model` of it is in use or it is among the
    last few that were.

    Raises:
        BadPolicy: the file is missing, outside the package, or not ONNX, or its inputs and
            outputs are not what `spec` says. The message tells what the file really has.

    Costs milliseconds to seconds, by the size of the model: call it before play starts.
    """
    return Model(spec, opened(spec.file, root))


def opened(file: str, root: Path) -> Session:
    """The session of a file of the package at `root`, shared as `load` says. Raises as it does."""
    path = _inside(file, root.resolve())
    content = path.read_bytes()
    key = (path, hashlib.sha256(content).hexdigest())
    with _lock:
        session = _sessions.get(key)
        if session is None:
            session = _sessions[key] = Session(file, content)
        if session in _recent:
            _recent.remove(session)
        _recent.append(session)
    return session


def _inside(file: str, root: Path) -> Path:
    path = (root / file).resolve()
    if not path.is_relative_to(root):
        raise BadPolicy(
            f"{file} is outside the package.",
            hint="Copy the model into the package, say to policies/, and name it from there.",
        )
    if not path.is_file():
        here = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.onnx"))
        raise BadPolicy(
            f"There is no policy file {file or '(no name)'}.",
            hint=f"The package has {', '.join(here[:8]) or 'no .onnx file'}.",
        )
    return path


def _shape_of(value: Any) -> str:
    """A few words on what a researcher's environment returned."""
    if isinstance(value, Mapping):
        return f"a dict with the keys {sorted(map(str, value))}"
    if isinstance(value, np.ndarray):
        return f"an array {value.dtype}{list(value.shape)}"
    return f"a {type(value).__name__}"
