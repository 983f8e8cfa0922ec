"""Which scene comes next, and what kind of move that is. Pure.

What is drawn is drawn once, when somebody leaves the first scene, and stays with their session:
`path` has the scenes in the order they got, those of both ways of a branch included. A branch is
decided when somebody comes to it, and stays decided: `ways` has branch -> "then" or "otherwise".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from igym.domain import orders
from igym.domain.answers import COMMENT
from igym.domain.conditions import answers_in, holds
from igym.domain.nearest import nearest
from igym.domain.participant import Event
from igym.domain.plan import Plan, ScenePlan, Step
from igym.errors import BadPackage

#: The two ways of a branch.
THEN, OTHERWISE = "then", "otherwise"


def entering(scene: ScenePlan) -> Event:
    """The event by which a session comes to `scene`."""
    if scene.end is not None:
        return Event.FINISH
    if scene.play is not None:
        return Event.QUEUE
    return Event.TURN_PAGE


def last(plan: Plan) -> ScenePlan:
    """The ending."""
    return plan.scenes[-1]


# --- what is drawn -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """What was drawn of one order."""

    name: str
    kind: str  # shuffle or choose
    balance: orders.Balance
    drawn: tuple[str, ...]  # parts, each by the name of its scene or order, or several joined by +
    within: tuple[str, ...] = ()  # treatments in whose cells it is balanced
    seed: int = 0
    number: int = 0  # of the arrival, in those cells


@dataclass(frozen=True, slots=True)
class Path:
    """What one session gets."""

    scenes: tuple[str, ...]
    orders: tuple[Order, ...]


#: Treatments in whose cells an order is balanced -> (seed, number among those in the same cells).
Counts = Mapping[tuple[str, ...], tuple[int, int]]


def counted(step: Step) -> set[tuple[str, ...]]:
    """What `draw` needs counts of: the `within` of every order in `step`."""
    own = {step.within} if step.kind in ("shuffle", "choose") else set()
    return own.union(*map(counted, step.parts))


def draw(step: Step, seed: int, number: int, within: Counts | None = None) -> Path:
    """The path of arrival `number` in a study with that seed; the same again for the same.

    Args:
        within: seed and number for the orders that are balanced in cells; without, as the others.
    """
    if step.kind == "scene":
        return Path((step.name,), ())
    chosen: Sequence[int] = range(len(step.parts))
    made: tuple[Order, ...] = ()
    if step.kind in ("shuffle", "choose"):
        own, place = (within or {}).get(step.within, (seed, number))
        chosen = orders.drawn(
            len(step.parts), step.take, step.balance,
            shuffled=step.shuffled, seed=own, number=place, name=step.name,
        )  # fmt: skip
        labels = tuple(label(step.parts[index]) for index in chosen)
        made = (Order(step.name, step.kind, step.balance, labels, step.within, own, place),)
    inner = [draw(step.parts[index], seed, number, within) for index in chosen]
    return Path(
        tuple(name for one in inner for name in one.scenes),
        made + tuple(order for one in inner for order in one.orders),
    )


def label(step: Step) -> str:
    """What a part is called in the data."""
    return step.name or "+".join(map(label, step.parts))


# --- where somebody is -------------------------------------------------------------------------


def names(plan: Plan, path: Sequence[str]) -> Sequence[str]:
    """The scenes of a path; before it is drawn, of one as it might be."""
    if path:
        return path
    if plan.flow is None:
        return [scene.name for scene in plan.scenes]
    return draw(plan.flow, 0, 0).scenes


class Undecided(Exception):
    """A branch comes next that a function decides, and what it says is not among the facts.

    `ways` has what was decided before it.
    """

    def __init__(self, branch: Step, ways: dict[str, str]) -> None:
        super().__init__(branch.name)
        self.branch, self.ways = branch, ways


def onward(
    plan: Plan,
    path: Sequence[str],
    ways: Mapping[str, str],
    name: str,
    known: Mapping[tuple[str, str], Any],
) -> tuple[ScenePlan, dict[str, str]]:
    """The scene after the one named `name`, and `ways` with the branches decided on the way there.

    The last scene is followed by itself.

    Args:
        known: facts, see `igym.domain.conditions.facts`; ("function", branch) -> bool is what a
            function said.

    Raises:
        NotFound: there is no scene of that name.
        Undecided: a function has to be asked first.
    """
    decided = dict(ways)
    guards = _guards(plan)
    for following in _after(plan, path, name):
        for branch, way in guards.get(following, ()):
            if branch.name not in decided:
                if branch.function is not None and ("function", branch.name) not in known:
                    raise Undecided(branch, decided)
                decided[branch.name] = THEN if _met(branch, known) else OTHERWISE
            if decided[branch.name] != way:
                break
        else:
            return plan.scene(following), decided
    return last(plan), decided


def _met(branch: Step, known: Mapping[tuple[str, str], Any]) -> bool:
    if branch.function is not None:
        return bool(known["function", branch.name])
    return branch.when is not None and holds(branch.when, known)


def _after(plan: Plan, path: Sequence[str], name: str) -> Sequence[str]:
    """The scenes of the path behind `name`; if it is not on the path, those declared behind it."""
    at = plan.index(name)
    there = list(names(plan, path))
    if name in there:
        return there[there.index(name) + 1 :]
    behind = {scene.name for scene in plan.scenes[at + 1 :]}
    return [one for one in there if one in behind]


def passed(plan: Plan, path: Sequence[str], ways: Mapping[str, str], name: str) -> list[str]:
    """The scenes from the first to the one named `name`, without those that were passed over."""
    found = []
    for one in _taken(plan, names(plan, path), ways):
        found.append(one)
        if one == name:
            break
    return found if name in found else [*found, name]


def progress(
    plan: Plan, path: Sequence[str], ways: Mapping[str, str], name: str
) -> tuple[int, int]:
    """(scenes behind, scenes in all). A branch that is not decided counts as its longer way."""
    there = names(plan, path)
    assumed = dict(ways)
    guards = _guards(plan)
    for branch in _branches(plan.flow):
        if branch.name not in assumed:
            lengths = {
                way: sum((branch.name, way) in _named(guards.get(one, ())) for one in there)
                for way in (THEN, OTHERWISE)
            }
            assumed[branch.name] = max((THEN, OTHERWISE), key=lambda way: lengths[way])
    taken = _taken(plan, there, assumed)
    return (taken.index(name) if name in taken else 0), len(taken)


def _named(guards: Sequence[tuple[Step, str]]) -> list[tuple[str, str]]:
    return [(branch.name, way) for branch, way in guards]


def _taken(plan: Plan, there: Sequence[str], ways: Mapping[str, str]) -> list[str]:
    """`there` without the ways that were not taken."""
    guards = _guards(plan)
    return [
        one
        for one in there
        if all(ways.get(branch.name, way) == way for branch, way in guards.get(one, ()))
    ]


def _guards(plan: Plan) -> dict[str, tuple[tuple[Step, str], ...]]:
    """Scene -> the branches it is in, the outermost first, with the way it is on."""
    found: dict[str, tuple[tuple[Step, str], ...]] = {}

    def walk(step: Step, guards: tuple[tuple[Step, str], ...]) -> None:
        if step.kind == "scene":
            found[step.name] = guards
        elif step.kind == "branch":
            for way, part in zip((THEN, OTHERWISE), step.parts, strict=True):
                walk(part, (*guards, (step, way)))
        else:
            for part in step.parts:
                walk(part, guards)

    if plan.flow is not None:
        walk(plan.flow, ())
    return found


def _branches(step: Step | None) -> Iterator[Step]:
    if step is not None:
        if step.kind == "branch":
            yield step
        for part in step.parts:
            yield from _branches(part)


def check_items(plan: Plan) -> None:
    """Raises `BadPackage` where a branch asks for an answer that no scene has."""
    for branch in _branches(plan.flow):
        for name in sorted(answers_in([branch.when])) if branch.when is not None else ():
            scene, _, item = name.rpartition(".")
            at = plan.scene(scene)
            items = [
                *(at.asked.items if at.asked else ()),
                *(("passed", "attempts") if at.quiz else ()),
            ]
            if item not in items:
                raise BadPackage(
                    f"{branch.name}: answer({name!r}): {scene} has no such question.",
                    hint=nearest(item, [one for one in items if not one.endswith(COMMENT)]),
                )


def asked(plan: Plan) -> set[str]:
    """The answers, "scene.item", that a branch asks for."""
    return answers_in(one.when for one in _branches(plan.flow) if one.when is not None)
