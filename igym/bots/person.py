"""One simulated participant, from the link to the ending. Knows the wire and no server.

They do what the participant page does: say where they are only once, answer every screen,
press keys, reconnect when the line drops, and keep in mind what they saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

from igym import wire
from igym.bots import answers, hands
from igym.bots.eyes import Eyes
from igym.bots.line import Line, now_ms
from igym.bots.report import Seen
from igym.bots.site import Site
from igym.bots.socketio import Closed, Connection, Unwelcome
from igym.bots.trail import Trail
from igym.bots.weather import Fate
from igym.domain.participant import LIFE
from igym.errors import IgymError

#: How long somebody looks at a page before they go on.
READS_S = (0.2, 1.0)

#: A screen that was answered and did not change is answered again.
AGAIN_S = 5.0

#: … and sooner where the server could not take it, or there was no line.
SOON_S = 1.0

#: A sign of life in a game, and a probe of the round trip, come this often.
ALIVE_S, PROBE_S = 0.2, 2.0

#: What everything but playing may take in all, before somebody counts as stuck.
SLACK_S = 60.0

#: Countdown and pause, per episode.
EPISODE_S = 10.0

#: A game that stands still may do so this much longer than it says.
HELD_S = 20.0

#: Stages in which a game waits for somebody.
_STILL = ("held", "paused", "waiting", "asking")

#: What people choose who waited in vain; those not listed, never.
_CHOICES = {"again": 1, "bot": 4, "finish": 1}


class Person:
    """One participant. `run` lives their whole visit."""

    def __init__(
        self,
        site: Site,
        name: str,
        number: int,
        seconds: float,
        seed: int,
        fate: Fate | None = None,
        began: Callable[[], None] = lambda: None,
    ) -> None:
        """`name` is their recruiter's id; `seconds` caps each game they play.

        `began` is called when they see the first frame of their visit.
        """
        self._site = site
        self._name = name
        self._seconds = seconds
        self._rng = random.Random(seed)
        self._fate = fate or Fate()
        self._began = began
        self.seen = Seen(number)
        self._trail = Trail()
        self._eyes = Eyes()
        self._line: Line | None = None
        self._state: dict[str, Any] | None = None
        self._changed = asyncio.Event()
        self._given: tuple[int, dict[str, Any]] = (-1, {})  # (state version, answers to it)
        self._shown = ""  # the game whose picture this connection has
        self._stage = ""  # of the game's episode: "playing", "between", …
        self._stage_since_s = 0.0
        self._stage_until_ms = 0.0  # when that changes, as far as is known
        self._asked: wire.Reply | None = None  # what they are asked between two episodes, and say
        self._replied: set[tuple[str, int]] = set()
        self._count = 0  # of Keys
        self._loads = 1  # of the page, when it was counted
        self._rtts_ms: list[float] = []
        self._offsets: list[tuple[float, float]] = []  # (round trip, server minus local), ms
        self._deadline_s = 0.0

    async def run(self) -> Seen:
        """Take part. Never raises: what went wrong is in the answer."""
        self._deadline_s = time.monotonic() + SLACK_S
        tasks: list[asyncio.Task[None]] = []
        try:
            mode = "preview" if self._site.query.get("mode") == "preview" else "rehearsal"
            query = {"id": self._name, "mode": mode, "max_seconds": f"{self._seconds:g}"}
            token = await asyncio.to_thread(lambda: self._site.join(**query))
            line = self._line = Line(
                self._site, token, self._fate, self._rng, self._trail, self._hear, self._complain
            )
            staying = asyncio.create_task(line.stay())
            tasks = [
                staying,
                asyncio.create_task(self._probe(line)),
                asyncio.create_task(self._visit(line)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            self._trail.ended_ms = now_ms()
            if staying.done() and not self.seen.outcome:
                self.seen.left = self._whereabouts()
        except TimeoutError:
            self.seen.stuck = self._whereabouts()
        except (IgymError, Unwelcome) as error:
            self.seen.stuck = str(error)
        except Exception as error:  # noqa: BLE001 - one person's trouble is not the crowd's
            self.seen.stuck = f"{type(error).__name__}: {error}"
        finally:
            connection = self._line.connection if self._line is not None else None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if connection is not None:
                await connection.close()
        return self._told()

    def _told(self) -> Seen:
        seen, eyes = self.seen, self._eyes
        eyes.pause(now_ms())
        offset_ms = 0.0 if self._site.here or not self._offsets else min(self._offsets)[1]
        for age_ms in eyes.raw_age_ms:
            seen.age_ms.append(age_ms + offset_ms)
        seen.reply_ms = eyes.reply_ms
        seen.frames, seen.playing_s = eyes.frames, eyes.playing_ms / 1000
        seen.dropped, seen.gaps = eyes.dropped, eyes.gaps
        seen.ghosts, seen.back = eyes.ghosts, list(eyes.back)
        seen.met, seen.trail = list(self._fate.met), self._trail.plain()
        if self._line is not None:
            seen.reconnects, seen.packets = self._line.reconnects, self._line.packets
        return seen

    def _whereabouts(self) -> str:
        if self._state is None:
            return "before the first screen"
        on = self._line is not None and self._line.connection is not None
        line = "connected" if on else "not connected"
        return f"{self._state['phase']} in scene {self._state['scene']}, {line}"

    # --- what is heard ---------------------------------------------------------------------------

    def _hear(self, event: str, said: Any) -> None:
        if event == "frame":
            if said[0] == self._game():
                if not self._trail.spans:
                    self._began()
                at_ms = now_ms()
                self._shown = said[0]
                self._eyes.frame(said, at_ms)
                self._trail.frame(at_ms, said[0], said[1])
        elif event == "state":
            self._hear_state(said)
        elif event == "episode":
            if said["game"] == self._game():
                self._stood()
                self._shown, self._stage = said["game"], said["stage"]
                self._stage_until_ms = said["starts_ms"]
                self._hear_question(said)
                if self._stage != "playing":
                    self._eyes.pause(now_ms())
        elif event == "check":
            self._answer_check(said)
        elif event == "refused" and not (said["code"] == "not_yours" and self._fate.rtt_ms):
            # On a long line keys are on their way to a game that has just ended.
            self._complain(f"refused: {said['code']}: {said['text']}")

    def _hear_state(self, said: dict[str, Any]) -> None:
        view = str(said["view"]["type"])
        if view not in LIFE[said["phase"]].views:
            self.seen.without_screen.append(f"{said['phase']}: {view}")
        if self._state is not None and self._game() != _game_of(said):
            self._eyes.pause(now_ms())
        self._state = said
        self.seen.session = said["session"]
        if self._line is not None:
            self._line.enter(view)
        self._changed.set()

    def _hear_question(self, said: dict[str, Any]) -> None:
        """Something is asked between two episodes; what they say they say again if need be."""
        about = (said["ask"], said["episode"])
        if self._asked is not None and (self._asked.ask, self._asked.episode) == about:
            return
        self._asked = None
        asks = self._state["view"].get("asks", []) if self._state is not None else []
        for one in asks if about not in self._replied else []:
            if one["name"] == said["ask"] and said["episode"] not in one["answered"]:
                given = answers.answers(one["form"], self._rng)
                self._asked = wire.Reply(said["game"], *about, given)

    async def _reply(self, connection: Connection) -> None:
        """Answer what is asked between two episodes. Raises `Closed`."""
        said = self._asked
        if said is None:
            return
        refused = await connection.ask(said)
        if refused:
            self._complain(f"refused: {refused.get('code')}: {refused.get('text')}")
        elif said.answers and self._state is not None:
            about = f"{said.ask}[{said.episode}]"
            self.seen.answers.append((self._state["session"], about, dict(said.answers)))
        self._replied.add((said.ask, said.episode))
        if self._asked is said:
            self._asked = None

    def _answer_check(self, said: dict[str, Any]) -> None:
        """A page answers by itself; a person who has to press a button needs a moment."""

        async def answer() -> None:
            await asyncio.sleep(self._rng.uniform(*READS_S) if said["asks"] else 0)
            if self._line is not None and self._line.connection is not None:
                await self._line.connection.ask(wire.Here(said["proposal"]))

        if self._line is not None and self._line.connection is not None:
            self._line.connection.soon(answer())

    def _complain(self, said: str) -> None:
        self.seen.errors.append(said)

    def _game(self) -> str:
        return _game_of(self._state)

    async def _probe(self, line: Line) -> None:
        while True:
            await asyncio.sleep(PROBE_S * self._rng.uniform(0.8, 1.2))
            if line.connection is not None:
                with contextlib.suppress(Closed):
                    await self._round_trip(line.connection)

    async def _round_trip(self, connection: Connection) -> None:
        """Measure one. Raises `Closed`."""
        sent_ms = now_ms()
        rtt_ms = self._rtts_ms[-1] if self._rtts_ms else None
        offset_ms = self._offsets[-1][1] if self._offsets else None
        said = await connection.ask(wire.Probe(sent_ms, rtt_ms, offset_ms))
        if said and "server_ms" in said:
            rtt_ms = now_ms() - sent_ms
            self._rtts_ms.append(rtt_ms)
            self._offsets.append((rtt_ms, said["server_ms"] - (sent_ms + rtt_ms / 2)))

    # --- the visit -------------------------------------------------------------------------------

    async def _visit(self, line: Line) -> None:
        """Answer screen after screen. Raises `TimeoutError` when one does not pass."""
        while True:
            state = self._state
            if state is None:
                await self._change(self._deadline_s - time.monotonic())
                continue
            view = state["view"]
            match view["type"]:
                case "end":
                    self.seen.outcome = view["outcome"] or "complete"
                    return
                case "screening":
                    await self._measure(line, view)
                    await self._say(line, state, self._screened(state["version"]))
                case "page" | "survey" | "quiz":
                    await asyncio.sleep(self._rng.uniform(*READS_S))
                    await self._say(line, state, self._advance(state))
                case "lobby":
                    # Nobody is stuck for as long as the lobby says they may have to wait.
                    left_s = (view["until_ms"] - now_ms()) / 1000 + AGAIN_S
                    began_s = time.monotonic()
                    await self._change(max(left_s, self._deadline_s - began_s))
                    self._deadline_s += time.monotonic() - began_s
                case "deciding":
                    await self._change(self._deadline_s - time.monotonic())
                case "choice":
                    await asyncio.sleep(self._rng.uniform(*READS_S))
                    await self._say(line, state, self._choose(state))
                case "game":
                    await self._play(line, view)
                case other:
                    raise IgymError(f"There is no screen for {other!r}.")

    async def _change(self, patience_s: float) -> None:
        """Wait for the next state. Raises `TimeoutError`."""
        self._changed.clear()
        async with asyncio.timeout(max(0.0, patience_s)):
            await self._changed.wait()

    def _advance(self, state: dict[str, Any]) -> wire.Advance:
        """What was answered stays what was answered, however often it has to be sent."""
        if self._given[0] != state["version"]:
            form = state["view"].get("form")
            given = answers.answers(form, self._rng) if form is not None else {}
            self._given = (state["version"], given)
        return wire.Advance(state["scene"], state["version"], self._given[1])

    def _screened(self, version: int) -> wire.Screened:
        rtts_ms = self._rtts_ms[-20:]
        return wire.Screened(version, "desktop", "chrome", 1280, 800, rtts_ms, self._kbps)

    _kbps = 0.0

    async def _measure(self, line: Line, view: dict[str, Any]) -> None:
        """What the page would measure for a screening: round trips, then a download."""
        for _ in range(view["probes"]):
            if line.connection is not None:
                with contextlib.suppress(Closed):
                    await self._round_trip(line.connection)
        if view["bytes"] and not self._kbps:
            self._kbps = await asyncio.to_thread(lambda: self._site.kbps(view["bytes"]))

    def _choose(self, state: dict[str, Any]) -> wire.Choose:
        names = [one["name"] for one in state["view"]["options"]]
        weights = [_CHOICES.get(name, 0) for name in names]
        (option,) = self._rng.choices(names, weights)
        return wire.Choose(state["version"], option)

    async def _say(
        self, line: Line, state: dict[str, Any], said: wire.Advance | wire.Choose | wire.Screened
    ) -> None:
        """Answer a screen, and wait until it changes or for `AGAIN_S`."""
        if self._state is None or self._state["version"] != state["version"]:
            return
        self._changed.clear()
        refused: dict[str, Any] | None = None
        if line.connection is not None:
            with contextlib.suppress(Closed):
                refused = await line.connection.ask(said)
                if refused:
                    self._complain(f"refused: {refused.get('code')}: {refused.get('text')}")
                elif isinstance(said, wire.Advance) and said.answers:
                    self.seen.answers.append((state["session"], said.scene, dict(said.answers)))
        if self._state is not state:
            return
        if time.monotonic() > self._deadline_s:
            raise TimeoutError
        with contextlib.suppress(TimeoutError):
            soon = refused or line.connection is None
            await self._change(SOON_S if soon else AGAIN_S)

    # --- a game ----------------------------------------------------------------------------------

    async def _play(self, line: Line, view: dict[str, Any]) -> None:
        """Play until the state says that the game is over."""
        game = view["game"]
        self._deadline_s += self._seconds + EPISODE_S * view["episodes"]
        self._stage_since_s = time.monotonic()
        self.seen.games.append(game)
        self.seen.fps_nominal = view["fps"]
        self._eyes.enter(view["seat"], list(view["seats"]))
        self._stage = ""
        ready_on: Connection | None = None
        fingers = hands.presses(self._rng, len(view["keys"]), view["pointer"])
        change = next(fingers, None)
        held, due_s, spoke_s = 0, time.monotonic(), 0.0
        place: tuple[int, int] | None = None
        while self._game() == game:
            now_s = time.monotonic()
            if now_s > self._deadline_s + self._held_s():
                raise TimeoutError
            connection = line.connection
            if connection is None:
                self._shown = ""
                await asyncio.sleep(0.05)
                continue
            edges: list[tuple[int, bool, float]] = []
            clicked = False
            try:
                if ready_on is not connection:
                    self._shown = ""
                    if line.loads != self._loads:
                        self._loads, self._count, held = line.loads, 0, 0
                    await connection.tell(wire.Ready(game, 1280, 720, 60))
                    ready_on = connection
                elif self._asked is not None and now_s - self._stage_since_s > READS_S[0]:
                    await self._reply(connection)
                elif self._shown == game:
                    if change is not None and now_s >= due_s:
                        held = change.held
                        edges = [(key, down, now_ms()) for key, down in change.edges]
                        place, clicked = change.click or place, change.click is not None
                        change = next(fingers)
                        due_s = now_s + change.wait_s
                    if edges or clicked or now_s - spoke_s >= ALIVE_S:
                        spoke_s = now_s
                        await self._press(connection, game, held, edges, place, clicked)
            except Closed:
                await asyncio.sleep(0.02)
                continue
            next_s = now_s + 0.05  # until the picture is there
            if self._shown == game:
                alive_s = spoke_s + ALIVE_S
                next_s = min(due_s, alive_s) if change is not None else alive_s
            await asyncio.sleep(max(0.005, next_s - time.monotonic()))

    def _stood(self) -> None:
        """The stage changes: while the game stood still, nobody's patience was used up."""
        now_s = time.monotonic()
        if self._stage in _STILL:
            self._deadline_s += now_s - self._stage_since_s
        self._stage_since_s = now_s

    def _held_s(self) -> float:
        """What may be added to the patience with a game that stands still and says until when."""
        if self._stage in _STILL:
            return max(0.0, (self._stage_until_ms - now_ms()) / 1000) + HELD_S
        return 0.0

    async def _press(
        self,
        connection: Connection,
        game: str,
        held: int,
        edges: list[tuple[int, bool, float]],
        place: tuple[int, int] | None,
        clicked: bool,
    ) -> None:
        self._count += 1
        if (edges or clicked) and self._stage == "playing":
            self._eyes.pressed(self._count, now_ms())
        spots = [] if place is None else [(0, *place, False)]
        moves = [(0, *place, down, now_ms()) for down in (True, False)] if place and clicked else []
        await connection.tell(
            wire.Keys(game, self._count, self._eyes.tick, held, edges, False, spots, moves)
        )


def _game_of(state: dict[str, Any] | None) -> str:
    """The game a state is about; "" where it is about none."""
    return str(state["view"].get("game", "")) if state is not None else ""
