"""What a screen shows: the views of a `State`, one for each kind of screen. Names no message."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

Json: TypeAlias = Any
#: Where a game stands: "waiting" for players to be there, "held" for one who is away, "paused" by
#: who runs the study.
EpisodeStage: TypeAlias = Literal[
    "waiting", "countdown", "playing", "asking", "between", "held", "paused", "over"
]


class PageView(msgspec.Struct, frozen=True, tag="page"):
    """A page to read. `html` was sanitised when the package was compiled."""

    html: str
    button: str
    note: str = ""  # why it is shown again, above it


class DecidingView(msgspec.Struct, frozen=True, tag="deciding"):
    """What comes next is being decided. The next state follows in a moment."""


class SurveyView(msgspec.Struct, frozen=True, tag="survey"):
    """A form. `form` is SurveyJS JSON."""

    form: dict[str, Json]


class QuizView(msgspec.Struct, frozen=True, tag="quiz"):
    """A form whose answers are judged by the server. What is right is not in here."""

    form: dict[str, Json]
    attempt: int  # from 1; above, the last one was not right
    attempts: int
    wrong: list[str]  # items that were wrong in the last attempt, where that is told
    explain: dict[str, str]  # item of `wrong` -> the author's sentence


class ScreeningView(msgspec.Struct, frozen=True, tag="screening"):
    """Device and connection are looked at. Answer with `Screened`."""

    probes: int  # round trips to measure
    bytes: int  # to download from /api/probe for the bandwidth; 0 = do not


class LobbyView(msgspec.Struct, frozen=True, tag="lobby"):
    """Waiting for others."""

    title: str
    wanted: int  # people in a group
    waiting: int  # people here now, this one included; 0 where nothing is shown
    position: int  # place in the queue, from 1; 0 where it is not shown
    shows: Literal["count", "position", "nothing"]  # which of these to show
    since_ms: float
    until_ms: float  # when waiting ends without a partner
    assets: list[str] = []  # images and atlases of the game, to load while waiting
    assets_at: str = ""  # address that ends with /


class ChoiceOption(msgspec.Struct, frozen=True):
    """One way to go on."""

    name: Literal["again", "bot", "finish"]  # wait on, play with a policy, go to the ending


class ChoiceView(msgspec.Struct, frozen=True, tag="choice"):
    """Nobody came. Answer with `Choose`."""

    title: str  # of the game
    options: list[ChoiceOption]
    waited_ms: float
    until_ms: float  # when "finish" is taken for them


class ChatLine(msgspec.Struct, frozen=True):
    """What somebody wrote."""

    line: int  # from 1 within the game
    seat: str
    text: str
    at_ms: float


class ChatView(msgspec.Struct, frozen=True):
    """The chat of a game as far as it got: the last lines."""

    lines: list[ChatLine]
    said: int  # the highest `Say.count` the server has of this participant in this game
    most_chars: int  # of one line


class AskView(msgspec.Struct, frozen=True):
    """What this participant is asked between the episodes of a game."""

    name: str
    form: dict[str, Json]  # SurveyJS JSON
    answered: list[int]  # the episodes for which the server has their answers


class TouchKey(msgspec.Struct, frozen=True):
    """One on-screen button: holding it holds `keys`."""

    label: str
    keys: list[int]  # indices into GameView.keys
    side: Literal["left", "right"]  # which thumb


class PadButton(msgspec.Struct, frozen=True):
    """One button of a gamepad: holding it holds `keys`."""

    button: int  # of the standard gamepad; 17 to 20 are the left stick up, down, left, right
    keys: list[int]  # indices into GameView.keys


class GameView(msgspec.Struct, frozen=True, tag="game"):
    """A game. Answer with `Ready` once it can be painted."""

    game: str
    title: str
    help: str  # one line: how to play
    keys: list[str]  # KeyboardEvent.key values; the bit order of `Keys.held`
    touch: list[TouchKey]
    aspect: float  # stage width / height
    background: str  # CSS colour of the stage
    fps: float  # ticks a second
    episodes: int  # the most there can be, practice included
    seat: str  # the participant's seat
    seats: dict[str, str]  # seat -> label to show
    marks: dict[str, str]  # seat -> id of the drawn object that is "you" for that seat
    chat: ChatView | None = None  # None = there is none in this game
    pointer: bool = False  # whether it matters where the pointer is
    buttons: list[PadButton] = []
    sticks: bool = False  # whether it matters where the sticks of a gamepad are
    asks: list[AskView] = []
    assets: list[str] = []  # images and atlases to load before the game, below `assets_at`
    assets_at: str = ""  # address that ends with /


class EndView(msgspec.Struct, frozen=True, tag="end"):
    """It is over. `code` is the completion code for this outcome, "" where there is none."""

    html: str
    outcome: str
    code: str
    redirect: str  # "" or the address to go on to
    reason: str  # a sentence on why it ended here, "" where the page says it all


View: TypeAlias = (
    ScreeningView
    | PageView
    | SurveyView
    | QuizView
    | DecidingView
    | LobbyView
    | ChoiceView
    | GameView
    | EndView
)
