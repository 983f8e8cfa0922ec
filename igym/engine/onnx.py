"""ONNX policies: from one seat's observation to its action. Knows no game, clock or Redis.

Three lives, from long to short:

    session   one per model file and process: the weights, shared by everybody
    Model     one per `Onnx` of a scene: a session and how this seat uses it
    Player    one per game, seat and episode: recurrent state and random draws

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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from igym.domain.experiment import Onnx, Sample
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
        self.observation = self._observation()
        self.logits = self._logits()
        self.memory = {i: self._memory(i, o) for i, o in spec.memory.items()}
        self._outputs = (self.logits.name, *spec.memory.values())
        self.cost_ms = math.inf
        if None not in self.observation.shape[1:]:
            self._time(self.observation.zeros())

    def _refuse(self, what: str, hint: str) -> BadPolicy:
        return BadPolicy(f"{self.spec.file}: {what} {self.session.found}", hint=hint)

    def _observation(self) -> Port:
        inputs, spec = self.session.inputs, self.spec
        for name in spec.memory:
            if name not in inputs:
                raise self._refuse(
                    f"memory names {name!r}, which is not an input.",
                    "Write memory={input name: output name}.",
                )
        free = [name for name in inputs if name not in spec.memory]
        name = spec.observation or (free[0] if len(free) == 1 else "")
        if name not in free:
            what = f"observation={spec.observation!r} names none of the free inputs."
            raise self._refuse(
                what,
                "Name the input that takes the observation, and in memory= the recurrent ones.",
            )
        if len(free) > 1:
            others = ", ".join(repr(n) for n in free if n != name)
            raise self._refuse(
                f"nothing says what to feed to {others}.",
                "Name recurrent inputs in memory=, or export the model without them.",
            )
        port = inputs[name]
        if port.shape and port.shape[0] not in (None, 1):
            raise self._refuse(
                f"{port} wants more than one observation at a time.",
                "Export it with a first dimension of 1, or an open one.",
            )
        if (spec.scale, spec.shift) != (1, 0) and port.dtype.kind != "f":
            raise self._refuse(
                f"scale and shift need a floating point input; {name} is {port.dtype}.",
                "Leave scale=1 and shift=0, or put the scaling into the model.",
            )
        return port

    def _logits(self) -> Port:
        outputs, spec = self.session.outputs, self.spec
        kept = set(spec.memory.values())
        name = spec.logits or next((n for n in outputs if n not in kept), "")
        port = outputs.get(name)
        if port is None:
            raise self._refuse(
                f"logits={spec.logits!r} names none of its outputs.",
                "Name the output that has one number for each action.",
            )
        if port.dtype.kind != "f":
            raise self._refuse(
                f"the logits {port} are not floating point.",
                "Export the numbers from before the argmax, one for each action.",
            )
        if any(n not in (None, 1) for n in port.shape[:-1]):
            raise self._refuse(
                f"the logits {port} are more than one row.",
                "Export one row, [1, number of actions].",
            )
        declared = port.shape[-1] if port.shape else 1
        if spec.actions is not None and declared not in (None, len(spec.actions)):
            raise self._refuse(
                f"actions has {len(spec.actions)} entries for {declared} logits.",
                "Give one action for each logit, in their order.",
            )
        return port

    def _memory(self, name: str, output: str) -> Port:
        into, out = self.session.inputs[name], self.session.outputs.get(output)
        if out is None:
            raise self._refuse(
                f"memory[{name!r}] names {output!r}, which is not an output.",
                "Write memory={input name: output name}.",
            )
        same = len(into.shape) == len(out.shape) and all(
            a == b or None in (a, b) for a, b in zip(into.shape, out.shape, strict=True)
        )
        if into.dtype != out.dtype or not same:
            raise self._refuse(
                f"memory cannot go from the output {out} into the input {into}.",
                "Both need the same type and shape.",
            )
        return into

    def _time(self, observation: Array) -> None:
        feeds = {self.observation.name: observation, **self.blank()}
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

    def see(self, observation: Any) -> Array:
        """What the model is fed for `observation`, as the environment returned it.

        `take` is followed, the value is cast to the input's dtype, then multiplied by
        `scale` and shifted by `shift` in that dtype, each result rounded to it.

        Returns:
            An array [1, *shape of the value] that does not share memory with the input.

        Raises:
            BadPolicy: `take` leads nowhere, or to something that is not an array of numbers.
        """
        value = observation
        for key in self.spec.take:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError) as error:
                raise BadPolicy(
                    f"{self.spec.file}: take={self.spec.take!r} finds no {key!r} in the "
                    f"observation, which is {_shape_of(observation)}.",
                    hint='Use take=() for the observation itself, ("key",) for a dict\'s entry.',
                ) from error
        try:
            array = np.array(value, self.observation.dtype)
        except (TypeError, ValueError) as error:
            raise BadPolicy(
                f"{self.spec.file} cannot be fed the observation, which is {_shape_of(value)}.",
                hint="Point take= at the entry that is an array of numbers.",
            ) from error
        if self.spec.scale != 1:
            array *= self.spec.scale
        if self.spec.shift != 0:
            array += self.spec.shift
        return array[np.newaxis]

    def infer(self, feeds: Arrays) -> Arrays:
        """One forward pass: input name -> array to output name -> array.

        Pure, and safe in any OS thread, several at once. Blocks for about `cost_ms`, most of
        it without holding Python's lock.

        Raises:
            BadPolicy: the model does not take arrays of these shapes.
        """
        return self.session.run(self._outputs, feeds)

    def row(self, outputs: Arrays) -> list[float]:
        """The logits of one decision, as float64.

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
    path = _inside(spec.file, root.resolve())
    content = path.read_bytes()
    key = (path, hashlib.sha256(content).hexdigest())
    with _lock:
        session = _sessions.get(key)
        if session is None:
            session = _sessions[key] = Session(spec.file, content)
        if session in _recent:
            _recent.remove(session)
        _recent.append(session)
    return Model(spec, session)


