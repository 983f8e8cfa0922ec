"""A game asks an author's function about its episodes, and plays on whatever that does.

What is declared (`scored`, `won`, `staircase`) is worked out here; a function of the author's
is called where it can be killed (`igym.services.functions.asking`), so that no other game waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from igym.domain.rounds import Result, packed
from igym.errors import TooMuch
from igym.services.connect import Deployment
from igym.services.functions import asking
from igym.services.functions.asking import Answer
from igym.store import RedisError
from igym.store.games import Game

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Insist(Protocol):
    """Does something, however long Redis is away."""

    def __call__(self, act: Callable[[], T], /) -> T: ...


#: How long a function of results may take; loading the package is not counted.
LIMIT_S = 2.0

#: How often its answer is looked for.
LOOK_S = 0.05

#: How often a question that nobody answered is asked.
TRIES = 2


@dataclass(frozen=True)
class Consultant:
    """Asks the functions of one game's package."""

    deployment: Deployment
    game: Game
    insist: Insist
    pause: Callable[[float], None]  # lets others run

    def warm(self) -> None:
        """Have the package loaded where it is going to be asked, and do not wait for that."""
        game = self.game
        with suppress(RedisError):
            asking.ask(self.deployment, game.experiment, game.package, "ready", [], LIMIT_S)

    def ask(self, what: str, results: Sequence[Result]) -> Answer:
        """What the function says, or an error: never raises, never waits for ever."""
        game = self.game
        arguments: list[Any] = [[packed(result) for result in results]]
        said = Answer(error="it was not asked")
        for _ in range(TRIES):
            try:
                question = self.insist(
                    lambda: asking.ask(
                        self.deployment, game.experiment, game.package, what, arguments, LIMIT_S
                    )
                )
            except TooMuch as error:
                return Answer(error=str(error))
            said = self._answer(question)
            if not said.lost:
                break
        if said.error:
            _log.warning("game %s: %s: %s", game.id, what, said.error, extra={"game": game.id})
        return said

    def _answer(self, question: str) -> Answer:
        while True:
            found = self.insist(
                lambda: asking.answer(self.deployment, self.game.experiment, question)
            )
            if found is not None:
                return found
            self.pause(LOOK_S)
