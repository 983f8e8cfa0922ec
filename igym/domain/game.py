"""A game scene in the author's words: `play`, and the value it makes. Knows no file or server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from igym.domain.adaptive import Adaptive, check_rules
from igym.domain.callbacks import checked
from igym.domain.controls import Controls, Gamepad, Pointer, Press, Touch
from igym.domain.dropout import Hold
from igym.domain.duration import seconds
from igym.domain.grouping import Fill, Grouping, Offer
from igym.domain.keymap import Chord, KeyMap, chord_keys
from igym.domain.policy import Human, HumanSeat, Policy
from igym.domain.rounds import Gate
from igym.domain.scenes import Finish, Survey
from igym.domain.treatments import Treatment
from igym.domain.watch import Limit
from igym.errors import BadPackage

#: Who sits somewhere: a person, a policy, or whichever a treatment or the episodes so far say.
Seat = HumanSeat | Policy | Treatment | Adaptive


@dataclass(frozen=True, slots=True)
class Play:
    """A game. See `igym.play` for what each field means."""

    name: str
    env: Callable[..., Any]
    seats: Mapping[Any, Seat]
    keymap: KeyMap
    press: Press
    pointer: Pointer | None
    gamepad: Gamepad | None
    title: str
    help: str
    draw: Callable[..., Any] | None
    scenery: Callable[..., Any] | None
    hud: Callable[..., str] | None
    labels: Mapping[Any, str]
    marks: Mapping[Any, str]
    touch: tuple[Touch, ...]
    size: tuple[float, float] | None
    aspect: float  # 0 = of the size or the rendered picture
    background: str
    assets: tuple[str, ...] | None  # None = all
    picture_fps: float
    quality: int
    fps: float
    practice: int
    episodes: int
    until: Gate | None
    never: Finish
    max_steps: int
    assign: str
    group: Grouping
    fill: Fill | None
    shows: Literal["count", "position", "nothing"]
    waits_s: float
    unmatched: Offer
    dropped: Mapping[Any, Hold]  # human seat -> what follows when its person is away
    limits: tuple[Limit, ...]
    chat: bool
    partner_shown_as: str
    masked: bool
    countdown_s: float
    pause_s: float
    between: Survey | None
    between_limit_s: float
    between_practice: bool = True
    isolation: Literal["shared", "process"] = "shared"
    observations: bool | Literal["auto"] = "auto"
    infos: tuple[str, ...] = ()
    callbacks: tuple[Any, ...] = ()

    @property
    def controls(self) -> Controls:
        """What a person acts with."""
        return Controls(self.keymap, self.press, self.pointer, self.gamepad)

    @property
    def humans(self) -> tuple[Any, ...]:
        """The seats of people, in declared order."""
        return tuple(s for s, who in self.seats.items() if who is Human)


def play(
    name: str,
    env: Callable[..., Any],
    *,
    seats: Mapping[Any, Seat],
    keys: Mapping[Chord, Any] | None = None,
    idle: Any = 0,
    press: Press = "held",
    pointer: Pointer | None = None,
    gamepad: Gamepad | None = None,
    title: str = "",
    help: str = "",
    draw: Callable[..., Any] | None = None,
    scenery: Callable[..., Any] | None = None,
    hud: Callable[..., str] | None = None,
    labels: Mapping[Any, str] | None = None,
    marks: Mapping[Any, str] | None = None,
    touch: tuple[Touch, ...] = (),
    size: tuple[float, float] | None = None,
    aspect: float = 0,
    background: str = "#0b1013",
    assets: Sequence[str] | None = None,
    picture_fps: float = 0,
    quality: int = 75,
    fps: float = 30,
    practice: int = 0,
    episodes: int = 1,
    until: Gate | None = None,
    never: Finish | None = None,
    max_steps: int = 10_000,
    assign: str = "fixed",
    group: Grouping | None = None,
    fill: Fill | None = None,
    shows: Literal["count", "position", "nothing"] = "count",
    waits: str = "4 min",
    unmatched: Finish | Offer | None = None,
    dropped: Hold | Mapping[Any, Hold] | None = None,
    limits: Sequence[Limit] = (),
    chat: bool = False,
    partner_shown_as: str = "",
    masked: bool = False,
    countdown: str = "3 s",
    pause: str = "2 s",
    between: Survey | None = None,
    between_limit: str = "2 min",
    between_practice: bool = True,
    isolation: Literal["shared", "process"] = "shared",
    observations: bool | Literal["auto"] = "auto",
    infos: Sequence[str] = (),
    callbacks: Sequence[Any] = (),
) -> Play:
    """A game of one or more people, with policies in the other seats.

    Args:
        name: the scene's name; data and resuming go by it.
        env: makes the environment; called once per game, with no arguments.
        seats: agent id of the environment -> `Human` or a policy. For a single-agent
            environment one seat of any name.
        keys: key, or tuple of keys held together -> action: any plain value or array that the
            seat's action space has. Keys are named as in KeyboardEvent.key: "ArrowLeft", "a", " ".
        idle: the action when nothing is held; `Last(first)` for whatever was done last; None
            for no action: the environment does not move until somebody acts.
        press: "held" acts at every tick while a key is down, "once" each time it goes down.
        pointer, gamepad: what else acts, where no key does (`Pointer`, `Gamepad`).
        title, help: shown above the stage; `help` says in one line how to play.
        draw: draw(env) -> shapes of `igym.draw`, or draw(env, seat) if seats see different
            things. Where this is None the environment's own method `draw()`, and where it has
            none what its `render()` gives (made with render_mode="rgb_array").
        scenery: scenery(env) -> shapes that stand for a whole episode; called once in each.
        hud: hud(env) -> one line of text above the stage, or hud(env, seat).
        labels: seat -> what people call it. The seat's own id where missing.
        marks: seat -> id of the shape that is pointed out as "you".
        touch: on-screen buttons for phones; one for each single key of the map if empty.
        size: (width, height) of the stage in the units of the shapes, as in pixels; without it
            shapes are in parts of the stage.
        aspect: width / height of the stage; that of `size` or of the rendered picture by
            default, else 2.
        assets: what of the package's assets/ is loaded before the game; all of it by default.
        picture_fps: most rendered pictures a second; `fps` where this is 0.
        quality: of rendered pictures at best, 20 to 95 on JPEG's scale.
        fps: ticks a second, 1 to 120.
        practice: so many episodes first that do not count: flagged in the data, no scores.
        episodes: how many, one after the other, with the same people in the same seats.
        until: a condition (`scored(…)`, `won(…)`) or a pure function of the results so far,
            looked at after each episode. It ends the practice as soon as it is met, or the
            game where there is no practice; `practice` or `episodes` is then the most.
        never: what follows for those who never reach it; finish("not_reached") by default.
        max_steps: an episode is cut off (truncated) after so many ticks.
        assign: who gets which human seat: "fixed" (by arrival) or "random".
        group: who is put together; `fifo()` by default (`igym.domain.grouping`).
        fill: a policy for the seats that stay empty for long; `fill(after=…, policy=…)`.
        shows: what the waiting room tells: how many wait, one's place in the queue, or nothing.
        waits: how long a person waits for partners.
        unmatched: what follows then: `finish(…)`, or `offer(…)` to ask them;
            finish("no_partner") by default.
        dropped: what follows when a person is away, for all human seats or by seat;
            `hold("20 s")` by default (`igym.domain.dropout`).
        limits: what a person's connection and attention must be like during play
            (`igym.domain.watch`).
        chat: whether the players can write to each other.
        partner_shown_as: the name of every other seat, whoever sits there; its label if empty.
        masked: nothing a browser is told differs between human and artificial partners.
        countdown, pause: before the first episode, and between two.
        between: `survey(…)` for everybody after each episode; all wait for each other, at most
            for `between_limit`.
        between_practice: whether they are asked after practice episodes too.
        isolation: "process" gives each game a process of its own, for an environment whose step
            takes longer than a tick; "shared" games run beside others in one.
        observations: whether the data keep what each seat observed. "auto" does so where the
            environment does not repeat itself, since a replay cannot tell it then.
        infos: names in the environment's info that the data keep, by seat, after each step.
        callbacks: `Callback` instances or classes, beside those of the experiment.

    Raises:
        BadPackage: a value is outside its range; the message says which.
    """

    def need(ok: bool, why: str) -> None:
        if not ok:
            raise BadPackage(f"play({name!r}): {why}")

    need(callable(env), "env must be callable: the environment's class or a function")
    need(bool(seats), "seats is empty")
    for seat, who in seats.items():
        known = isinstance(who, HumanSeat | Policy | Treatment | Adaptive)
        need(known, f"seat {seat!r} is {who!r}; use Human, a policy, a Treatment or Adaptive(…)")
        if isinstance(who, Treatment):
            for cell, value in who.cells.items():
                fits = isinstance(value, Policy)
                need(fits, f"seat {seat!r}: cell {cell!r} of {who.name} is not a policy")
            meets = group is not None and who.name in group.mixes
            need(not meets, f"seat {seat!r} has no one policy where the cells of {who.name} mix")
    texts = [str(seat) for seat in seats]
    need(len(set(texts)) == len(texts), f"two seats read the same as text: {sorted(texts)}")
    need(any(who is Human for who in seats.values()), "no seat is Human")
    check_rules(seats, [seat for seat, who in seats.items() if who is Human], until, need)
    need(1 <= fps <= 120, f"fps={fps} is not between 1 and 120")
    need(episodes >= 1, f"episodes={episodes} is below 1")
    need(practice >= 0, f"practice={practice} is below 0")
    need(until is None or callable(until), "until must be scored(…), won(…) or a function")
    need(
        never is None or until is not None,
        "never=… says what follows an until=…, and there is none",
    )
    need(max_steps >= 1, f"max_steps={max_steps} is below 1")
    need(isinstance(between, Survey | None), f"between={between!r} is no survey(…); see pause=")
    need(aspect == 0 or 0.2 <= aspect <= 5, f"aspect={aspect} is not between 0.2 and 5")
    if size is not None:
        fits = min(size) > 0 and 0.2 <= size[0] / size[1] <= 5
        need(fits, f"size={size!r} is not (width, height), or is too long and narrow")
        need(aspect == 0, "give size or aspect: the aspect is that of the size")
    need(0 <= picture_fps <= 120, f"picture_fps={picture_fps} is not between 0 and 120")
    need(20 <= quality <= 95, f"quality={quality} is not between 20 and 95")
    need(shows in ("count", "position", "nothing"), f"shows={shows!r} is not known")
    people = [seat for seat, who in seats.items() if who is Human]
    holds = dropped if isinstance(dropped, Mapping) else dict.fromkeys(people, dropped)
    odd = set(holds) - set(people)
    need(not odd, f"dropped names seats without a person: {sorted(map(str, odd))}")
    need(
        observations in (True, False, "auto"),
        f'observations={observations!r} is not True, False or "auto"',
    )
    need(
        not isinstance(infos, str) and all(isinstance(one, str) for one in infos),
        f"infos={infos!r} is not a list of names",
    )
    need(
        isolation in ("shared", "process"), f'isolation={isolation!r} is not "shared" or "process"'
    )
    need(press in get_args(Press), f'press={press!r} is not "held" or "once"')
    acts = bool(keys or pointer or gamepad)
    need(acts, "nothing to act with: give keys=, pointer= or gamepad=")
    stuck = idle is None and any(hold and hold.then == "noop" for hold in holds.values())
    need(not stuck, 'then="noop" does the idle action, and idle=None is none: use another rule')
    strange = (
        set() if gamepad is None else gamepad.keys - {k for c in keys or () for k in chord_keys(c)}
    )
    need(not strange, f"gamepad holds keys that are not in keys: {sorted(strange)}")
    sticks = gamepad is not None and gamepad.sticks
    need(not (press == "once" and sticks), 'sticks are never pressed: press="held", or no ranges')
    need(assign in ("fixed", "random"), f'assign={assign!r} is not "fixed" or "random"')
    for given, what in ((labels, "labels"), (marks, "marks")):
        strange = set(given or {}) - set(seats)
        need(not strange, f"{what} names seats that are not in seats: {sorted(map(str, strange))}")
    return Play(
        name=name,
        env=env,
        seats=dict(seats),
        keymap=KeyMap.of(keys or {}, idle),
        press=press,
        pointer=pointer,
        gamepad=gamepad,
        title=title,
        help=help,
        draw=draw,
        scenery=scenery,
        hud=hud,
        labels=dict(labels or {}),
        marks=dict(marks or {}),
        touch=tuple(touch),
        size=size,
        aspect=aspect,
        background=background,
        assets=None if assets is None else tuple(assets),
        picture_fps=picture_fps,
        quality=quality,
        fps=fps,
        practice=practice,
        episodes=episodes,
        until=until,
        never=never or Finish("not_reached"),
        max_steps=max_steps,
        assign=assign,
        group=group or Grouping(),
        fill=fill,
        shows=shows,
        waits_s=seconds(waits),
        unmatched=unmatched
        if isinstance(unmatched, Offer)
        else Offer(unmatched.outcome if unmatched else "no_partner"),
        dropped={seat: holds.get(seat) or Hold() for seat in people},
        limits=tuple(limits),
        chat=chat,
        partner_shown_as=partner_shown_as,
        masked=masked,
        countdown_s=seconds(countdown),
        pause_s=seconds(pause),
        between=between,
        between_limit_s=seconds(between_limit),
        between_practice=between_practice,
        isolation=isolation,
        observations=observations,
        infos=tuple(infos),
        callbacks=checked(callbacks, f"play({name!r})"),
    )
