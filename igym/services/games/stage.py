"""One live game as its worker knows it: who holds what, who sees what, and who is missed.

Fed by the inbox of the worker and by the tick loop, both on the same thread; the only
waiting happens in `before`, while the log is written or the game is held.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from igym import log, wire
from igym.domain.controls import Controls
from igym.domain.dropout import Change, Seated
from igym.domain.outcome import GameOutcome, Outcome
from igym.domain.plan import PlayPlan
from igym.domain.rounds import Round
from igym.domain.watch import Kind, Word
from igym.engine.seats import Background, Chair, Decider
from igym.services.connect import now_ms
from igym.services.games.audience import Audience
from igym.services.games.hooking import Hooks
from igym.services.games.journal import Journal
from igym.services.games.people import GameOver, Person, awaited, steady
from igym.services.games.snapshots import Snapshots
from igym.services.games.steering import Steering
from igym.services.games.telling import Telling
from igym.services.games.views import Told, View, Views
from igym.settings import Settings
from igym.sim.host import Sim, Step
from igym.store.games import Game
from igym.store.group import GroupLog
from igym.store.post import Outbox
from igym.store.records import Row, event_row
from igym.wire import inner

_log = logging.getLogger(__name__)

#: How often people's connection and attention are looked at.
WATCH_S = 0.25

#: How often a game that stands still looks again.
LOOK_S = 0.02


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
        controls: Controls,
        sim: Sim,
        snapshots: Snapshots | None,
        absent_s: float,
        dismiss: Callable[[str, str], None],
        caution: Callable[[str, Kind, bool, float], None],
        background: Background,
        first: Round | None = None,
    ) -> None:
        """
        Args:
            absent_s: the longest that a scene which waits for somebody waits.
            dismiss: dismiss(seat, outcome) ends the session of who is not coming back.
            caution: caution(seat, kind, on, until_ms) warns a person about a limit, or says
                that it is respected again.
            background: where pictures are encoded that take long.
            first: the episode that is played first, here; the game's next one if None.
        """
        now_s = time.monotonic()
        self.game = game
        self.play = play
        self.people = {
            seat: Person(
                controls, play.dropped[seat], play.limits, absent_s, settings.away_after_s, now_s
            )
            for seat in play.humans
            if seat in game.seats
        }
        for seat, person in self.people.items():
            person.benched = game.benched.get(seat, "")
            if seat in game.gone or seat in game.replaced:
                lost = seat in game.gone
                person.attendance.restore(Seated.GONE if lost else Seated.REPLACED)
        self.journal = Journal(settings, log, game, play, sim, snapshots, self._nobody_is_away)
        self._outbox = outbox
        self._worker = worker
        self.hooks: Hooks | None = None  # of callbacks, where there are any
        self.ticks_hooked = False  # whether the beginning of a tick has a hook
        self.changes_env = False  # whether a hook changes the environment
        self._ended = self._drawn = False  # whether the end of ticks, and pictures, have hooks
        self._dismiss = dismiss
        self._caution = caution
        self._points = play.pointer or play.sticks
        self._watch_ticks = max(1, int(WATCH_S * play.fps)) if play.limits else 0
        self.gathering = False
        self.changed = False  # something about seats that nobody was told yet
        self._chairs: dict[str, Chair] = {}
        self._stand_in: Callable[[str], Decider] | None = None
        budget = settings.picture_kb_s * 1000
        self._views = Views(sim, play, list(self.people), background, budget)
        self._over = False  # the last step ended the episode
        first = first or Round(game.done, False, 1, play.episodes)
        self.audience = Audience(self.people)
        self._telling = Telling(outbox, game, play, self.people, self.audience, self.journal, first)
        self.asked = dict(game.asked)  # what people are asked -> the last episode that is settled
        self.measured: Callable[[float], None] | None = None  # told how late each tick was, s
        self.replied = False  # somebody has answered what they are asked
        self._sim = sim
        self.steering: Steering | None = None  # what admins ask for, where anybody can

    # --- from the inbox ------------------------------------------------------------------------

    def attach(self, said: inner.Attach) -> None:
        """A seat has a (new) connection: tell it who owns the game and show it everything."""
        person = self.people.get(said.seat)
        if person is None:
            return
        person.link = (said.web, said.conn)
        person.heard_s = time.monotonic()
        person.count = 0
        person.new = True
        self._greet(said.seat, said.web, said.conn)

    def _greet(self, seat: str, web: str, conn: int) -> None:
        owned = inner.Owned(conn, self.game.id, seat, self._worker, self.game.generation)
        self._outbox.put(web, owned)
        packet = self._telling.packet(seat)
        self._outbox.put(web, inner.Deliver([conn], inner.CONTROL, packet))
        self._keyframe(seat, web, conn)

    def watch(self, said: inner.Watch) -> None:
        """Somebody looks on. Nobody who plays is told."""
        if seat := self.audience.watch(said):
            self._greet(seat, said.web, said.conn)

    def detach(self, said: inner.Detach) -> None:
        """That connection is gone; a newer one of the seat stays."""
        person = self.people.get(said.seat)
        if person is not None and person.link == (said.web, said.conn):
            person.link = None

    def leave(self, said: inner.Leave) -> None:
        """The person has left for good: the scene's rule acts at once."""
        person = self.people.get(said.seat)
        if person is not None and not person.leaves:
            person.leaves = said.outcome
            person.link = None

    def want_keyframe(self, said: inner.WantKeyframe) -> None:
        """A connection missed frames: its socket does not keep up with them."""
        person = self.people.get(said.seat)
        if person is not None and person.link == (said.web, said.conn):
            view = self._views.of(said.seat)
            view.camera.pace.behind(view.tick)
            self._keyframe(said.seat, said.web, said.conn)
        elif seat := self.audience.behind(said):  # pictures stay as good as they are
            self._keyframe(seat, said.web, said.conn)

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
        seen = self._views.of(said.seat).as_of(said.keys.seen)
        if seen != said.keys.seen:
            said = inner.seeing(said, seen)
        if person.hear(said.keys, said.rtt_ms, time.monotonic(), points=self._points):
            self.journal.pressed(said)

    # --- to the browsers -----------------------------------------------------------------------

    @property
    def round(self) -> Round:
        """The episode that is played or comes next."""
        return self._telling.round

    @round.setter
    def round(self, round: Round) -> None:
        self._telling.round = round

    def tell(
        self,
        stage: wire.EpisodeStage,
        *,
        starts_ms: float = 0,
        text: str = "",
        away: list[str] | None = None,
        ask: str = "",
    ) -> None:
        """Say where the game stands, to everybody and to whoever connects later."""
        missing = self._missing() if away is None else away
        self._telling.tell(stage, starts_ms, text, missing, ask)

    def plays(self) -> None:
        """The countdown is over: the author's words have been read."""
        self._telling.words.clear()
        self.tell("playing")

    def say(self, text: str, seat: str = "") -> tuple[str, ...]:
        """Show the author's words, as `Telling.say`."""
        return self._telling.say(text, seat)

    def _turn(self) -> None:
        """Say whose turn it is, where that has changed."""
        asked = self._sim.asked() or ()
        turns = [seat for seat, acts in zip(self.play.seats, asked, strict=False) if acts]
        if turns != self._telling.turns:
            self._telling.turns = turns
            if self._telling.stands == "playing" and not self._over:
                self.tell("playing")

    def _frame(self, view: View, told: Told) -> bytes:
        # What is acknowledged says how many people there are.
        acks = [] if self.play.masked else [person.count for person in self.people.values()]
        return wire.packet(
            wire.Frame(
                game=self.game.id,
                generation=self.game.generation,
                episode=self.journal.episode,
                tick=view.tick,
                at_ms=int(now_ms()) & 0xFFFF_FFFF,
                base=told.base,
                acks=acks,
                objects=told.objects,
                gone=told.gone,
                hud=told.hud,
            )
        )

    def _keyframe(self, seat: str, web: str, conn: int) -> None:
        view = self._views.of(seat)
        if view.tick >= 0:
            packet = self._frame(view, view.whole())
            self._outbox.put(web, inner.Deliver([conn], inner.KEYFRAME, packet))

    # --- an episode ------------------------------------------------------------------------------

    def enter(self, round: Round) -> None:
        """That episode is the next one."""
        self.round = round
        self.journal.enter(round.episode, round.practice)
        log.about(episode=self.journal.id)

    def begin(
        self,
        deciders: Sequence[Decider],
        stand_in: Callable[[str], Decider],
        steps: int = 0,
    ) -> None:
        """The environment stands at `steps` of the episode that was entered: show it.

        `stand_in` makes what sits in for the person of a seat.
        """
        self.journal.begin(deciders, steps)
        self._stand_in = stand_in
        self._chairs = {
            seat: decider
            for seat, decider in zip(self.play.seats, deciders, strict=True)
            if isinstance(decider, Chair)
        }
        for seat, person in self.people.items():
            if person.stands in (Seated.REPLACED, Seated.GONE):
                self.replace(seat, person)
        self._over = False
        self._views.begin(steps)
        self.show(steps)

    def show(self, tick: int) -> None:
        """Send everybody what changed for them. The first picture of an episode is a keyframe."""
        if (hooks := self.hooks if self._drawn else None) is not None:
            hooks.at.tick = tick
            hooks.call("on_graphics_start")
        for view, told in self._views.show(tick, last=self._over):
            packet = self._frame(view, told)
            what = inner.FRAME if told.base >= 0 else inner.KEYFRAME
            for web, conns in self.audience.linked(view.seats).items():
                self._outbox.put(web, inner.Deliver(conns, what, packet))
        if hooks is not None:
            hooks.call("on_graphics_end")
        if self._sim.turns:
            self._turn()

    def hook(self, hooks: Hooks) -> None:
        """Call these at the moments of the game."""
        self.hooks = hooks
        self.ticks_hooked = hooks.has("on_game_tick_start")
        self.changes_env = hooks.changes_env
        self._ended = hooks.has("on_game_tick_end")
        self._drawn = hooks.has("on_graphics_start") or hooks.has("on_graphics_end")

    def episode_starts(self, seed: int, steps: int, *, again: bool) -> None:
        """The environment was reset, or brought back to `steps`. Call the hooks unless `again`."""
        if self.hooks is None:
            return
        at = self.hooks.at
        at.env = self._sim.env  # another object, where a saved one was loaded
        at.episode, at.practice, at.seed = self.round.episode, self.round.practice, seed
        at.tick, at.scores, at.actions, at.rewards = steps, self.journal.earned, (), ()
        if not again:
            self.journal.note(begun=self.journal.id)
            self.hooks.call("on_episode_start")

    def episode_ends(self, steps: int) -> None:
        if self.hooks is not None:  # the last step was taken
            self.hooks.at.tick = steps
            self.hooks.call("on_episode_end")

    def game_ends(self, outcome: str) -> list[Row]:
        """The game is over. Returns the rows that have to be written with its end."""
        rows: list[Row] = []
        if self.hooks is not None:
            self.hooks.into(rows.append)
            self.hooks.at.outcome = outcome
            self.hooks.call("on_game_end")
        return rows

    def starts(self, tick: int) -> None:
        """A tick begins, and somebody wants to know."""
        assert self.hooks is not None
        self.hooks.at.tick = tick
        self.hooks.call("on_game_tick_start")

    def before(self, tick: int) -> bool:
        """Write the log when it is time; hold while Redis or one of the people is away."""
        held = self.journal.keep_up()
        if self._watch_ticks and tick % self._watch_ticks == 0:
            self._watch()
        held = self.attend() or held
        if held:
            # Nobody is to blame for the time in which the game stood still.
            for seat, person in self.people.items():
                self._heed_words(seat, person, person.watch.again(time.monotonic()))
        return held

    def record(
        self, tick: int, actions: list[Any], actors: list[str], step: Step, late_s: float
    ) -> None:
        """Keep the tick for the next flush."""
        self._over = step.over
        if self.measured is not None:
            self.measured(late_s)
        if late_s * self.play.fps > 1:
            self._views.late(tick)
        self.journal.record(tick, actions, actors, step, late_s, self.people)
        if self._ended and self.hooks is not None:
            at = self.hooks.at
            at.tick, at.actions, at.rewards = tick + 1, actions, step.rewards
            self.hooks.call("on_game_tick_end")

    # --- who is there ----------------------------------------------------------------------------

    def _nobody_is_away(self) -> None:
        """While Redis is away nobody can be heard."""
        now_s = time.monotonic()
        for person in self.people.values():
            person.heard_s = now_s

    def _missing(self) -> list[str]:
        """Seats whose people are not at them."""
        return [seat for seat, person in self.people.items() if person.stands is not Seated.HERE]

    def attend(self, *, gathering: bool = False) -> bool:
        """Stand still while somebody is away, for as long as the scene's rule says.

        Args:
            gathering: the episode has not begun: people are waited for, not missed.

        Returns:
            Whether it stood still.

        Raises:
            GameOver: the rule ends the game, or nobody is left.
            LeaseLost: as `Journal.flush`.
        """
        self.gathering = gathering
        if self._steady():
            return False
        told: tuple[str, ...] | None = None
        changed = False
        while True:
            changed |= self.look()
            if self.steering is not None and self.steering.paused_ms and not gathering:
                self.steering.hold(LOOK_S)
                told, changed = (), True
                continue
            waits = tuple(s for s, person in self.people.items() if person.stands is Seated.AWAY)
            if not waits:
                break
            if waits != told:
                told = waits
                self.journal.flush()
                self._tell_waiting("waiting" if gathering else "held", waits)
            time.sleep(LOOK_S)
        if changed:
            self.journal.flush()
            if not gathering:
                self.tell("playing")
        return told is not None

    def _steady(self) -> bool:
        """Whether all is as it was: everybody is there, and no admin wants anything."""
        if self.changed or (self.steering is not None and self.steering.busy):
            return False
        return steady(self.people.values(), time.monotonic())

    def _tell_waiting(self, stage: wire.EpisodeStage, waits: tuple[str, ...]) -> None:
        """Say for whom the game stands still, and when it goes on without them."""
        first_s, text = awaited([self.people[seat] for seat in waits])
        starts_ms = 0.0 if first_s is None else now_ms() + (first_s - time.monotonic()) * 1000
        self.tell(stage, starts_ms=starts_ms, text=text, away=list(waits))

    def _watch(self) -> None:
        """Look at everybody's connection and attention."""
        now_s = time.monotonic()
        for seat, person in self.people.items():
            self._heed_words(seat, person, person.watched(now_s))

    def _heed_words(self, seat: str, person: Person, words: Sequence[Word]) -> None:
        for word in words:
            if word.what == "out":
                person.leaves = Outcome.EXCLUDED
            until_ms = now_ms() + (word.until_s - time.monotonic()) * 1000
            self._caution(seat, word.kind, word.what == "warn", max(0.0, until_ms))
            self.event(seat, f"limit_{word.what}", word.kind)

    def look(self) -> bool:
        """Look at everybody once. Returns whether something has changed.

        Raises:
            GameOver: a rule ends the game, or nobody is left.
        """
        if self.steering is not None:
            self.steering.attend()
        now_s = time.monotonic()
        changed, self.changed = self.changed, False
        for seat, person in self.people.items():
            change = person.look(now_s)
            if change is not None:
                changed = True
                self.heed(seat, person, change)
        if changed and not any(
            person.stands in (Seated.HERE, Seated.AWAY)
            or (person.benched and person.stands is Seated.REPLACED)
            for person in self.people.values()
        ):
            raise GameOver(GameOutcome.ABANDONED, tuple(self._missing()))
        return changed

    def heed(self, seat: str, person: Person, change: Change) -> None:
        """Act on what has happened to a seat. Raises `GameOver`."""
        if change is Change.END:
            gone = [s for s, p in self.people.items() if p.stands is not Seated.HERE]
            raise GameOver(GameOutcome.ABANDONED, tuple(gone))
        if change is Change.BACK:
            if seat in self._chairs:
                self._chairs[seat].give_back()
        elif change is Change.REPLACED:
            self.replace(seat, person)
            if person.stands is Seated.GONE:
                self._dismiss(seat, person.leaves or person.rule.leaver)
        standing: dict[Seated, list[str]] = defaultdict(list)
        for other, one in self.people.items():
            standing[one.stands].append(other)
        self.journal.note(replaced=standing[Seated.REPLACED], gone=standing[Seated.GONE])
        if not self.gathering or change is not Change.BACK:
            self.event(seat, f"seat_{change.value}", person.rule.then)

    def replace(self, seat: str, person: Person) -> None:
        """Something else decides in that seat, by its scene's rule or an admin's word."""
        # Between two episodes of a game that was taken over there are no chairs yet.
        if seat in self._chairs and self._stand_in is not None:
            plays = person.rule.then == "policy" or person.benched
            stand_in = self._stand_in(seat) if plays else None
            self._chairs[seat].give(stand_in, empty=person.rule.then == "shrink" and not plays)

    def event(self, seat: str, kind: str, rule: str) -> None:
        """A row of the events table, with the next flush."""
        row: Row = event_row(
            now_ms(),
            kind,
            session=self.game.seats[seat] if seat else "",
            game=self.game.id,
            detail=f"{f'seat {seat}, ' if seat else ''}{self.journal.where}; {rule}",
        )
        self.journal.add(row)
