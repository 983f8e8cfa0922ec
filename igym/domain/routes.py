"""The order of scenes in the author's words: shuffle, choose, repeat and branch, as values.

`unfold` makes the scenes of them, each with a name of its own, and the `Step` that says how
they follow each other. Knows no kind of scene but by the fields that name other scenes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from igym.domain import orders
from igym.domain.conditions import Condition, condition, leaves, renamed
from igym.domain.grouping import Grouping
from igym.domain.nearest import is_whole, nearest
from igym.domain.orders import Balance
from igym.domain.plan import Step
from igym.errors import BadPackage

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

#: The most rounds of a `repeat`, and scenes of an experiment.
MOST_ROUNDS, MOST_SCENES = 100, 500


@dataclass(frozen=True, slots=True)
class Several:
    """Parts and what their order is. Made by `shuffle`, `choose`, `repeat` and `branch`."""

    kind: str
    parts: tuple[Any, ...]  # scenes, `Several`, or lists of them that stay together
    name: str = ""
    take: int = 0
    rounds: int = 1
    shuffled: bool = True
    balance: Balance = "chance"
    when: Condition | None = None


def shuffle(*parts: Any, balance: Balance = "chance", name: str = "") -> Several:
    """All parts, in an order drawn for each participant.

    Args:
        parts: scenes; a list of scenes stays together in its order.
        balance: "chance" draws each order anew. "blocks" gives all orders equally often: in each
            run of as many participants as there are orders, each comes once. "latin" does the same
            with the orders of a balanced Latin square: each part equally often at each place and
            after each other part.
        name: of the order in the data; "shuffle1", "shuffle2" … if empty.

    Raises:
        BadPackage: fewer than two parts, or too many orders to balance.
    """
    return _drawn("shuffle", parts, len(parts), True, balance, name)


def choose(
    n: int, *parts: Any, shuffled: bool = True, balance: Balance = "chance", name: str = ""
) -> Several:
    """`n` of the parts, drawn for each participant.

    Args:
        n: how many.
        parts: as of `shuffle`.
        shuffled: whether they come in a drawn order too, or in the declared one.
        balance, name: as of `shuffle`; "latin" is for `shuffle` only.
    """
    if not is_whole(n, 1, max(1, len(parts) - 1)):
        raise BadPackage(
            f"choose({n!r}, …) of {len(parts)} parts: give a number from 1 to {len(parts) - 1}.",
            hint="Use shuffle(…) for all of them in a drawn order.",
        )
    return _drawn("choose", parts, n, shuffled, balance, name)


def _drawn(
    kind: str, parts: tuple[Any, ...], take: int, shuffled: bool, balance: Balance, name: str
) -> Several:
    _named(kind, name)
    if len(parts) < 2:
        raise BadPackage(f"{kind}(…) needs at least two parts.")
    if balance not in get_args(Balance):
        raise BadPackage(
            f"{kind}(balance={balance!r}) is not known.", hint=nearest(balance, get_args(Balance))
        )
    if balance == "latin" and take < len(parts):
        raise BadPackage('choose(balance="latin"): a Latin square has all parts in each order.')
    several = orders.count(len(parts), take, shuffled=shuffled)
    if balance == "blocks" and several > orders.MOST_ORDERS:
        raise BadPackage(
            f'{kind}(balance="blocks"): {len(parts)} parts have {several} orders, more than the '
            f"{orders.MOST_ORDERS} that can be balanced.",
            hint='Use balance="latin".',
        )
    return Several(kind, parts, name, take, shuffled=shuffled, balance=balance)


def repeat(n: int, *parts: Any) -> Several:
    """The parts `n` times. The scenes of round 2 are "<name>.2", in the data and in conditions.

    Inside, a condition, `reunion` or `roles` that names a scene of the same repeat means that of
    the same round. What is shuffled inside is drawn anew for each round.
    """
    if not is_whole(n, 1, MOST_ROUNDS):
        raise BadPackage(f"repeat({n!r}, …): give a number from 1 to {MOST_ROUNDS}.")
    if not parts:
        raise BadPackage("repeat(…) needs at least one part.")
    return Several("repeat", parts, rounds=n)


def branch(when: Condition, then: Any, otherwise: Any = (), *, name: str = "") -> Several:
    """One of two ways, decided when somebody comes here, and decided once.

    Args:
        when: of answers to earlier scenes and cells of treatments:
            `answer("about.age") >= 18`, `cell("partner") == "expert"`.
        then, otherwise: a scene or a list of them; `otherwise` may be left out.
        name: of the branch in the data; "branch1", "branch2" … if empty.
    """
    _named("branch", name)
    asked = condition(when, "branch(…)")
    ways = (_listed(then), _listed(otherwise))
    if not any(ways):
        raise BadPackage("branch(…) has no scene on either way.")
    return Several("branch", ways, name, when=asked)


def _named(kind: str, name: str) -> None:
    if name and not _NAME.fullmatch(name):
        raise BadPackage(
            f"{kind}(name={name!r}) will not do.",
            hint="Use small letters, digits and _, a letter first, 41 at most.",
        )


def _listed(part: Any) -> tuple[Any, ...]:
    return tuple(part) if isinstance(part, list | tuple) else (part,)


# --- into scenes -------------------------------------------------------------------------------


@dataclass
class _Unfolding:
    is_scene: Callable[[Any], bool]
    scenes: list[Any] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def steps(self, parts: Iterable[Any], suffix: str, here: Mapping[str, str]) -> tuple[Step, ...]:
        return tuple(self.step(part, suffix, here) for part in parts)

    def step(self, part: Any, suffix: str, here: Mapping[str, str]) -> Step:
        """`here`: scene of this round -> its name in this round."""
        if isinstance(part, list | tuple):
            return Step("sequence", parts=self.steps(part, suffix, here))
        if not isinstance(part, Several):
            return self._scene(part, suffix, here)
        if part.kind == "repeat":
            inside = _scenes_in(part.parts)
            made = []
            for number in range(1, part.rounds + 1):
                further = f"{suffix}.{number}"
                names = {one: one + further for one in inside}
                before = self.counts.copy()
                inner = self.steps(part.parts, further, {**here, **names})
                made.append(Step("sequence", parts=inner))
                if number < part.rounds:
                    self.counts = before  # shuffle1.1, shuffle1.2: the same order in each round
            return Step("sequence", parts=tuple(made))
        self.counts[part.kind] += 1
        name = (part.name or f"{part.kind}{self.counts[part.kind]}") + suffix
        if part.kind == "branch":
            assert part.when is not None
            when = renamed(part.when, lambda asked: _moved(asked, here))
            return Step("branch", name, self.steps(part.parts, suffix, here), when=when)
        return Step(
            "shuffle" if part.kind == "shuffle" else "choose", name,
            self.steps(part.parts, suffix, here), part.take, part.shuffled, part.balance,
        )  # fmt: skip

    def _scene(self, scene: Any, suffix: str, here: Mapping[str, str]) -> Step:
        if not self.is_scene(scene):
            raise BadPackage(
                f"{scene!r} is no scene.",
                hint="Use page(…), consent(…), survey(…), quiz(…), play(…), or several of them.",
            )
        if not isinstance(scene.name, str) or not _NAME.fullmatch(scene.name):
            raise BadPackage(
                f"The scene name {scene.name!r} will not do.",
                hint="Use small letters, digits and _, a letter first, 41 at most.",
            )
        named = replace(scene, name=scene.name + suffix) if suffix else scene
        group = getattr(scene, "group", None)
        if here and isinstance(group, Grouping):
            group = replace(
                group,
                scene=here.get(group.scene, group.scene),
                attribute=_moved(group.attribute, here),
            )
            named = replace(named, group=group)
        self.scenes.append(named)
        if len(self.scenes) > MOST_SCENES:
            raise BadPackage(f"The experiment has more than {MOST_SCENES} scenes.")
        return Step("scene", named.name)


def _moved(asked: str, here: Mapping[str, str]) -> str:
    """ "scene.item" of the round that `here` is about."""
    scene, dot, item = asked.rpartition(".")
    return here.get(scene, scene) + dot + item


def _scenes_in(parts: Iterable[Any]) -> list[str]:
    """The scenes among `parts`, but for those that are repeated once more."""
    found: list[str] = []
    for part in parts:
        if isinstance(part, list | tuple):
            found += _scenes_in(part)
        elif isinstance(part, Several):
            found += _scenes_in(part.parts) if part.kind != "repeat" else []
        elif hasattr(part, "name"):
            found.append(part.name)
    return found


def unfold(
    parts: Sequence[Any], is_scene: Callable[[Any], bool]
) -> tuple[tuple[Any, ...], Step | None]:
    """The scenes of an experiment in declared order, and how they follow each other.

    None stands for one after the other.

    Raises:
        BadPackage: something is no scene, or two have one name.
    """
    made = _Unfolding(is_scene)
    steps = made.steps(parts, "", {})
    every = [scene.name for scene in made.scenes]
    for name in every:
        if every.count(name) > 1:
            raise BadPackage(
                f"Two scenes are named {name!r}.",
                hint="Data and resuming go by name: make each unique.",
            )
    drawn = [step.name for step in _orders(steps)]
    for name in drawn:
        if [*drawn, *every].count(name) > 1:
            raise BadPackage(f"Two orders, or an order and a scene, are named {name!r}.")
    plain = not any(isinstance(part, Several | list | tuple) for part in parts)
    return tuple(made.scenes), None if plain else Step("sequence", parts=steps)


def check_asked(asked: Iterable[str], scenes: Sequence[str]) -> None:
    """Names of what is asked inside a scene. Several scenes may ask the same.

    Raises:
        BadPackage: a name will not do, or is a scene's.
    """
    for name in asked:
        _named("survey", name)
        if name in scenes:
            raise BadPackage(
                f"A scene, and what is asked between the episodes of a game, are named {name!r}.",
                hint="Answers go by name: give each its own.",
            )


def _orders(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        if step.kind not in ("scene", "sequence"):
            yield step
        yield from _orders(step.parts)


# --- what can be known when --------------------------------------------------------------------


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
