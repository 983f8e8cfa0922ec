"""A seat's policy network in one episode: its memory and its random draws. Knows no clock."""

from __future__ import annotations

from typing import Any

import numpy as np

from igym.engine import choosing
from igym.engine.onnx import Model
from igym.engine.weights import Array, Arrays
from igym.errors import BadPolicy


def check(
    model: Model, observation: Any, n_actions: int | None = None, size: int | None = None
) -> Any:
    """Let the model decide once on a real observation of its seat, and measure it.

    Args:
        model: as loaded; its `cost_ms` is measured again, on this observation.
        observation: as the environment returned it to the seat.
        n_actions: the size of the seat's discrete action space; None where it has another.
        size: how many numbers continuous actions of the seat have (`Sim.size`).

    Returns:
        An action it decided for.

    Raises:
        BadPolicy: the observation does not fit the model, or its logits the actions.
    """
    spec = model.spec
    seen = model.see(observation)
    for port, _ in model.seen:
        if not port.takes(seen[port.name].shape):
            raise model.refuse(
                f"the seat's observation becomes {list(seen[port.name].shape)}, "
                f"and the model takes {port}.",
                "Point take= or inputs= at the right entry, or export it for this environment.",
            )
    player = Player(model, np.random.default_rng(0))
    logits = model.row(model.infer(player.prepare(observation)))
    model.width = len(logits)
    if spec.continuous:
        if size is not None and len(logits) != size:
            raise model.refuse(
                f"it gave {len(logits)} numbers, and the seat's action has {size}.",
                "Export the mean of the action, one number for each entry of its space.",
            )
    else:
        _count(model, len(logits), n_actions)
    for action in spec.actions or ():
        if n_actions is not None and not (isinstance(action, int) and 0 <= action < n_actions):
            raise model.refuse(
                f"actions has {action!r}, and the seat's actions are 0 to {n_actions - 1}.",
                "Give in actions= the environment's action for each logit.",
            )
    player.decide(observation)  # with its memory fed back, which the zeros did not show
    decided = player.decide(observation)
    model.measure(seen)
    return decided


def _count(model: Model, logits: int, n_actions: int | None) -> None:
    """Raises `BadPolicy` where there is not one logit for each action."""
    spec = model.spec
    wanted, what = n_actions, "the seat has"
    if spec.actions is not None:
        wanted, what = len(spec.actions), "actions has"
    elif spec.heads:
        wanted, what = sum(spec.heads), "heads are"
    if wanted is not None and logits != wanted:
        raise model.refuse(
            f"it gave {logits} logits, and {what} {wanted} actions.",
            "Give in actions= the environment's action for each logit.",
        )


class Player:
    """One seat in one episode: its recurrent state and its random draws.

    Make a new one for each episode: memory starts as zeros. Two players of the same model
    know nothing of each other.

    Args:
        model: the policy.
        rng: this seat's own generator for this episode. A decision takes exactly
            `choosing.draws` of `rng.random()`, and nothing else ever draws.

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
        model = self.model
        return {**model.see(observation), **model.fixed, **self._memory}

    def commit(self, outputs: Arrays, mask: Any = None) -> Any:
        """Keep the memory, count the decision, draw if the policy samples.

        Args:
            mask: 1 for each action of a discrete space that is allowed; None = all are.

        Returns:
            The environment's action: an entry of `actions`, the index of the logit, a list
            of one for each of `heads`, or a list of numbers.

        Raises:
            BadPolicy: the logits are not one row of finite numbers, one for each entry of
                `actions`. Nothing was kept and nothing drawn.
        """
        spec = self.model.spec
        logits = self.model.row(outputs)
        wanted = sum(spec.heads) or len(spec.actions or logits)
        if len(logits) != wanted:
            raise BadPolicy(f"{spec.file} gave {len(logits)} logits for {wanted} actions.")
        deviations = self.model.deviations(outputs, len(logits))
        for into, out in spec.memory.items():
            self._memory[into] = outputs[out]
        self.decisions += 1
        us = [self.rng.random() for _ in range(choosing.draws(spec, len(logits)))]
        return choosing.action(spec, logits, deviations, us, mask)

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
        self.rng.random(decisions * choosing.draws(self.model.spec, self.model.width))


def seated(model: Model, seed: int) -> Player:
    """A player for one seat and episode, whose draws come from `seed` (NumPy's PCG64)."""
    return Player(model, np.random.default_rng(seed))
