"""What happens to a game when one of its people is away. The author's words, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from igym.domain.duration import seconds
from igym.domain.policy import Onnx, Policy, Random
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
    if isinstance(then, Onnx | Random):
        return Hold(seconds(grace), "policy", then, returns, message, leaver, partner)
    if then not in _WORDS:
        raise BadPackage(
            f"hold(then={then!r}) is not known.", hint=f"Use a policy or one of {_WORDS}."
        )
    return Hold(seconds(grace), then, None, returns, message, leaver, partner)
