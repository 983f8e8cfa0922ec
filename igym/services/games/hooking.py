"""Calling an author's callbacks in a live game, whatever they do.

A hook that raises or is slow is told once and never ends the game. What hooks record goes into
the journal, and with it into the same flush as what happened: a takeover neither loses nor
repeats it. Without callbacks nothing here is called.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from igym.domain import callbacks
from igym.domain.callbacks import Callback, Moment
from igym.services.connect import now_ms
from igym.store.games import Game
from igym.store.records import Row, event_row

_log = logging.getLogger(__name__)

#: A hook that was over its budget so often in a game is left out from then on.
MOST_SLOW = 30

#: What a hook of an episode or a game may take before it is told, ms.
SELDOM_MS = 500.0

#: The most characters a recorded value may have, as JSON.
MOST_CHARS = 10_000

Report = Callable[[str, str, str], None]  # message, where, trace


class Hooks:
    """The callbacks of one game."""

    def __init__(
        self,
        given: Sequence[Any],
        game: Game,
        env: Any,
        add: Callable[[Row], None],
        report: Report,
        say: Callable[[str, str], Sequence[str]],
        enter: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Args:
            add: takes rows for the next flush.
            say: shows a text to a seat, "" = to all.
            enter: called before a hook is.
        """
        self._enter = enter
        self._game = game
        self._show = say
        self._add = add
        self._report = report
        self.at = Moment(game.scene, game.id, dict(game.seats), env, self._record, self._speak)
        self._called: dict[str, list[Callback]] = defaultdict(list)
        self._slow: dict[tuple[Callback, str], int] = defaultdict(int)
        self._told: set[tuple[str, str]] = set()
        try:
            made = callbacks.instances(given)
        except Exception as error:  # noqa: BLE001 - the author's code
            self._tell("the constructor of a callback", error)
            made = []
        self.changes_env = callbacks.changes_env(made)
        for one in made:
            for hook in callbacks.hooks(one):
                self._called[hook].append(one)

    def into(self, add: Callable[[Row], None]) -> None:
        """From now on rows go there."""
        self._add = add

    def has(self, hook: str) -> bool:
        """Whether anybody wants that hook called."""
        return bool(self._called.get(hook))

    def call(self, hook: str) -> None:
        """Call that hook of every callback, in the order in which they were given."""
        for one in list(self._called.get(hook, ())):
            began_s = time.perf_counter()
            self._enter()
            try:
                getattr(one, hook)(self.at)
            except Exception as error:  # noqa: BLE001 - the author's code raises what it likes
                self._tell(f"{type(one).__name__}.{hook}", error)
            self._budget(one, hook, (time.perf_counter() - began_s) * 1000)

    def _budget(self, one: Callback, hook: str, took_ms: float) -> None:
        name = f"{type(one).__name__}.{hook}"
        if hook not in callbacks.OFTEN:
            if took_ms > SELDOM_MS:
                self._say("slow", f"{name} took {took_ms:.0f} ms, while all games wait", "")
            return
        if took_ms <= one.budget_ms:
            return
        self._slow[one, hook] += 1
        if self._slow[one, hook] == MOST_SLOW:
            self._called[hook] = [other for other in self._called[hook] if other is not one]
            self._say(
                "slow",
                f"{name} took longer than {one.budget_ms:g} ms {MOST_SLOW} times and is not called "
                "any more in this game",
                "",
            )

    @property
    def _where(self) -> str:
        people = ", ".join(self._game.seats.values())
        at = self.at
        return f"scene {at.scene}, episode {at.episode}, tick {at.tick}, participants {people}"

    def _tell(self, what: str, error: Exception) -> None:
        self._say(what, f"{what}: {type(error).__name__}: {error}", traceback.format_exc())

    def _say(self, what: str, message: str, trace: str) -> None:
        if (what, message) in self._told or len(self._told) > 50:
            return
        self._told.add((what, message))
        self._report(message, self._where, trace)

    def _record(self, name: str, value: Any) -> None:
        at = self.at
        said = {"name": str(name), "episode": at.episode, "tick": at.tick, "value": value}
        detail = json.dumps(said, default=_plain)
        if len(detail) > MOST_CHARS:
            raise ValueError(f"record({name!r}, …): more than {MOST_CHARS} characters")
        self._add(event_row(now_ms(), "recorded", game=at.game, detail=detail))

    def _speak(self, text: str, seat: str) -> None:
        for one in self._show(text, seat):
            detail = json.dumps({"seat": one, "text": text, "episode": self.at.episode})
            who = self._game.seats[one]
            self._add(event_row(now_ms(), "said", session=who, game=self._game.id, detail=detail))


def _plain(value: Any) -> Any:
    """numpy's numbers and arrays as JSON has them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not something JSON can hold")
