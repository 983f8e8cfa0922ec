"""What can be tried of a game scene before anybody plays it: pictures, actions, policies.

Runs where packages are compiled. How fast and repeatable the environment is, `proving` finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from igym.domain.experiment import Human, Play
from igym.domain.policy import Heuristic, Onnx, Python, describe
from igym.engine import onnx, player, python
from igym.errors import BadPackage
from igym.services.games.casting import policies, simulated
from igym.services.packages.gallery import Gallery
from igym.services.packages.proving import choices
from igym.services.packages.seeing import Seen, inspect
from igym.sim.host import Sim
from igym.sim.trial import Chooser

#: Steps after which an agent that was never asked for an action is not waited for any more.
PATIENCE = 200


def rehearse(scene: Play, root: Path, cells: Mapping[str, str], gallery: Gallery) -> Seen:
    """Make the environment, reset it, look at it, and ask every policy that may sit in a seat.

    Raises:
        BadPackage: what is shown, an action or a rule that does not fit the environment.
        BadPolicy: a policy that does not fit its seat.
        Whatever the environment, the drawing or a policy raises.
    """
    sim = simulated(scene, cells)
    try:
        for agent in scene.humans:
            _fit(scene, sim, str(agent))
        seen = inspect(scene, sim, gallery, choices(scene, sim))
        sim.reset(0)
        for agent, who in policies(scene):
            seat = str(agent)
            if isinstance(who, Onnx):
                model, n = onnx.load(who, root), getattr(sim.space(seat), "n", None)
                _takes(sim, seat, who, player.check(model, sim.observe(seat), n, sim.size(seat)))
            elif isinstance(who, Python | Heuristic) and _until_asked(scene, sim, seat):
                _takes(sim, seat, who, python.check(who, sim.observe(seat)))
        if any(hold.then == "shrink" for hold in scene.dropped.values()):
            sim.reset(0)
            _shrinks(scene, sim)
        return seen
    finally:
        sim.close()


def actions(scene: Play) -> Iterator[tuple[str, Any]]:
    """(what gives it, action) for every action that people have, as far as can be told."""
    if scene.keymap.idle is not None:
        yield "idle", scene.keymap.idle
    for mask, action in scene.keymap.chords:
        held = [key for bit, key in enumerate(scene.keymap.keys) if mask >> bit & 1]
        yield f"keys {'+'.join(map(repr, held))}", action
    if scene.pointer is not None:
        for x, y in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)):
            for down in (False, True):
                yield f"the pointer at ({x:g}, {y:g})", scene.pointer.action(x, y, down)
    if scene.gamepad is not None and scene.gamepad.sticks:
        for x, y in ((-1.0, -1.0), (1.0, 1.0)):
            yield f"the sticks at ({x:g}, {y:g})", scene.gamepad.action((x, y, x, y))


def _fit(scene: Play, sim: Sim, seat: str) -> None:
    """Every action that a person has is one of the seat's, or the environment takes it anyway."""
    for what, action in actions(scene):
        if action is None or sim.takes(seat, action):
            continue
        problem = BadPackage(
            f"play({scene.name!r}): {what} gives {action!r}, which is no action of seat "
            f"{seat!r}: {sim.space(seat)}.",
            hint="Write the numbers of the environment's action space.",
        )
        if sim.fits(seat, action):
            raise problem  # it would be cut to something that nobody wrote
        joint = [action if one == seat else scene.keymap.idle for one in sim.seats]
        try:
            sim.reset(0)
            sim.step(joint)
        except Exception as error:
            raise problem from error


def _takes(sim: Sim, seat: str, who: Any, action: Any) -> None:
    if action is not None and not sim.takes(seat, action) and not sim.fits(seat, action):
        raise BadPackage(
            f"{describe(who)} gives {action!r}, which is no action of seat {seat!r}: "
            f"{sim.space(seat)}.",
        )


def _until_asked(scene: Play, sim: Sim, seat: str) -> bool:
    """Play until the seat is asked for an action. Whether it ever was."""
    chooser = Chooser(sim, choices(scene, sim))
    for _ in range(PATIENCE):
        asked = sim.asked()
        if asked is None or asked[sim.seats.index(seat)]:
            return True
        if sim.step(chooser.draw()).over:
            sim.reset(0)
    return False


def _shrinks(scene: Play, sim: Sim) -> None:
    """Take a step without one of the agents."""
    where = f'play({scene.name!r}): hold(then="shrink")'
    if sim.turns:
        raise BadPackage(
            f"{where} leaves an agent out, and this is a game of turns: it would stand still.",
            hint='Use "end", "wait" or a policy.',
        )
    actions = [scene.keymap.idle] * len(scene.seats)
    actions[next(i for i, who in enumerate(scene.seats.values()) if who is Human)] = None
    try:
        sim.step(actions)
    except Exception as error:
        raise BadPackage(
            f"{where} leaves an agent out of the joint action, "
            f"and the environment raised {type(error).__name__}: {error}.",
            hint='Use then="noop" or a policy.',
        ) from error
