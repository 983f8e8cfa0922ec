"""Which scene comes next, and what kind of move that is. Pure."""

from __future__ import annotations

from igym.domain.participant import Event
from igym.domain.plan import Plan, ScenePlan


def entering(scene: ScenePlan) -> Event:
    """The event by which a session comes to `scene`."""
    if scene.end is not None:
        return Event.FINISH
    if scene.play is not None:
        return Event.QUEUE
    return Event.TURN_PAGE


def following(plan: Plan, name: str) -> ScenePlan:
    """The scene after the one named `name`. The last scene is followed by itself."""
    index = plan.index(name)
    return plan.scenes[min(index + 1, len(plan.scenes) - 1)]


def last(plan: Plan) -> ScenePlan:
    """The ending."""
    return plan.scenes[-1]
