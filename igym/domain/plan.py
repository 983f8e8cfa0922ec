"""A compiled experiment: plain data, all that web workers and the director ever read.

Made from a package in a worker (`igym.services.packages.publishing`); the researcher's code is not
needed to read it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from igym.domain.answers import Rule
from igym.domain.bound import Binding
from igym.domain.browser_logs import Least
from igym.domain.conditions import Condition
from igym.domain.dropout import Then
from igym.domain.grouping import Offer, Strategy
from igym.domain.language import Language
from igym.domain.orders import Balance
from igym.domain.treatments import Per
from igym.domain.watch import Limit
from igym.domain.waves import Wave
from igym.errors import NotFound


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page's finished, sanitised HTML."""

    html: str
    button: str
    consent: bool = False
    version: str = ""  # of a consent
    sha256: str = ""  # of a consent: of `html` and `button`, in hex


@dataclass(frozen=True, slots=True)
class SurveyPlan:
    """A form as SurveyJS JSON, and the names its answers may have."""

    form: dict[str, Any]
    items: tuple[str, ...]
    rules: tuple[Rule, ...] = ()  # what an answer may be


@dataclass(frozen=True, slots=True)
class QuizPlan:
    """A form with right answers, which no browser is told. Fields as in `igym.quiz`."""

    asked: SurveyPlan
    correct: dict[str, tuple[Any, ...]]
    attempts: int = 2
    failed: str = ""  # the outcome that follows; "" = the next scene
    tells: Literal["which", "whether"] = "which"
    explain: dict[str, str] = field(default_factory=dict)
    back_to: str = ""  # the scene that comes again after a wrong attempt; "" = only the quiz


@dataclass(frozen=True, slots=True)
class AskPlan:
    """What people in a game are asked between its episodes, and how long the others wait."""

    name: str
    survey: SurveyPlan
    seats: tuple[str, ...]
    limit_s: float
    when: Literal["after", "before", "first"] = "after"  # each episode; "first": before the first
    practice: bool = True  # whether also after practice episodes


@dataclass(frozen=True, slots=True)
class TouchPlan:
    """An on-screen button and the indices of the keys it holds."""

    label: str
    keys: tuple[int, ...]
    side: Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class ButtonPlan:
    """A button of a gamepad, by its place in `igym.domain.controls.BUTTONS`, and what it holds."""

    button: int
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """How people are put together. Fields as in `igym.domain.grouping.Grouping`."""

    strategy: Strategy = "fifo"
    max_rtt_ms: float = 0
    relax_ms_per_s: float = 0
    scene: str = ""
    attribute: str = ""
    wanted: dict[str, int] = field(default_factory=dict)
    limit_s: float = 0.2
    mixes: tuple[str, ...] = ()
    confirm_s: float = 8.0
    asks: bool = False


@dataclass(frozen=True, slots=True)
class FillPlan:
    """Who sits in seats that stay empty; `policy` is a description, for the data."""

    after_s: float
    policy: str
    at_most: int = 0


@dataclass(frozen=True, slots=True)
class HoldPlan:
    """What follows when a person is away. Fields as in `igym.domain.dropout.Hold`."""

    grace_s: float = 20.0
    then: Then = "end"
    policy: str = ""
    returns: bool = True
    message: str = ""
    leaver: str = "left"
    partner: str = "partner_left"


#: How a game whose worker died goes on: its log is replayed, or a state saved on the way is
#: loaded (the environment's own `get_state` or a pickle), or its episode begins anew.
Recovery = Literal["replay", "state", "pickle", "restart"]


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
    countdown_s: float
    pause_s: float
    pointer: bool = False  # whether it means something where the pointer is
    buttons: tuple[ButtonPlan, ...] = ()  # of a gamepad
    sticks: bool = False  # whether its sticks mean something
    group: GroupPlan = field(default_factory=GroupPlan)
    fill: FillPlan | None = None
    shows: Literal["count", "position", "nothing"] = "count"
    unmatched: Offer = field(default_factory=Offer)
    dropped: dict[str, HoldPlan] = field(default_factory=dict)  # every human seat
    limits: tuple[Limit, ...] = ()
    chat: bool = False
    partner_shown_as: str = ""
    masked: bool = False
    assets: tuple[str, ...] = ()  # files below assets/ to load before the game
    picture_fps: float = 0  # most rendered pictures a second; 0 = fps
    quality: int = 75  # of rendered pictures
    practice: int = 0
    gate: bool = False  # whether there is an `until`
    never: str = "not_reached"  # the outcome of who never gets through it
    asks: tuple[AskPlan, ...] = ()
    treated: dict[str, str] = field(default_factory=dict)  # seat -> treatment that fills it
    tick_ms: float = 1.0  # of one step and one picture, as measured when it was compiled
    recovery: Recovery = "replay"  # as found when it was compiled
    deterministic: bool = True  # the same actions gave the same observations then
    longest_ms: float = 0  # of a step, then
    found: str = ""  # a sentence for the author on what stands in the way of more
    isolation: Literal["shared", "process"] = "shared"
    observations: bool = False  # whether the data keep what seats observe
    infos: tuple[str, ...] = ()  # of the environment's info, what the data keep
    actions: dict[str, Any] = field(default_factory=dict)  # keys held, "a+b", -> action; "" = none

    def ask(self, name: str) -> AskPlan | None:
        """What people are asked under that name."""
        return next((ask for ask in self.asks if ask.name == name), None)

    def policy(self, seat: str, filled: Collection[str]) -> str | None:
        """Description of the policy that plays there; `filled` are human seats nobody came for."""
        if seat in filled and self.fill is not None:
            return self.fill.policy
        return self.policies.get(seat)

    @property
    def most_episodes(self) -> int:
        """Practice included."""
        return self.practice + self.episodes

    @property
    def grace_s(self) -> float:
        """The longest that anybody may be away while the others wait."""
        return max((hold.grace_s for hold in self.dropped.values()), default=20.0)


