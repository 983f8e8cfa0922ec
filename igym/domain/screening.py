"""What it takes to be let in: device, browser, screen, connection. Words and verdict; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from igym.domain.duration import seconds
from igym.domain.plan import EntryPlan
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


#: What a participant reads where the author says nothing else.
MESSAGES: dict[str, str] = {
    "device": "This study does not run on this kind of device. Please open your link on another.",
    "browser": "This study does not run in this browser. Please open your link in another one.",
    "screen": "Your window is too small for this study. Please make it larger, or open your link "
    "on a larger screen.",
    "rtt": "Your connection takes too long to answer for this study.",
    "bandwidth": "Your connection is too slow for this study.",
    "function": "You cannot take part in this study.",
}

#: From the smallest: of two opinions about a device the smaller counts.
_SIZES: tuple[Device, ...] = ("phone", "tablet", "desktop")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about somebody who wants to take part."""

    device: Device  # the smaller of what the browser says and what its user agent says
    browser: str  # as the browser says; small letters, "" = not known
    agent: str  # as its user agent says
    width_px: int
    height_px: int
    rtt_ms: float  # the larger of two medians: measured by the browser and by the server
    kbps: float  # 0 = not measured


def smaller(says: Device, agent: Device | Literal[""]) -> Device:
    """The smaller of two opinions about a device: an iPad's user agent calls it a desktop."""
    return min(says, agent, key=_SIZES.index) if agent else says


#: Part of a user agent, in small letters -> browser. The first that is found counts: most
#: browsers claim to be Chrome and Safari too.
_BROWSERS = (
    ("fban/", "facebook"), ("fbav/", "facebook"), ("instagram", "instagram"), ("line/", "line"),
    ("edg/", "edge"), ("edga/", "edge"), ("edgios/", "edge"), ("edge/", "edge"),
    ("opr/", "opera"), ("opera", "opera"), ("opios/", "opera"), ("vivaldi/", "vivaldi"),
    ("samsungbrowser/", "samsung"), ("yabrowser/", "yandex"), ("ucbrowser/", "uc"),
    ("firefox/", "firefox"), ("fxios/", "firefox"), ("crios/", "chrome"),
    ("chromium/", "chrome"), ("chrome/", "chrome"), ("msie ", "ie"), ("trident/", "ie"),
    ("safari/", "safari"),
)  # fmt: skip

_DEVICES: tuple[tuple[str, Device], ...] = (
    ("ipad", "tablet"), ("tablet", "tablet"), ("iphone", "phone"), ("ipod", "phone"),
    ("mobi", "phone"), ("android", "tablet"), ("windows nt", "desktop"), ("macintosh", "desktop"),
    ("cros", "desktop"), ("x11", "desktop"), ("linux", "desktop"),
)  # fmt: skip


def agent(header: str) -> tuple[Device | Literal[""], str]:
    """Device and browser that a user agent names; "" where it names none we know."""
    text = header[:1_000].lower()
    device: Device | Literal[""] = next((kind for part, kind in _DEVICES if part in text), "")
    return device, next((browser for part, browser in _BROWSERS if part in text), "")


def judge(entry: EntryPlan, facts: Facts) -> str:
    """The first check of `CHECKS` that finds something wanting; "" = none does.

    Knows nothing about the author's function: that runs in a worker.
    """
    browsers = {name for name in (facts.browser, facts.agent) if name}
    allowed = not entry.browsers or (bool(browsers) and browsers <= set(entry.browsers))
    fits = {
        "device": not entry.devices or facts.device in entry.devices,
        "browser": allowed and browsers.isdisjoint(entry.blocked),
        "screen": facts.width_px >= entry.width_px and facts.height_px >= entry.height_px,
        "rtt": not entry.rtt_ms or facts.rtt_ms <= entry.rtt_ms,
        "bandwidth": facts.kbps >= entry.kbps,
    }
    return next((check for check in CHECKS if not fits.get(check, True)), "")