def check(model: Model, observation: Any, n_actions: int | None = None) -> None:
    """Let the model decide once on a real observation of its seat, and measure it.

    Args:
        model: as loaded; its `cost_ms` is measured again, on this observation.
        observation: as the environment returned it to the seat.
        n_actions: the size of the seat's discrete action space; None where it has another.

    Raises:
        BadPolicy: the observation does not fit the model, or its logits the actions.
    """
    spec = model.spec
    seen = model.see(observation)
    if not model.observation.takes(seen.shape):
        raise model._refuse(
            f"the seat's observation becomes {list(seen.shape)}, "
            f"and the model takes {model.observation}.",
            "Point take= at the right entry, or export the model for this environment.",
        )
    player = Player(model, np.random.default_rng(0))
    logits = model.row(model.infer(player.prepare(observation)))
    wanted = n_actions if spec.actions is None else len(spec.actions)
    if wanted is not None and len(logits) != wanted:
        what = "the seat has" if spec.actions is None else "actions has"
        raise model._refuse(
            f"it gave {len(logits)} logits, and {what} {wanted} actions.",
            "Give in actions= the environment's action for each logit.",
        )
    for action in spec.actions or ():
        if n_actions is not None and not (isinstance(action, int) and 0 <= action < n_actions):
            raise model._refuse(
                f"actions has {action!r}, and the seat's actions are 0 to {n_actions - 1}.",
                "Give in actions= the environment's action for each logit.",
            )
    player.decide(observation)  # with its memory fed back, which the zeros did not show
    player.decide(observation)
    model._time(seen)


