"""One live game as its worker knows it: who holds what, who sees what, what is to be logged.

Fed by the inbox of the worker and by the tick loop, both on the same thread; the only
waiting happens in `before`, while the log is written or the game is held.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import Any

from igym import wire
from igym.domain.keymap import KeyMap
from igym.domain.outcome import GameOutcome
from igym.domain.plan import PlayPlan
from igym.engine.seats import Hands
from igym.errors import IgymError
from igym.services.connect import now_ms
from igym.settings import Settings
from igym.sim.draw import Picture
from igym.sim.host import Sim, Step
from igym.store import RedisError
from igym.store.games import Game, episode_id
from igym.store.group import GroupLog
from igym.store.post import Outbox
from igym.store.records import Row
from igym.wire import inner
from igym.wire.record import Chunk, Edge, Tick, encode_chunk

_log = logging.getLogger(__name__)


class GameOver(IgymError):
    """The game ends before its episodes do. `outcome` says how, `away` which seats left."""

    def __init__(self, outcome: GameOutcome, away: tuple[str, ...] = ()) -> None:
        super().__init__(f"The game is over: {outcome}.")
        self.outcome = outcome
        self.away = away


class Person:
    """The human in one seat: hands, connection, and signs of life."""

    def __init__(self, keymap: KeyMap, index: int, now_s: float, away_after_s: float) -> None:
        self.away_after_s = away_after_s  # whoever is silent for longer is away
        self.hands = Hands(keymap)
        self.index = index  # among the human seats, for `Frame.acks`
        self.link: tuple[str, int] | None = None  # (web worker, connection)
        self.count = 0  # last `Keys.count`
        self.seen = -1
        self.rtt_ms = -1.0
        self.heard_s = now_s
        self.away_since_s: float | None = now_s

    def present(self, now_s: float) -> bool:
        """Whether they have a connection that was heard of lately; remembers since when not."""
        here = self.link is not None and now_s - self.heard_s < self.away_after_s
        if here:
            self.away_since_s = None
        elif self.away_since_s is None:
            self.away_since_s = now_s
            self.hands.let_go()
        self.hands.present = here
        return here

    def away_s(self, now_s: float) -> float:
        """For how long they have been away; 0 while here."""
        return 0.0 if self.present(now_s) else now_s - (self.away_since_s or now_s)


class Stage:
    """The game's people, picture and log. Implements `igym.engine.runner.Stage`."""

    def __init__(
        self,
        settings: Settings,
        log: GroupLog,
        outbox: Outbox,
        worker: str,
        game: Game,
        play: PlayPlan,
        keymap: KeyMap,
        sim: Sim,
    ) -> None:
        now_s = time.monotonic()
        self.game = game
        self.play = play
        self.people = {
            seat: Person(keymap, index, now_s, settings.away_after_s)
            for index, seat in enumerate(play.humans)
        }
        self._log = log
        self._outbox = outbox
        self._worker = worker
        self._sim = sim
        self._keys = play.keys
        self._picture = Picture(play.marks.values())
        self._tick = -1  # of the last frame; -1 = none yet
        self._steps = 0  # taken in this episode
        self._hud: str | None = None
        self._episode = 0
        self.scores = dict.fromkeys(play.seats, 0.0)
        self._told = self._episode_message("waiting", 0, "")
        self._ticks: list[Tick] = []
        self._edges: list[Edge] = []
        self._due: list[tuple[str, inner.Input]] = []  # edges not yet acted on
        self._flush_ticks = max(1, int(settings.log_flush_ms / 1000 * play.fps))

    # --- from the inbox ------------------------------------------------------------------------

    def attach(self, said: inner.Attach) -> None:
        """A seat has a (new) connection: tell it who owns the game and show it everything."""
        person = self.people.get(said.seat)
        if person is None:
            return
        person.link = (said.web, said.conn)
        person.heard_s = time.monotonic()
        person.count = 0
        owned = inner.Owned(said.conn, self.game.id, said.seat, self._worker, self.game.generation)
        self._outbox.put(said.web, owned)
        self._outbox.put(
            said.web, inner.Deliver([said.conn], inner.CONTROL, wire.packet(self._told))
        )
        self._keyframe(said.web, said.conn)

    def detach(self, said: inner.Detach) -> None:
        """That connection is gone; a newer one of the seat stays."""
        person = self.people.get(said.seat)
        if person is not None and person.link == (said.web, said.conn):
            person.link = None

    def want_keyframe(self, said: inner.WantKeyframe) -> None:
        """A connection missed frames."""
        person = self.people.get(said.seat)
        if person is not None and person.link == (said.web, said.conn):
            self._keyframe(said.web, said.conn)

    def alive(self, said: inner.Alive) -> None:
        """A seat's browser answers, though it sends no keys."""
        person = self.people.get(said.seat)
        if person is not None and person.link == (said.web, said.conn):
            person.heard_s = time.monotonic()

    def hear(self, said: inner.Input) -> None:
        """Somebody's keys. Whoever sends them was identified by the web worker."""
        person = self.people.get(said.seat)
        if person is None or person.link is None:
            return
        keys = said.keys
        person.heard_s = time.monotonic()
        if keys.count <= person.count:
            return
        person.count = keys.count
        person.seen = keys.seen
        person.rtt_ms = said.rtt_ms
        pressed = 0
        for index, down, _ in keys.edges:
            if down:
                pressed |= 1 << index
        person.hands.hold(keys.held, pressed)
        if keys.edges:
            self._due.append((said.seat, said))

    # --- to the browsers -----------------------------------------------------------------------

    def _episode_message(
        self, stage: wire.EpisodeStage, starts_ms: float, text: str
    ) -> wire.Episode:
        return wire.Episode(
            game=self.game.id,
            generation=self.game.generation,
            episode=self._episode,
            episodes=self.play.episodes,
            stage=stage,
            starts_ms=starts_ms,
            text=text,
            away=[],
            scores=dict(self.scores),
        )

    def _links(self) -> dict[str, list[int]]:
        links: dict[str, list[int]] = defaultdict(list)
        for person in self.people.values():
            if person.link is not None:
                links[person.link[0]].append(person.link[1])
        return links

    def tell(self, stage: wire.EpisodeStage, *, starts_ms: float = 0, text: str = "") -> None:
        """Say where the game stands, to everybody and to whoever connects later."""
        self._told = self._episode_message(stage, starts_ms, text)
        packet = wire.packet(self._told)
        for web, conns in self._links().items():
            self._outbox.put(web, inner.Deliver(conns, inner.CONTROL, packet))

    def _frame(self, base: int, objects: list[Any], gone: list[int], hud: str | None) -> bytes:
        return wire.packet(
            wire.Frame(
                game=self.game.id,
                generation=self.game.generation,
                episode=self._episode,
                tick=self._tick,
                at_ms=int(now_ms()) & 0xFFFF_FFFF,
                base=base,
                acks=[person.count for person in self.people.values()],
                objects=objects,
                gone=gone,
                hud=hud,
            )
        )

    def _keyframe(self, web: str, conn: int) -> None:
        if self._tick >= 0:
            packet = self._frame(-1, self._picture.whole(), [], self._hud or "")
            self._outbox.put(web, inner.Deliver([conn], inner.KEYFRAME, packet))

    # --- from the tick loop ----------------------------------------------------------------------

    def begin(self, episode: int) -> None:
        """The environment was reset for this episode: show it."""
        self._episode = episode
        self._picture = Picture(self.play.marks.values())
        self._tick = -1
        self._steps = 0
        self._hud = None
        self.show(0)

    def show(self, tick: int) -> None:
        """Send everybody what changed. The first picture of an episode is a keyframe."""
        objects, gone = self._picture.change(self._sim.draw())
        hud = self._sim.hud()
        base, self._tick = self._tick, tick
        told_hud = hud if hud != self._hud else None
        self._hud = hud
        packet = self._frame(base, objects, gone, told_hud)
        what = inner.FRAME if base >= 0 else inner.KEYFRAME
        for web, conns in self._links().items():
            self._outbox.put(web, inner.Deliver(conns, what, packet))

    def everybody(self) -> bool:
        """Whether every person is here."""
        now_s = time.monotonic()
        here = [person.present(now_s) for person in self.people.values()]  # each one remembers
        return all(here)

    def check_away(self) -> None:
        """End the game if somebody has been away for longer than the scene's grace.

        Raises:
            GameOver: with the seats that are away.
        """
        now_s = time.monotonic()
        away = {seat: person.away_s(now_s) for seat, person in self.people.items()}
        if any(away_s > self.play.grace_s for away_s in away.values()):
            gone = tuple(seat for seat, away_s in away.items() if away_s > 0)
            raise GameOver(GameOutcome.ABANDONED, gone)

    def before(self, tick: int) -> bool:
        """Write the log when it is time; hold while Redis or one of the people is away."""
        held = len(self._ticks) >= self._flush_ticks and self.flush()
        return self._hold() or held

    def _hold(self) -> bool:
        """Stand still while somebody is away. Returns whether anybody was.

        Raises:
            GameOver: they stayed away for longer than the scene's grace.
        """
        if self.everybody():
            return False
        self.flush()
        self.tell("held", starts_ms=now_ms() + self.play.grace_s * 1000)
        while not self.everybody():
            self.check_away()
            time.sleep(0.02)
        self.tell("playing")
        return True

    def record(
        self, tick: int, actions: list[Any], actors: list[str], step: Step, late_s: float
    ) -> None:
        """Keep the tick for the next flush."""
        people = self.people
        self._steps = tick + 1
        self._ticks.append(
            Tick(
                tick=tick,
                wall_ms=round(now_ms(), 3),
                mono_us=int(time.monotonic() * 1e6),
                late_us=int(late_s * 1e6),
                actions=actions,
                actors=actors,
                rewards=list(step.rewards),
                terminated=step.terminated,
                truncated=step.truncated,
                seen=[people[s].seen if s in people else -1 for s in self.play.seats],
                rtt_ms=[people[s].rtt_ms if s in people else -1 for s in self.play.seats],
            )
        )
        for seat, reward in zip(self.play.seats, step.rewards, strict=True):
            self.scores[seat] += reward
        if self._due:
            due, self._due = self._due, []
            for seat, said in due:
                for index, down, browser_ms in said.keys.edges:
                    self._edges.append(
                        Edge(
                            seat,
                            said.keys.count,
                            self._keys[index],
                            down,
                            browser_ms,
                            said.received_ms,
                            said.keys.seen,
                            tick,
                        )
                    )

    def flush(self, rows: list[Row] | None = None, *, close: bool = False) -> bool:
        """Write what is waiting, in the name of this generation.

        Holds the game while Redis is away: nothing of what people did is thrown away, and
        nothing more happens that could not be written.

        Returns:
            Whether it had to wait for Redis.

        Raises:
            LeaseLost: somebody else owns the game now.
            GameOver: Redis stayed away for longer than the scene's grace.
        """
        ticks, self._ticks = self._ticks, []
        edges, self._edges = self._edges, []
        chunk = encode_chunk(Chunk(self.game.generation, ticks, edges)) if ticks or edges else b""
        episode = episode_id(self.game.id, self._episode)
        since_s = time.monotonic()
        held = False
        while True:
            try:
                self._log.append(
                    self.game,
                    episode,
                    chunk,
                    rows or (),
                    logged=self._steps,
                    close=close,
                    now_ms=now_ms(),
                )
                return held
            except RedisError as error:
                if not held:
                    _log.warning(
                        "game %s holds, Redis is away: %s",
                        self.game.id,
                        error,
                        extra={"game": self.game.id},
                    )
                held = True
                for person in self.people.values():
                    person.heard_s = time.monotonic()  # nobody can be heard: nobody is away
                if time.monotonic() - since_s > max(60.0, self.play.grace_s):
                    raise GameOver(GameOutcome.LOST) from error
                time.sleep(0.1)
