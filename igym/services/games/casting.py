"""Who sits where in an episode: a person's chair, a policy, or whoever sits in for a person."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from igym.domain import seeds
from igym.domain.adaptive import Adaptive
from igym.domain.experiment import Play
from igym.domain.policy import HumanSeat, Onnx, Policy, Random
from igym.domain.treatments import Treatment
from igym.engine import onnx, player
from igym.engine.hands import Hands
from igym.engine.python import PythonSeat
from igym.engine.replay import Actions
from igym.engine.seats import (
    Background,
    Chair,
    Decider,
    Elsewhere,
    Idle,
    Mask,
    OnnxSeat,
    RandomSeat,
)
from igym.errors import BadPackage
from igym.sim.host import Sim
from igym.store.games import Game


def environment(play: Play, cells: Mapping[str, str]) -> Any:
    """The scene's environment. A factory with a parameter `treatments` is told the cells.

    Raises:
        Whatever the factory raises.
    """
    try:
        told = "treatments" in inspect.signature(play.env).parameters
    except (TypeError, ValueError):  # some classes of C hide theirs
        told = False
    return play.env(treatments=dict(cells)) if told else play.env()


def simulated(play: Play, cells: Mapping[str, str]) -> Sim:
    """The scene's environment with its seats and its look, for a game in those cells.

    Raises:
        BadPackage: it does not fit the scene, which is named.
        Whatever the factory raises.
    """
    env, agents = environment(play, cells), list(play.seats)
    try:
        return Sim(env, agents, play.draw, play.hud, play.scenery, play.size)
    except BadPackage as wrong:
        raise BadPackage(f"play({play.name!r}): {wrong.message}", hint=wrong.hint) from wrong


def policies(play: Play) -> Iterator[tuple[Any, Policy]]:
    """(agent, policy) for every policy that may come to sit there."""
    for agent, who in play.seats.items():
        if isinstance(who, Treatment | Adaptive):
            yield from ((agent, policy) for policy in who.cells.values())
        elif not isinstance(who, HumanSeat):
            yield agent, who
        elif play.fill is not None:
            yield agent, play.fill.policy
    yield from ((agent, hold.policy) for agent, hold in play.dropped.items() if hold.policy)


class Cast:
    """Makes the deciders of one game's episodes."""

    def __init__(
        self,
        game: Game,
        play: Play,
        cells: Mapping[str, str],
        sim: Sim,
        root: Path,
        hands: Mapping[str, Hands],
        background: Background,
        elsewhere: Callable[[str, onnx.Model], Elsewhere] | None = None,
    ) -> None:
        """`hands` has the seats in which people sit, `cells` the game's cell of each treatment;
        `root` is where the package's files are; `elsewhere(package, model)` has it run there."""
        self._game = game
        self.cells = cells
        self._play = play
        self._sim = sim
        self._root = root
        self._hands = hands
        self._background = background
        self._elsewhere = elsewhere

    def deciders(self, episode: int, chosen: Mapping[str, str] | None = None) -> list[Decider]:
        """One for each seat, in the environment's order. The environment has been reset.

        Args:
            chosen: adaptive seat -> its cell in this episode; None where there is none.

        Raises:
            BadPolicy: a model does not fit its seat.
            BadPackage: a seat is by a treatment that the game has no cell of.
        """
        return [
            self._decider(agent, who, episode, chosen or {})
            for agent, who in self._play.seats.items()
        ]

    def _decider(self, agent: Any, who: Any, episode: int, chosen: Mapping[str, str]) -> Decider:
        seat = str(agent)
        if seat in self._hands:
            return Chair(self._hands[seat], self._mask(seat))
        if isinstance(who, HumanSeat):
            assert self._play.fill is not None  # the match would not have left the seat empty
            who = self._play.fill.policy
        if isinstance(who, Adaptive):
            who = who.cells[chosen[seat]]
        if isinstance(who, Treatment):
            cell = self.cells.get(who.name, "")
            if cell not in who.cells:
                raise BadPackage(f"Game {self._game.id} has no cell of {who.name} (got {cell!r}).")
            who = who.cells[cell]
        return self._policy(who, seat, episode)

    def stand_in(self, seat: str, episode: int) -> Decider:
        """What sits in for the person of that seat: by the scene's rule, else that of `fill`."""
        rule = next(hold for agent, hold in self._play.dropped.items() if str(agent) == seat)
        policy = rule.policy or (self._play.fill.policy if self._play.fill else None)
        if policy is None:
            return Idle(self._play.keymap.idle)
        return self._policy(policy, seat, episode)

    def _policy(self, who: Policy, seat: str, episode: int) -> Decider:
        seed = seeds.derive(self._game.seed, seat, episode)
        idle, mask = self._play.keymap.idle, self._mask(seat)
        # Where nothing happens without an action, a policy that has none yet is waited for.
        repeats = idle is not None and not self._sim.turns
        space = self._sim.space(seat)
        if isinstance(who, Random):
            return RandomSeat(who, space, seed, mask=mask, repeats=repeats)
        if not isinstance(who, Onnx):
            return PythonSeat(who, seed, idle, self._background, repeats=repeats)
        model = onnx.load(who, self._root)
        observation, size = self._sim.observe(seat), self._sim.size(seat)
        player.check(model, observation, getattr(space, "n", None), size)
        seated = player.seated(model, seed)
        elsewhere = None
        if self._elsewhere is not None and who.where != "inline":
            elsewhere = self._elsewhere(self._game.package, model)
        return OnnxSeat(
            seated, who.every, idle, self._background, mask=mask, repeats=repeats,
            elsewhere=elsewhere, inline=who.where != "worker",
        )  # fmt: skip

    def _mask(self, seat: str) -> Mask:
        """What asks the environment which actions are allowed, where it says so."""
        return None if self._sim.mask(seat) is None else lambda: self._sim.mask(seat)

    def actions(self) -> Actions:
        """Every action that is no number, as the environment is given it."""
        return actions(self._play)


def actions(play: Play) -> Actions:
    """Every action of a scene that is no number, as the environment is given it."""
    known = [action for _, action in play.keymap.chords]
    known.append(play.keymap.idle)
    for _, policy in policies(play):
        if isinstance(policy, Onnx) and policy.actions is not None:
            known += policy.actions
    return Actions(known)