class Player:
    """One seat in one episode: its recurrent state and its random draws.

    Make a new one for each episode: memory starts as zeros. Two players of the same model
    know nothing of each other.

    Args:
        model: the policy.
        rng: this seat's own generator for this episode. `Sample` takes exactly one
            `rng.random()` per decision and nothing else ever draws; argmax takes none.

    To rebuild a player after a crash, make it anew and let it `decide` on the observations
    of its earlier decisions, ignoring the answers: memory and draws are then where they
    were. Where `remembers` is false `skip` does the same without the observations.
    """

    def __init__(self, model: Model, rng: np.random.Generator) -> None:
        self.model = model
        self.rng = rng
        self.decisions = 0  # so far in this episode
        self._memory: dict[str, Array] = model.blank()

    @property
    def remembers(self) -> bool:
        """Whether a decision depends on the observations before it."""
        return bool(self.model.memory)

    @property
    def memory(self) -> dict[str, Array]:
        """Input name -> recurrent state before the next decision, as copies."""
        return {name: value.copy() for name, value in self._memory.items()}

    @memory.setter
    def memory(self, values: Arrays) -> None:
        """Raises `BadPolicy` where a name is missing or strange, or a shape does not fit."""
        ports = self.model.memory
        if set(values) != set(ports):
            raise BadPolicy(
                f"{self.model.spec.file} keeps the memory {sorted(ports)}, not {sorted(values)}."
            )
        for name, value in values.items():
            if not ports[name].takes(value.shape):
                raise BadPolicy(
                    f"{self.model.spec.file} keeps {ports[name]}, not an array {list(value.shape)}."
                )
        self._memory = {name: np.array(v, ports[name].dtype) for name, v in values.items()}

    def prepare(self, observation: Any) -> Arrays:
        """What to feed the model for this observation. Changes nothing.

        Raises:
            BadPolicy: as `Model.see`.
        """
        return {self.model.observation.name: self.model.see(observation), **self._memory}

    def commit(self, outputs: Arrays) -> Any:
        """Keep the memory, count the decision, draw if the policy samples.

        Returns:
            The environment's action: an entry of `actions`, or the index of the logit.

        Raises:
            BadPolicy: the logits are not one row of finite numbers, one for each entry of
                `actions`. Nothing was kept and nothing drawn.
        """
        spec = self.model.spec
        logits = self.model.row(outputs)
        if spec.actions is not None and len(logits) != len(spec.actions):
            raise BadPolicy(
                f"{spec.file} gave {len(logits)} logits for {len(spec.actions)} actions."
            )
        for into, out in spec.memory.items():
            self._memory[into] = outputs[out]
        self.decisions += 1
        if isinstance(spec.choose, Sample):
            index = draw(logits, spec.choose.temperature, self.rng.random())
        else:
            index = logits.index(max(logits))  # the first of the largest
        return index if spec.actions is None else spec.actions[index]

    def decide(self, observation: Any) -> Any:
        """The seat's action: `prepare`, `infer` and `commit`, in the caller's thread.

        Raises:
            BadPolicy: as those three.
        """
        return self.commit(self.model.infer(self.prepare(observation)))

    def skip(self, decisions: int) -> None:
        """Stand where a player without memory stands after so many decisions."""
        assert not self.remembers, "memory is rebuilt from observations"
        self.decisions += decisions
        if isinstance(self.model.spec.choose, Sample):
            self.rng.random(decisions)


def seated(model: Model, seed: int) -> Player:
    """A player for one seat and episode, whose draws come from `seed` (NumPy's PCG64)."""
    return Player(model, np.random.default_rng(seed))


def draw(logits: Sequence[float], temperature: float, u: float) -> int:
    """The index that `u` picks from softmax(logits / temperature), by the inverse CDF.

    All in float64, sums from left to right, so that another language can do the same:

        z[i]   = logits[i] / temperature
        w[i]   = exp(z[i] - max(z))
        total  = w[0] + w[1] + ... + w[n-1]
        answer = the first i with w[0] + ... + w[i] > u * total

    Rounding can leave no such i; the answer is then the last i with w[i] > 0. The weights
    are not normalised. `exp` may differ in its last bit between platforms, which changes
    an answer only where u * total falls within that bit of a boundary.

    Args:
        logits: finite, at least one. float32 and float16 are widened first.
        temperature: unitless, > 0. 1 is the policy as trained, near 0 is greedy.
        u: in [0, 1): one `numpy.random.Generator.random()`, which is the upper 53 bits of
            the next 64-bit output of the bit generator, times 2**-53.
    """
    scaled = [logit / temperature for logit in logits]
    top = max(scaled)
    weights = [math.exp(z - top) for z in scaled]
    total = 0.0
    for weight in weights:
        total += weight
    threshold, reached, last = u * total, 0.0, 0
    for i, weight in enumerate(weights):
        reached += weight
        if reached > threshold:
            return i
        if weight > 0:
            last = i
    return last


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
