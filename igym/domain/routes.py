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
from igym.domain.conditions import Condition, condition, renamed
from igym.domain.duration import seconds
from igym.domain.grouping import Grouping
from igym.domain.nearest import is_whole, nearest
from igym.domain.orders import Balance
from igym.domain.plan import AskedPlan, Step
from igym.domain.treatments import Treatment
from igym.errors import BadPackage

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

#: The longest that people may wait for a function at a branch.
MOST_LIMIT_S = 30.0

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
    function: Callable[[Any], bool] | None = None  # of a branch, instead of `when`
    asked: AskedPlan | None = None  # how it is asked
    within: tuple[str, ...] = ()  # names of treatments


def shuffle(*parts: Any, balance: Balance = "chance", within: Any = (), name: str = "") -> Several:
    """All parts, in an order drawn for each participant.

    Args:
        parts: scenes; a list of scenes stays together in its order.
        balance: "chance" draws each order anew. "blocks" gives all orders equally often: in each
            run of as many participants as there are orders, each comes once. "latin" does the same
            with the orders of a balanced Latin square: each part equally often at each place and
            after each other part.
        within: a `Treatment` per participant, its name, or several: the order is balanced among
            those in the same cell, instead of among all.
        name: of the order in the data; "shuffle1", "shuffle2" … if empty.

    Raises:
        BadPackage: fewer than two parts, or too many orders to balance.
    """
    return _drawn("shuffle", parts, len(parts), True, balance, within, name)


def choose(
    n: int,
    *parts: Any,
    shuffled: bool = True,
    balance: Balance = "chance",
    within: Any = (),
    name: str = "",
) -> Several:
    """`n` of the parts, drawn for each participant.

    Args:
        n: how many.
        parts: as of `shuffle`.
        shuffled: whether they come in a drawn order too, or in the declared one.
        balance, within, name: as of `shuffle`; "latin" is for `shuffle` only.
    """
    if not is_whole(n, 1, max(1, len(parts) - 1)):
        raise BadPackage(
            f"choose({n!r}, …) of {len(parts)} parts: give a number from 1 to {len(parts) - 1}.",
            hint="Use shuffle(…) for all of them in a drawn order.",
        )
    return _drawn("choose", parts, n, shuffled, balance, within, name)


def _drawn(
    kind: str,
    parts: tuple[Any, ...],
    take: int,
    shuffled: bool,
    balance: Balance,
    within: Any,
    name: str,
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
    names = _within(kind, within)
    if names and balance == "chance":
        raise BadPackage(
            f"{kind}(within={', '.join(names)}) is for balanced orders; this one goes by chance.",
            hint='Write balance="blocks" or balance="latin", or leave out within=.',
        )
    return Several(kind, parts, name, take, shuffled=shuffled, balance=balance, within=names)


def _within(kind: str, given: Any) -> tuple[str, ...]:
    """The names of the treatments that `within=` gives."""
    several = given if isinstance(given, list | tuple) else (given,)
    names = tuple(one.name if isinstance(one, Treatment) else one for one in several)
    if not all(isinstance(name, str) and name for name in names):
        raise BadPackage(
            f"{kind}(within={given!r}): give a Treatment, its name, or a list of them."
        )
    return names


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


def branch(
    when: Condition | Callable[[Any], bool],
    then: Any,
    otherwise: Any = (),
    *,
    name: str = "",
    default: bool | None = None,
    limit: str = "2 s",
) -> Several:
    """One of two ways, decided when somebody comes here, and decided once.

    Args:
        when: of answers to earlier scenes and cells of treatments:
            `answer("about.age") >= 18`, `cell("partner") == "expert"`. Or a pure function of an
            `igym.Record` (answers, cells and episodes so far), which is called in a worker and
            says True for `then` and False for `otherwise`.
        then, otherwise: a scene or a list of them; `otherwise` may be left out.
        name: of the branch in the data; "branch1", "branch2" … if empty.
        default: what counts where the function raises, hangs or says neither: needed with one.
        limit: how long the function may take.

    Raises:
        BadPackage: there is no scene, or a function has no default.
    """
    _named("branch", name)
    ways = (_listed(then), _listed(otherwise))
    if not any(ways):
        raise BadPackage("branch(…) has no scene on either way.")
    if not callable(when):
        if default is not None:
            raise BadPackage(f"branch(default={default!r}): only a function may fail to decide.")
        return Several("branch", ways, name, when=condition(when, "branch(…)"))
    where = f"branch(name={name!r})" if name else "branch(…)"
    if not isinstance(default, bool):
        raise BadPackage(
            f"{where}: a function needs default=True or default=False, not {default!r}.",
            hint="It is the way people take where the function fails: True is `then`.",
        )
    limit_s = seconds(limit)
    if not 0 < limit_s <= MOST_LIMIT_S:
        raise BadPackage(f"{where}: limit={limit!r} is not above 0 and at most {MOST_LIMIT_S:g} s.")
    return Several("branch", ways, name, function=when, asked=AskedPlan(default, limit_s))


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
    functions: dict[str, Callable[[Any], bool]] = field(default_factory=dict)

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
            if part.function is not None:
                self.functions[name] = part.function
            when = part.when
            if when is not None:
                when = renamed(when, lambda asked: _moved(asked, here))
            ways = self.steps(part.parts, suffix, here)
            return Step("branch", name, ways, when=when, function=part.asked)
        return Step(
            "shuffle" if part.kind == "shuffle" else "choose", name,
            self.steps(part.parts, suffix, here), part.take, part.shuffled, part.balance,
            within=part.within,
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
        back = getattr(scene, "back_to", "")
        if here and back:
            named = replace(named, back_to=here.get(back, back))
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
) -> tuple[tuple[Any, ...], Step | None, dict[str, Callable[[Any], bool]]]:
    """The scenes of an experiment in declared order, how they follow each other, and the functions
    that decide, by the names of their branches.

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
    flow = None if plain else Step("sequence", parts=steps)
    return tuple(made.scenes), flow, made.functions


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
