"""Whether an order of scenes makes sense: what is asked and named is known by then. Pure.

`igym.domain.routes` makes the order; this refuses it with what to mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from igym.domain.conditions import Condition, leaves
from igym.domain.nearest import nearest
from igym.domain.plan import Step
from igym.errors import BadPackage


def check(flow: Step, treatments: Mapping[str, str], games: Iterable[str]) -> None:
    """Raises `BadPackage` where a branch asks for what may not be known when somebody comes there.

    Args:
        treatments: name -> the scene at which a participant is assigned; "" = at arrival, and
            "*" = with the first game, as of a group.
        games: names of the game scenes.
    """
    played = set(games)

    def walk(step: Step, before: list[str]) -> list[str]:
        """Check `step`; returns the scenes that are behind when it is over."""
        if step.kind == "scene":
            return [*before, step.name]
        if step.kind == "sequence":
            for part in step.parts:
                before = walk(part, before)
            return before
        if step.when is not None:
            for leaf in leaves(step.when):
                _known(step.name, leaf, before)
        after = [walk(part, before) for part in step.parts]
        return list(dict.fromkeys(name for one in after for name in one))

    def _known(where: str, leaf: Condition, before: list[str]) -> None:
        if leaf.kind == "answer":
            scene, dot, _ = leaf.name.rpartition(".")
            if not dot:
                raise BadPackage(
                    f"{where}: answer({leaf.name!r}) does not say of which scene.",
                    hint='Write answer("scene.item").',
                )
            if scene not in before:
                raise BadPackage(
                    f"{where}: answer({leaf.name!r}): no scene {scene!r} comes before it.",
                    hint=nearest(scene, before),
                )
            return
        if leaf.name not in treatments:
            raise BadPackage(
                f"{where}: cell({leaf.name!r}): there is no such treatment.",
                hint=nearest(leaf.name, treatments),
            )
        at = treatments[leaf.name]
        if (at == "*" and not played & set(before)) or (at not in ("", "*") and at not in before):
            raise BadPackage(f"{where}: cell({leaf.name!r}) is not assigned before it.")

    walk(flow, [])


def check_within(flow: Step, treatments: Mapping[str, str], first: str) -> None:
    """Raises `BadPackage` where an order is balanced within what is not known when it is drawn.

    Args:
        treatments: as of `check`.
        first: the first scene: orders are drawn when somebody leaves it.
    """
    for step in every(flow):
        for name in step.within:
            if name not in treatments:
                raise BadPackage(
                    f"{step.name}: within={name!r}: there is no such treatment.",
                    hint=nearest(name, treatments),
                )
            if treatments[name] not in ("", first):
                raise BadPackage(
                    f"{step.name}: within={name!r}: that treatment is not assigned yet when orders "
                    f"are drawn, which is after {first!r}.",
                    hint='Treatment(…, per="participant") without at= is assigned at arrival.',
                )


def check_back(
    flow: Step, back: Mapping[str, str], read: Iterable[str], scenes: Sequence[str]
) -> None:
    """Raises `BadPackage` where a quiz leads back to what does not stand in front of it.

    Args:
        back: quiz -> the scene it leads back to.
        read: scenes that may be read again: pages and surveys.
        scenes: all of them.
    """
    may = set(read)
    beside: dict[str, list[Step]] = {}

    def walk(step: Step) -> None:
        for part in step.parts:
            if part.kind == "scene" and step.kind == "sequence":
                beside[part.name] = list(step.parts)
            walk(part)

    def inside(step: Step) -> list[str]:
        own = [step.name] if step.kind == "scene" else []
        return [*own, *(name for part in step.parts for name in inside(part))]

    walk(flow)
    for quiz, to in back.items():
        where = f"quiz({quiz!r}): back_to={to!r}"
        if to not in scenes:
            raise BadPackage(f"{where}: there is no such scene.", hint=nearest(to, scenes))
        names = [step.name if step.kind == "scene" else "" for step in beside.get(quiz, ())]
        if to not in names[: names.index(quiz) if quiz in names else 0]:
            raise BadPackage(
                f"{where}: that scene does not come before it in the same list of scenes.",
                hint="Lead back to a page or survey that everybody at the quiz has seen.",
            )
        between = beside[quiz][names.index(to) : names.index(quiz)]
        odd = [name for step in between for name in inside(step) if name not in may]
        if odd:
            raise BadPackage(
                f"{where}: {odd[0]!r} would come again too, and is no page or survey.",
                hint="A consent, quiz or game is not repeated; lead back to what comes after it.",
            )


def first_games(flow: Step, games: Iterable[str]) -> set[str]:
    """The games that may be somebody's first."""
    played = set(games)

    def walk(step: Step) -> tuple[set[str], bool]:
        """(games that may come first in `step`, whether one may go through it without a game)."""
        if step.kind == "scene":
            return ({step.name}, False) if step.name in played else (set(), True)
        inner = [walk(part) for part in step.parts]
        if step.kind != "sequence":
            found = set().union(*(games for games, _ in inner))
            may = any if step.kind == "branch" else all
            through = may(without for _, without in inner)
            if step.kind == "choose":
                through = sum(without for _, without in inner) >= step.take
            return found, through
        found = set()
        for games, without in inner:
            found |= games
            if not without:
                return found, False
        return found, True

    return walk(flow)[0]


def every(step: Step) -> Iterator[Step]:
    """`step` and all steps in it."""
    yield step
    for part in step.parts:
        yield from every(part)
