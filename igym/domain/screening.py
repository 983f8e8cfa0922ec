"""What it takes to be let in: device, browser, screen, connection. The author's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from igym.domain.duration import seconds
from igym.errors import BadPackage

Device = Literal["desktop", "tablet", "phone"]

#: What can be found wanting. Each has its own message and the outcome "screened_<check>".
CHECKS = ("device", "browser", "screen", "rtt", "bandwidth", "function")


@dataclass(frozen=True, slots=True)
class Screen:
    """Made by `screen`."""

    devices: tuple[Device, ...] = ()
    browsers: tuple[str, ...] = ()  # allowed; empty = all
    blocked: tuple[str, ...] = ()
    width_px: int = 0
    height_px: int = 0
    rtt_ms: float = 0
    kbps: float = 0
    check: Callable[[Mapping[str, Any]], bool | str] | None = None
    limit_s: float = 2.0
    fails: Literal["closed", "open"] = "closed"
    messages: Mapping[str, str] = field(default_factory=dict)


def screen(
    *,
    devices: Sequence[Device] = (),
    browsers: Sequence[str] = (),
    blocked: Sequence[str] = (),
    width_px: int = 0,
    height_px: int = 0,
    max_rtt: str = "",
    min_kbps: float = 0,
    check: Callable[[Mapping[str, Any]], bool | str] | None = None,
    limit: str = "2 s",
    fails: Literal["closed", "open"] = "closed",
    messages: Mapping[str, str] | None = None,
) -> Screen:
    """Measure everybody at arrival and let in who fits. Nothing else is shown before.

    Args:
        devices: of "desktop", "tablet" and "phone"; all if empty.
        browsers, blocked: names such as "chrome", "firefox", "safari", "edge", in small letters.
        width_px, height_px: the least size of the window, CSS pixels.
        max_rtt: the longest round trip, median of several; "" = any.
        min_kbps: the least download rate, kilobits a second; 0 = any, not measured.
        check: check(facts) -> True, False or a sentence that says why not. Runs in a worker,
            never in the web tier; `facts` holds what was measured and the link's query.
        limit: how long `check` may take.
        fails: "closed" keeps people out when `check` raises or takes too long, "open" lets
            them in.
        messages: check name (see `CHECKS`) -> what the participant reads.

    Raises:
        BadPackage: a device or a message for a check that does not exist.
    """
    for device in devices:
        if device not in get_args(Device):
            raise BadPackage(f"screen(devices=…) does not know {device!r}.")
    if strange := set(messages or ()) - set(CHECKS):
        raise BadPackage(f"screen(messages=…) names {sorted(strange)}; checks are {CHECKS}.")
    return Screen(
        tuple(devices), tuple(browsers), tuple(blocked), width_px, height_px,
        seconds(max_rtt) * 1000 if max_rtt else 0, min_kbps, check, seconds(limit), fails,
        dict(messages or {}),
    )  # fmt: skip
