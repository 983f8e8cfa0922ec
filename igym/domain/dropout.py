"""What happens to a game when one of its people is away. The author's words, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, get_args

from igym.domain.duration import seconds
from igym.domain.policy import Policy
from igym.errors import BadPackage

#: What follows once the grace is over:
#:   end     the game ends for everybody
#:   wait    it stands still until they are back, however long that takes
#:   noop    it goes on, their seat does the idle action
#:   shrink  it goes on without the seat: the environment gets no action for it
#:   policy  it goes on, a policy sits in for them
Then = Literal["end", "wait", "noop", "shrink", "policy"]
_WORDS: Final = tuple(word for word in get_args(Then) if word != "policy")


@dataclass(frozen=True, slots=True)
class Hold:
    """Made by `hold`."""

    grace_s: float = 20.0
    then: Then = "end"
    policy: Policy | None = None  # with then = "policy"
    returns: bool = True  # whether who comes back gets the seat back
    message: str = ""  # to the partners while they wait; igym's own if empty
    leaver: str = "left"  # outcome of who was away, where that ends their session
    partner: str = "partner_left"  # outcome of the others, where the game ends


def hold(
    grace: str = "20 s",
    then: Policy | Literal["end", "wait", "noop", "shrink"] = "end",
    *,
    returns: bool = True,
    message: str = "",
    leaver: str = "left",
    partner: str = "partner_left",
) -> Hold:
    """Stand still for `grace` when a person is away, then go on as `then` says.

    Args:
        grace: how long the others see a countdown and wait.
        then: "end", "wait", "noop", "shrink", or the policy that takes the seat.
        returns: whether a person who comes back gets the seat back. If not, their session
            ends with the outcome `leaver` when the grace is over.
        message: what the others read meanwhile.
        leaver, partner: outcomes of who was away and of the others, when the game ends.

    Raises:
        BadPackage: `then` is neither a known word nor a policy.
    """
    if isinstance(then, Policy):
        return Hold(seconds(grace), "policy", then, returns, message, leaver, partner)
    if then not in _WORDS:
        raise BadPackage(
            f"hold(then={then!r}) is not known.", hint=f"Use a policy or one of {_WORDS}."
        )
    return Hold(seconds(grace), then, None, returns, message, leaver, partner)


class Seated(StrEnum):
    """How a person's seat stands."""

    HERE = "here"  # they are at it
    AWAY = "away"  # they are not, and the others wait
    REPLACED = "replaced"  # the game goes on without them; they may come back
    GONE = "gone"  # the game goes on without them for good


class Change(StrEnum):
    """What happened to a seat."""

    LEFT = "left"  # they are away: the others wait
    BACK = "back"  # they are at it again
    REPLACED = "replaced"  # the game goes on without them
    END = "end"  # the game is over for everybody


class Attendance:
    """One person's seat over a game, by the scene's rule. Knows no clock: it is told the time.

    Times are seconds on any clock that does not go back.
    """

    def __init__(self, then: Then, grace_s: float, returns: bool, most_s: float) -> None:
        """`most_s` is how long "wait" waits at the most."""
        self._then = then
        self._grace_s = most_s if then == "wait" else grace_s
        self._returns = returns
        self.stands = Seated.AWAY
        self.since_s: float | None = None  # away since

    def look(self, present: bool, now_s: float) -> Change | None:
        """They are there now, or not. Returns what that changes."""
        if self.stands is Seated.GONE:
            return None
        if present:
            if self.stands is Seated.HERE:
                return None
            self.stands, self.since_s = Seated.HERE, None
            return Change.BACK
        if self.stands is Seated.REPLACED:
            return None
        if self.since_s is None:
            self.since_s = now_s
        if now_s - self.since_s >= self._grace_s:
            return self._act(for_good=not self._returns)
        if self.stands is Seated.HERE:
            self.stands = Seated.AWAY
            return Change.LEFT
        return None

    def leave(self) -> Change | None:
        """They will not come back: the rule acts at once."""
        if self.stands is Seated.GONE:
            return None
        if self.stands is Seated.REPLACED:
            self.stands = Seated.GONE
            return None
        return self._act(for_good=True)

    def bench(self) -> Change | None:
        """Somebody else's word, not theirs: the game goes on without them, for as long as they are
        told to be away."""
        if self.stands in (Seated.REPLACED, Seated.GONE):
            return None
        self.stands = Seated.REPLACED
        return Change.REPLACED

    def again(self, now_s: float) -> None:
        """The game stood still: who is away has the whole grace before them."""
        if self.since_s is not None:
            self.since_s = now_s

    def _act(self, *, for_good: bool) -> Change:
        if self._then in ("end", "wait"):
            self.stands = Seated.GONE
            return Change.END
        self.stands = Seated.GONE if for_good else Seated.REPLACED
        return Change.REPLACED

    def restore(self, stands: Seated) -> None:
        """Stand as in an earlier life of the game."""
        self.stands = stands

    @property
    def acts_s(self) -> float | None:
        """When the rule acts; None while nobody waits for them."""
        if self.stands is not Seated.AWAY or self.since_s is None:
            return None
        return self.since_s + self._grace_s