@dataclass(frozen=True, slots=True)
class EndPlan:
    """The ending's HTML, and code, address and page by outcome, or by "outcome:wave"."""

    html: str
    codes: dict[str, str]
    redirects: dict[str, str]
    pages: dict[str, str] = field(default_factory=dict)  # HTML instead of `html`

    def code(self, outcome: str, wave: str = "") -> str:
        """The completion code: the wave's own where there is one; "" = none."""
        return _of(self.codes, outcome, wave)

    def redirect(self, outcome: str, wave: str = "") -> str:
        """Where to go on to, as `code`."""
        return _of(self.redirects, outcome, wave)

    def page(self, outcome: str, wave: str = "") -> str:
        """What is shown, as `code`."""
        return _of(self.pages, outcome, wave) or self.html


def _of(table: dict[str, str], outcome: str, wave: str) -> str:
    return table.get(f"{outcome}:{wave}", table.get(outcome, ""))


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """One scene; exactly one of the five is there."""

    name: str
    page: PagePlan | None = None
    survey: SurveyPlan | None = None
    quiz: QuizPlan | None = None
    play: PlayPlan | None = None
    end: EndPlan | None = None

    @property
    def asked(self) -> SurveyPlan | None:
        """The questions of a survey or a quiz."""
        return self.quiz.asked if self.quiz is not None else self.survey


@dataclass(frozen=True, slots=True)
class AskedPlan:
    """A branch that an author's function decides: what counts where it does not, and its time."""

    default: bool
    limit_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the flow: one scene, or parts that come one after the other, in a drawn order,
    or of which one is taken."""

    kind: Literal["scene", "sequence", "shuffle", "choose", "branch"]
    name: str = ""  # of the scene; or of the order or branch, in the data
    parts: tuple[Step, ...] = ()  # of a branch: where `when` holds, and where it does not
    take: int = 0  # parts that are drawn
    shuffled: bool = True  # or in the declared order
    balance: Balance = "chance"
    when: Condition | None = None
    function: AskedPlan | None = None  # of a branch, instead of `when`
    within: tuple[str, ...] = ()  # treatments: balanced in each combination of their cells


@dataclass(frozen=True, slots=True)
class BonusPlan:
    """What is paid, without the function. Fields as in `igym.domain.bonus.Bonus`."""

    cap: float
    currency: str
    default: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """A treatment, and in words what its cells stand for: `igym.domain.treatments.Treatment`."""

    name: str
    per: Per
    cells: tuple[str, ...]
    wanted: int = 0
    over: int = 0
    at: str = ""
    valid: tuple[str, ...] = ("complete",)
    means: dict[str, str] = field(default_factory=dict)  # cell -> what it is, for the codebook


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """Who is let in. Fields as in `igym.domain.screening.Screen`."""

    devices: tuple[str, ...] = ()
    browsers: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    width_px: int = 0
    height_px: int = 0
    rtt_ms: float = 0
    kbps: float = 0
    check: bool = False  # whether there is a function of the author's
    limit_s: float = 2.0
    fails: Literal["closed", "open"] = "closed"
    messages: dict[str, str] = field(default_factory=dict)


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
    bound: bool = False  # has libraries of its own, so its code runs in processes of its own
    treatments: tuple[TreatmentPlan, ...] = ()
    entry: EntryPlan | None = None
    waves: tuple[Wave, ...] = ()
    repeat: Literal["resume", "refuse", "start_new"] = "resume"
    exclude_if_took: tuple[str, ...] = ()
    absent_s: float = 1800.0
    full: str = "full"
    language: Language = "en"
    flow: Step | None = None  # None = one scene after the other
    bonus: BonusPlan | None = None
    hooks: tuple[str, ...] = ()  # of its callbacks that are about people
    browser_logs: Least = "debug"  # where the deployment keeps no fewer

    @property
    def recalls(self) -> bool:
        """Whether an author's function is told answers and results of a participant."""
        return self.bonus is not None or (self.flow is not None and _asks(self.flow))

    def index(self, name: str) -> int:
        """Where the scene of that name stands. Raises `NotFound`."""
        for index, scene in enumerate(self.scenes):
            if scene.name == name:
                return index
        raise NotFound(f"{self.experiment} has no scene named {name!r}.")

    def scene(self, name: str) -> ScenePlan:
        """The scene of that name. Raises `NotFound`."""
        return self.scenes[self.index(name)]

    def binding(self, scene: str) -> str:
        """Which workers may run games of that scene; "" = the shared ones (`igym.domain.bound`)."""
        play = self.scene(scene).play
        alone = play is not None and play.isolation == "process"
        return str(Binding(self.experiment, self.package, alone)) if self.bound or alone else ""


def _asks(step: Step) -> bool:
    return step.function is not None or any(map(_asks, step.parts))
