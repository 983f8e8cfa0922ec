"""A compiled experiment: plain data, all that web workers and the director ever read.

Made from a package in a worker (`igym.services.publishing`); the researcher's code is not
needed to read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from igym.errors import NotFound


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page's finished, sanitised HTML."""

    html: str
    button: str


@dataclass(frozen=True, slots=True)
class SurveyPlan:
    """A form as SurveyJS JSON, and the names its answers may have."""

    form: dict[str, Any]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TouchPlan:
    """An on-screen button and the indices of the keys it holds."""

    label: str
    keys: tuple[int, ...]
    side: Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class PlayPlan:
    """A game scene without its code. Fields as in `igym.play`; seats as text."""

    seats: tuple[str, ...]
    humans: tuple[str, ...]
    policies: dict[str, str]  # seat -> description, for the data
    keys: tuple[str, ...]
    touch: tuple[TouchPlan, ...]
    title: str
    help: str
    labels: dict[str, str]
    marks: dict[str, str]
    aspect: float
    background: str
    fps: float
    episodes: int
    max_steps: int
    assign: str
    waits_s: float
    unmatched: str
    grace_s: float
    countdown_s: float
    between_s: float
    tick_ms: float = 1.0  # of one step and one picture, as measured when it was compiled


@dataclass(frozen=True, slots=True)
class EndPlan:
    """The ending's HTML, and code and address by outcome."""

    html: str
    codes: dict[str, str]
    redirects: dict[str, str]


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """One scene; exactly one of the four is there."""

    name: str
    page: PagePlan | None = None
    survey: SurveyPlan | None = None
    play: PlayPlan | None = None
    end: EndPlan | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of one experiment."""

    experiment: str
    version: str
    title: str
    package: str  # content hash, hex
    scenes: tuple[ScenePlan, ...]
    igym: str = ""
    dependencies: tuple[str, ...] = field(default=())

    def index(self, name: str) -> int:
        """Where the scene of that name stands. Raises `NotFound`."""
        for index, scene in enumerate(self.scenes):
            if scene.name == name:
                return index
        raise NotFound(f"{self.experiment} has no scene named {name!r}.")

    def scene(self, name: str) -> ScenePlan:
        """The scene of that name. Raises `NotFound`."""
        return self.scenes[self.index(name)]
