"""How people are put together: the author's words, as values. `igym.domain.strategies` acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from igym.domain.duration import seconds
from igym.domain.policy import Policy
from igym.errors import BadPackage

Strategy = Literal["fifo", "nearest", "strangers", "reunion", "roles", "custom"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Made by `fifo`, `nearest`, `strangers`, `reunion`, `roles` or `custom`."""

    strategy: Strategy = "fifo"
    max_rtt_ms: float = 0  # nearest
    relax_ms_per_s: float = 0  # nearest: the limit grows with the longest wait in the group
    scene: str = ""  # reunion: the game whose group meets again
    attribute: str = ""  # roles: "scene.item" of an answer
    wanted: Mapping[str, int] = field(default_factory=dict)  # roles: answer -> people
    function: Callable[..., Any] | None = None  # custom
    limit_s: float = 0.2  # custom
    mixes: tuple[str, ...] = ()  # treatments whose cells may meet
    confirm_s: float = 8.0  # how long a player may take to show that they are there
    asks: bool = False  # whether a person has to say so themselves


def _more(mixes: Sequence[str], confirm: str, asks: bool) -> dict[str, Any]:
    return {"mixes": tuple(mixes), "confirm_s": seconds(confirm), "asks": asks}


def fifo(*, mixes: Sequence[str] = (), confirm: str = "8 s", asks: bool = False) -> Grouping:
    """In order of arrival.

    Args of all strategies:
        mixes: treatments (per participant) whose cells may meet; else only equals meet.
        confirm: how long a player may take to show that they are there, before a match is made.
        asks: True asks every player to press a button; else a visible page answers by itself.
    """
    return Grouping("fifo", **_more(mixes, confirm, asks))


def nearest(
    *,
    max_rtt: str,
    relax: str = "0 ms/s",
    mixes: Sequence[str] = (),
    confirm: str = "8 s",
    asks: bool = False,
) -> Grouping:
    """Only people whose round trips differ little from the best and are below `max_rtt`.

    `relax` ("2 ms/s") lets the limit grow with every second that somebody has waited.
    """
    rate, slash, per = relax.partition("/")
    if slash != "/" or per.strip() != "s":
        raise BadPackage(f"relax={relax!r} is not a rate.", hint='Write it as "2 ms/s".')
    return Grouping(
        "nearest",
        max_rtt_ms=seconds(max_rtt) * 1000,
        relax_ms_per_s=seconds(rate) * 1000,
        **_more(mixes, confirm, asks),
    )


def strangers(*, mixes: Sequence[str] = (), confirm: str = "8 s", asks: bool = False) -> Grouping:
    """Only people who have not been in a game of this experiment together."""
    return Grouping("strangers", **_more(mixes, confirm, asks))


def reunion(scene: str, *, confirm: str = "8 s", asks: bool = False) -> Grouping:
    """The same group as in the game `scene`; whoever is early waits for the others."""
    return Grouping("reunion", scene=scene, **_more((), confirm, asks))


def roles(
    attribute: str,
    wanted: Mapping[str, int],
    *,
    mixes: Sequence[str] = (),
    confirm: str = "8 s",
    asks: bool = False,
) -> Grouping:
    """So many people of each answer: roles("about_you.hand", {"left": 1, "right": 1})."""
    if "." not in attribute or not wanted:
        raise BadPackage(
            f"roles({attribute!r}, {wanted!r}) will not do.",
            hint='Name "scene.question", and say how many people of each answer.',
        )
    return Grouping(
        "roles", attribute=attribute, wanted=dict(wanted), **_more(mixes, confirm, asks)
    )


def custom(
    function: Callable[..., Any],
    *,
    limit: str = "200 ms",
    mixes: Sequence[str] = (),
    confirm: str = "8 s",
    asks: bool = False,
) -> Grouping:
    """function(tickets, size) -> groups, lists of session ids. Runs in a worker.

    It gets dicts with the fields of `igym.domain.strategies.Ticket`. Where it raises, takes
    longer than `limit`, or returns groups that overlap or have the wrong size, its answer is
    refused, the problem reported, and people are matched in order of arrival.
    """
    return Grouping(
        "custom", function=function, limit_s=seconds(limit), **_more(mixes, confirm, asks)
    )


@dataclass(frozen=True, slots=True)
class Fill:
    """Made by `fill`."""

    after_s: float
    policy: Policy
    at_most: int = 0  # games with a filled seat, over the whole study; 0 = no limit


def fill(*, after: str, policy: Policy, at_most: int = 0) -> Fill:
    """Who has waited for `after` plays with `policy` in the empty seats.

    `at_most` bounds in how many games of the study that happens.
    """
    return Fill(seconds(after), policy, at_most)


@dataclass(frozen=True, slots=True)
class Offer:
    """What follows when nobody came. Made by `offer`; `finish(…)` is an offer without a choice."""

    outcome: str = "no_partner"
    again: int = 0  # how often they may choose to wait on
    bot: bool = False  # whether they may play with the policy of `fill`

    @property
    def asks(self) -> bool:
        """Whether there is a choice."""
        return self.again > 0 or self.bot


def offer(*, again: int = 1, bot: bool = False, outcome: str = "no_partner") -> Offer:
    """Ask whoever waited in vain: wait on (`again` times at most), play with the policy of
    `fill`, or go to the ending with `outcome`."""
    return Offer(outcome, again, bot)
