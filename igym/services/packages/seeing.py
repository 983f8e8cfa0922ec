"""What people will see of a scene, looked at before anybody does: where packages are compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from igym.domain.experiment import Play
from igym.engine.camera import encode
from igym.errors import BadPackage
from igym.services.packages.gallery import Gallery
from igym.sim.draw import Shape
from igym.sim.host import Sim
from igym.sim.trial import Chooser

#: Steps of which the picture is looked at.
STEPS = 60

SEED = 11

#: Of a stage about whose shape nothing is said.
ASPECT = 2.0


@dataclass(frozen=True)
class Seen:
    """What the plan has to know."""

    aspect: float
    assets: tuple[str, ...]


def viewers(scene: Play, sim: Sim) -> list[str]:
    """The seats whose view is made in a game; "" for one that all share."""
    return [str(seat) for seat in scene.humans] if sim.look.by_seat else [""]


def show(scene: Play, sim: Sim, tick: int) -> None:
    """Do what a game does to show that tick, but for sending it."""
    for seat in viewers(scene, sim):
        if not sim.look.rendered:
            sim.draw(seat)
        elif tick % max(1, round(scene.fps / (scene.picture_fps or scene.fps))) == 0:
            encode(sim.render(seat), scene.quality)


def inspect(scene: Play, sim: Sim, gallery: Gallery, choices: Sequence[Sequence[Any]]) -> Seen:
    """Look at the scene as its people will, for some steps after a reset.

    `choices` are actions to try, by seat.

    Raises:
        BadPackage: naming the scene, and what is missing or cannot be shown.
        Whatever the environment or the author's functions raise.
    """
    try:
        sim.reset(SEED)
        _marks(scene, sim)
        assets = gallery.wanted(scene.assets) if not sim.look.rendered else ()
        aspect = _looked_at(scene, sim, gallery, assets, Chooser(sim, choices))
    except BadPackage as wrong:
        told = wrong.message
        prefix = f"play({scene.name!r}): "
        text = told if told.startswith(prefix) else prefix + told
        raise BadPackage(text, hint=wrong.hint) from wrong
    return Seen(aspect, assets)


def _marks(scene: Play, sim: Sim) -> None:
    for agent, mark in scene.marks.items():
        seat = str(agent) if sim.look.by_seat else ""
        shapes = {shape.id for shape in (*sim.scenery(seat), *sim.draw(seat))}
        if mark in shapes:
            continue
        if sim.look.rendered:
            raise BadPackage(
                f"marks[{agent!r}] = {mark!r}, and a rendered picture has no shapes.",
                hint="Leave marks out, or draw with shapes.",
            )
        raise BadPackage(f"marks[{agent!r}] = {mark!r} is no shape's id.")


def _looked_at(
    scene: Play, sim: Sim, gallery: Gallery, assets: tuple[str, ...], chooser: Chooser
) -> float:
    """Every picture of some steps. Returns the stage's aspect."""
    aspect, over = scene.aspect or (scene.size[0] / scene.size[1] if scene.size else 0.0), 0
    for _ in range(STEPS):
        for seat in viewers(scene, sim):
            if sim.look.rendered:
                seen = sim.render(seat)
                aspect = aspect or min(5.0, max(0.2, seen.width / seen.height))
            else:
                shapes = [*sim.scenery(seat), *sim.draw(seat)]
                _plain(shapes)
                gallery.check(shapes)
                _loaded(scene, {shape.image for shape in shapes if shape.image}, assets)
            sim.hud(seat)
        if sim.step(chooser.draw()).over:
            over += 1
            sim.reset(SEED + over)
    return aspect or ASPECT


def _plain(shapes: Sequence[Any]) -> None:
    """Whether they are shapes, of what can be sent."""
    for shape in shapes:
        if not isinstance(shape, Shape):
            raise BadPackage(
                f"what it draws has {shape!r} in it, which is no shape.",
                hint="Return a list of what igym.draw makes.",
            )
        for name, value in zip(Shape._fields, shape, strict=True):
            if type(value) not in (int, str, bool, bytes, tuple):
                raise BadPackage(
                    f"the shape {shape.id!r} has {name}={value!r}, a {type(value).__name__}, "
                    "which cannot be sent."
                )


def _loaded(scene: Play, used: set[str], assets: tuple[str, ...]) -> None:
    if missing := used - set(assets):
        raise BadPackage(
            f"{sorted(missing)[0]!r} is shown and not among assets={list(scene.assets or ())}.",
            hint="Add it, or leave assets out to load everything.",
        )
