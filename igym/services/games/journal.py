"""What a live game writes: ticks and key edges to its log, in the name of its generation.

What is in the log has happened, everything else has not: who takes the game over goes on from
the last tick that was flushed.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from igym.domain.outcome import GameOutcome
from igym.domain.plan import PlayPlan
from igym.engine.kept import Kept
from igym.engine.seats import Decider
from igym.services.connect import now_ms
from igym.services.games.people import GameOver, Person
from igym.services.games.snapshots import Snapshots
from igym.settings import Settings
from igym.sim.host import Sim, Step
from igym.store import RedisError
from igym.store.games import Flush, Game, episode_id
from igym.store.group import GroupLog, Pending
from igym.store.records import Row
from igym.wire import GRID, inner
from igym.wire.record import Chunk, Edge, Tick, encode_chunk

_log = logging.getLogger(__name__)

#: A deterministic game is not saved more often than this, s …
SAVE_S = 2.0

#: … nor before it would take so long to replay what was played since, s; but at least this often.
REPLAY_S, SAVED_S = 0.2, 30.0

#: The least that a game waits for Redis before it is given up.
PATIENCE_S = 60.0


#: What the devices of `Keys.moves` are called in the data.
DEVICES = ("pointer", "left stick", "right stick")


def _moves(seat: str, said: inner.Input, tick: int) -> Iterator[Edge]:
    """Where pointer and sticks were; `tick` is the first step that could act on it."""
    keys = said.keys
    for device, x, y, down, browser_ms in keys.moves:
        name, at = DEVICES[device], (x / GRID, y / GRID)
        yield Edge(seat, keys.count, name, down, browser_ms, said.received_ms, keys.seen, tick, *at)


@dataclass
class _Writing:
    """A flush on its way."""

    pending: Pending
    ticks: int  # in it


class Journal:
    """The log of one live game."""

    def __init__(
        self,
        settings: Settings,
        log: GroupLog,
        game: Game,
        play: PlayPlan,
        sim: Sim,
        snapshots: Snapshots | None,
        held: Callable[[], None],
    ) -> None:
        """`held` is called again and again while Redis is away."""
        self._log = log
        self._game = game
        self._play = play
        self._sim = sim
        self._snapshots = snapshots
        self._held = held
        self._deciders: Sequence[Decider] = ()
        self.episode = game.done
        self.attempt = game.attempt
        self.steps = 0  # taken in this episode
        self.played = game.played  # ticks of the episodes before
        self.scores = dict.fromkeys(play.seats, 0.0) | game.scores
        self.earned = dict.fromkeys(play.seats, 0.0)  # in this episode
        self.practice = False
        self._at: list[Person | None] | None = None  # people by seat, once a tick was played
        self._ticks: list[Tick] = []
        self._edges: list[Edge] = []
        self._fields: dict[str, Any] = {}
        self._rows: list[Row] = []
        self._kept = Kept(sim, play.observations, play.infos)
        self._due: list[tuple[str, inner.Input]] = []  # edges not yet acted on
        # So many ticks may be played that are not in the log, and one less is a flush.
        self._most = max(1, int(settings.log_flush_ms / 1000 * play.fps))
        self._full = max(1, self._most - 1)
        self._writing: _Writing | None = None  # one at a time, so that they stay in order
        # Ticks between two snapshots: saving costs a cheap environment more than its steps do.
        replay_s = REPLAY_S * 1000 / play.tick_ms / play.fps if play.tick_ms > 0 else SAVE_S
        self._save_ticks = int(min(max(SAVE_S, replay_s), SAVED_S) * play.fps)
        # Games that began together are not all saved in the same second.
        self._phase = game.seed % self._save_ticks if play.deterministic else 0
        self._saved = 0  # step of this episode at which it was last saved

    @property
    def id(self) -> str:
        """Of the episode."""
        return episode_id(self._game.id, self.episode, self.attempt)

    @property
    def where(self) -> str:
        """Episode and tick, for people."""
        return f"episode {self.episode}, tick {self.steps}"

    def enter(self, episode: int, practice: bool) -> None:
        """This episode is the next one."""
        if episode != self.episode:
            self.episode, self.attempt = episode, 0
        self.practice = practice
        self.steps = 0
        self.earned = dict.fromkeys(self._play.seats, 0.0)

    def begin(self, deciders: Sequence[Decider], steps: int = 0) -> None:
        """It is on, `steps` of it are already in the log."""
        self._deciders = deciders
        self.steps, self._saved = steps, steps - self._phase
        if not steps:
            self._kept.note(0)

    def note(self, **fields: Any) -> None:
        """Fields of the game that change with the next flush."""
        self._fields |= fields

    def add(self, row: Row) -> None:
        """A row of another table, with the next flush."""
        self._rows.append(row)

    def pressed(self, said: inner.Input) -> None:
        """Key edges and moves for the next tick."""
        self._due.append((said.seat, said))

    def record(
        self,
        tick: int,
        actions: list[Any],
        actors: list[str],
        step: Step,
        late_s: float,
        people: dict[str, Person],
    ) -> None:
        """Keep the tick for the next flush."""
        rewards, terminated, truncated, ends = step
        self.steps = tick + 1
        self._kept.note(tick + 1)
        if self._at is None:
            self._at = [people.get(seat) for seat in self._play.seats]
        at = self._at
        self._ticks.append(
            Tick(
                tick,
                round(now_ms(), 3),
                int(time.monotonic() * 1e6),
                int(late_s * 1e6),
                actions,
                actors,
                list(rewards),
                terminated,
                truncated,
                [-1 if one is None else one.seen for one in at],
                [-1 if one is None else one.rtt_ms for one in at],
                list(ends),
            )
        )
        earned = self.earned
        for seat, reward in zip(self._play.seats, rewards, strict=True):
            if reward and math.isfinite(reward):  # as `igym.domain.rewards.summed`
                earned[seat] += reward
        if self._due:
            due, self._due = self._due, []
            self._edges += [
                Edge(
                    seat,
                    said.keys.count,
                    self._play.keys[index],
                    down,
                    browser_ms,
                    said.received_ms,
                    said.keys.seen,
                    tick,
                )
                for seat, said in due
                for index, down, browser_ms in said.keys.edges
            ]
            self._edges += [move for seat, said in due for move in _moves(seat, said, tick)]

    def keep_up(self) -> bool:
        """Before each tick: begin to write when it is time, and see what became of it.

        Waits where otherwise a crash would cost more than it may, and not for each answer: where
        games keep the loop busy that comes after the ticks of all of them.

        Returns:
            Whether it had to wait for Redis to come back.

        Raises:
            LeaseLost, GameOver: as `flush`.
        """
        held = False
        if self._writing is not None and self._writing.pending.over:
            held = self._settle(self._writing)
        if self._writing is None and len(self._ticks) >= self._full:
            self._writing = self._write()
        if self._writing is not None and self._writing.ticks + len(self._ticks) >= self._most:
            held = self._settle(self._writing) or held
        return held

    def flush(self, rows: Sequence[Row] = (), *, close: bool = False) -> bool:
        """Write what is waiting, in the name of this generation.

        Holds the game while Redis is away: nothing of what people did is thrown away, and
        nothing more happens that could not be written.

        Returns:
            Whether it had to wait for Redis to come back.

        Raises:
            LeaseLost: somebody else owns the game now.
            GameOver: Redis stayed away for longer than anybody's grace.
        """
        held = False
        while self._writing is not None:  # and not once: this may be a second greenlet
            held = self._settle(self._writing) or held
        self._writing = self._write(rows, close=close)
        return self._settle(self._writing) or held

    def _write(self, rows: Sequence[Row] = (), *, close: bool = False) -> _Writing:
        """Begin to write what is waiting."""
        if self._ticks:  # what admins see of a game that is on
            late_us = max(tick.late_us for tick in self._ticks)
            self.note(late_ms=round(late_us / 1000, 1), earned=dict(self.earned))
        ticks = len(self._ticks)
        chunk = self._chunk()
        fields, self._fields = self._fields, {}
        waiting, self._rows = self._rows, []
        flush = Flush(
            self._game, self.id, chunk, self.steps, now_ms(), [*rows, *waiting], close, fields
        )
        return _Writing(self._log.begin(flush), ticks)

    def _settle(self, writing: _Writing) -> bool:
        """Wait until it is written, saying it again while Redis is away. As `flush`."""
        since_s, held = time.monotonic(), False
        try:
            while True:
                try:
                    writing.pending.wait()
                    return held
                except RedisError as error:
                    if not held:
                        _log.warning(
                            "game %s holds, Redis is away: %s",
                            self._game.id,
                            error,
                            extra={"game": self._game.id},
                        )
                    held = True
                    self._held()
                    if time.monotonic() - since_s > max(PATIENCE_S, self._play.grace_s):
                        raise GameOver(GameOutcome.LOST) from error
                    time.sleep(0.1)
                    again = writing.pending.flush._replace(now_ms=now_ms())
                    writing.pending = self._log.begin(again)
        finally:
            if self._writing is writing:
                self._writing = None

    def _chunk(self) -> bytes:
        ticks, self._ticks = self._ticks, []
        edges, self._edges = self._edges, []
        if not ticks and not edges:
            return b""
        thoughts = []
        for index, decider in enumerate(self._deciders):
            if decider.thoughts:
                thoughts += [(index, tick) for tick in decider.thoughts]
                decider.thoughts.clear()
        if ticks:
            self._save()
        return encode_chunk(
            Chunk(
                self._game.generation,
                ticks,
                edges,
                self._sim.digest() if ticks else "",
                [decider.decisions for decider in self._deciders],
                thoughts,
                self._kept.take() if ticks else [],
                self.practice,
            )
        )

    def _save(self) -> None:
        """Save the state before the log says that it was reached."""
        soon = self._play.deterministic and self.steps - self._saved < self._save_ticks
        if self._snapshots is None or soon:
            return
        self._saved = self.steps
        try:
            self._snapshots.save(self.id, self.steps, self._sim, self._deciders)
        except Exception as error:  # noqa: BLE001 - the environment's own code, or a full disk
            _log.warning("no snapshot of game %s: %s", self._game.id, error)
