"""What admins ask for of one live game, carried out by its worker between two ticks.

Everything here may run twice: a worker that dies in the middle leaves the command to the next one,
and what stands already is done.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from igym.domain.commands import Command, Event, What
from igym.domain.dropout import Change, Seated
from igym.domain.outcome import GameOutcome
from igym.services.connect import now_ms
from igym.services.games.people import GameOver
from igym.store import Redis, RedisError
from igym.store import commands as store

if TYPE_CHECKING:
    from igym.services.games.stage import Stage

_log = logging.getLogger(__name__)

#: A game that nobody lets go on goes on by itself after so long: its people wait at their screens.
PAUSE_S = 1800.0

#: A game that stands still writes nothing: so often it finds out whether it is still its worker's.
STILL_OURS_S = 1.0


class Steering:
    """The commands of one game.

    Attributes:
        asked: whether to look for some; at first, for those that came before this worker.
        paused_ms: since when the game stands still by an admin's word; 0 = it does not.
    """

    def __init__(self, redis: Redis, stage: Stage) -> None:
        self._redis = redis
        self._stage = stage
        self.asked = True
        self.paused_ms = stage.game.paused_ms
        self._paused_by = stage.game.paused_by

    @property
    def busy(self) -> bool:
        """Whether there is something to carry out, or the game is paused."""
        return self.asked or self.paused_ms > 0

    def attend(self) -> None:
        """Carry out what waits.

        Raises:
            GameOver: the game is to end.
        """
        if not self.asked:
            return
        game = self._stage.game
        try:
            self.asked = False
            for command in store.due(self._redis, game.experiment, game.id):
                self._obey(command)
        except RedisError as error:
            self.asked = True
            _log.warning("game %s has not read what it is asked: %s", game.id, error)

    def _obey(self, command: Command) -> None:
        store.move(self._redis, command, Event.TAKEN, now_ms())
        if command.what is What.END:  # its end is told when the game has ended
            raise GameOver(GameOutcome.ENDED_BY_RESEARCHER)
        if now_ms() > command.until_ms:
            return  # the director says that it came too late
        stage = self._stage
        if command.what is What.PAUSE:
            why, event = self._pause(command.by), Event.DID
        elif command.what is What.RESUME:
            why, event = self._resume(), Event.DID
        elif command.what is What.BENCH:
            event, why = self._bench(command)
        else:
            event, why = self._seat(command)
        stage.journal.flush()  # what was done is in the game's record before it is told
        store.move(self._redis, command, event, now_ms(), why, unlogged=True)

    # --- standing still --------------------------------------------------------------------------

    def _pause(self, by: str) -> str:
        if self.paused_ms:
            return f"It was paused before, by {self._paused_by}."
        self._set(now_ms(), by)
        self._stage.event("", "paused", by)
        return ""

    def _resume(self) -> str:
        if not self.paused_ms:
            return "It was not paused."
        self._set(0.0, "")
        self._stage.event("", "resumed", "")
        return ""

    def _set(self, paused_ms: float, by: str) -> None:
        self.paused_ms, self._paused_by = paused_ms, by
        self._stage.journal.note(paused_ms=paused_ms, paused_by=by)

    def hold(self, pause_s: float) -> None:
        """Stand still until an admin lets the game go on, or nobody is left. Looks so often.

        Raises:
            LeaseLost: another worker has the game now, and stands still with it.
        """
        stage = self._stage
        stage.journal.flush()
        until_ms = self.paused_ms + PAUSE_S * 1000
        stage.tell("paused", starts_ms=until_ms)
        flushed_s = time.monotonic()
        while self.paused_ms:
            self.attend()
            if time.monotonic() - flushed_s > STILL_OURS_S:
                stage.journal.flush()
                flushed_s = time.monotonic()
            if now_ms() > until_ms and self.paused_ms:
                self._resume()
            if all(one.leaves or one.stands is Seated.GONE for one in stage.people.values()):
                break
            time.sleep(pause_s)
        now_s = time.monotonic()
        for person in stage.people.values():
            person.attendance.again(now_s)

    # --- seats -----------------------------------------------------------------------------------

    def _bench(self, command: Command) -> tuple[Event, str]:
        stage, seat = self._stage, command.seat
        person = stage.people.get(seat)
        if person is None or person.stands is Seated.GONE or person.leaves:
            return Event.COULD_NOT, "Whoever sat there has left for good."
        if person.benched:
            return Event.DID, f"A policy plays there already, by the word of {person.benched}."
        person.benched = command.by
        if person.attendance.bench():
            stage.heed(seat, person, Change.REPLACED)
        else:  # nothing, or another rule's stand-in, sat there for who is away
            stage.replace(seat, person)
        self._changed()
        return Event.DID, ""

    def _seat(self, command: Command) -> tuple[Event, str]:
        person = self._stage.people.get(command.seat)
        if person is None or person.stands is Seated.GONE or person.leaves:
            return Event.COULD_NOT, "Whoever sat there has left for good."
        if not person.benched:
            return Event.DID, "It was theirs already."
        person.benched = ""
        self._changed()  # whoever is there is in their seat at the next look
        return Event.DID, ""

    def _changed(self) -> None:
        stage = self._stage
        stage.changed = True
        benched = {seat: one.benched for seat, one in stage.people.items() if one.benched}
        stage.journal.note(benched=benched)
