"""One simulated participant, from the link to the ending. Knows the wire and no server.

They do what the participant page does: say where they are only once, answer every screen,
press keys, reconnect when the line drops, and keep in mind what they saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import Any

from igym import wire
from igym.bots import answers, hands, socketio
from igym.bots.eyes import Eyes
from igym.bots.report import Seen
from igym.bots.site import Site
from igym.bots.socketio import Closed, Connection, Unwelcome
from igym.errors import IgymError

#: How long somebody looks at a page before they go on.
READS_S = (0.2, 1.0)

#: A screen that was answered and did not change is answered again.
AGAIN_S = 5.0

#: A sign of life in a game, and a probe of the round trip, come this often.
ALIVE_S, PROBE_S = 0.2, 2.0

#: What everything but playing may take in all, before somebody counts as stuck.
SLACK_S = 60.0

#: Countdown and pause, per episode.
EPISODE_S = 10.0


def _now_ms() -> float:
    return time.time() * 1000


class Person:
    """One participant. `run` lives their whole visit."""

    def __init__(self, site: Site, name: str, number: int, seconds: float, seed: int) -> None:
        """`name` is their recruiter's id; `seconds` caps each game they play."""
        self._site = site
        self._name = name
        self._seconds = seconds
        self._rng = random.Random(seed)
        self.seen = Seen(number)
        self._eyes = Eyes()
        self._connection: Connection | None = None
        self._state: dict[str, Any] | None = None
        self._changed = asyncio.Event()
        self._shown = ""  # the game whose picture this connection has
        self._stage = ""  # of the game's episode: "playing", "between", …
        self._count = 0  # of Keys
        self._offsets: list[tuple[float, float]] = []  # (round trip, server minus local), ms
        self._deadline_s = 0.0
        self._answering: asyncio.Future[None] | None = None

    async def run(self) -> Seen:
        """Take part. Never raises: what went wrong is in the answer."""
        self._deadline_s = time.monotonic() + SLACK_S
        tasks: list[asyncio.Task[None]] = []
        try:
            query = {"id": self._name, "mode": "rehearsal", "max_seconds": f"{self._seconds:g}"}
            token = await asyncio.to_thread(lambda: self._site.join(**query))
            tasks = [
                asyncio.create_task(self._stay_connected(token)),
                asyncio.create_task(self._probe()),
            ]
            visit = asyncio.create_task(self._visit())
            tasks.append(visit)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        except TimeoutError:
            self.seen.stuck = self._whereabouts()
        except (IgymError, Unwelcome) as error:
            self.seen.stuck = str(error)
        except Exception as error:  # noqa: BLE001 - one person's trouble is not the crowd's
            self.seen.stuck = f"{type(error).__name__}: {error}"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._connection is not None:
                await self._connection.close()
        return self._told()

    def _told(self) -> Seen:
        seen, eyes = self.seen, self._eyes
        eyes.pause(_now_ms())
        offset_ms = 0.0 if self._site.here or not self._offsets else min(self._offsets)[1]
        for age_ms in eyes.raw_age_ms:
            seen.age_ms.append(age_ms + offset_ms)
        seen.reply_ms = eyes.reply_ms
        seen.frames, seen.playing_s = eyes.frames, eyes.playing_ms / 1000
        seen.dropped, seen.gaps = eyes.dropped, eyes.gaps
        return seen

    def _whereabouts(self) -> str:
        if self._state is None:
            return "before the first screen"
        line = "connected" if self._connection is not None else "not connected"
        return f"{self._state['phase']} in scene {self._state['scene']}, {line}"

    # --- the line --------------------------------------------------------------------------------

    async def _stay_connected(self, token: str) -> None:
        auth = {"token": token, "wire": wire.VERSION}
        url = socketio.socket_url(self._site.base)
        first, pause_s = True, 0.2
        while True:
            try:
                connection = await socketio.opened(url, auth)
            except Closed as error:
                self._complain(str(error))
                await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.5))
                pause_s = min(3.0, pause_s * 2)
                continue
            self.seen.reconnects += not first
            first, pause_s = False, 0.2
            self._shown = ""
            self._connection = connection
            try:
                await connection.listen(self._hear)
            finally:
                self._connection = None
                self.seen.packets += connection.packets

    def _hear(self, event: str, said: Any) -> None:
        if event == "frame":
            if said[0] == self._game():
                self._shown = said[0]
                self._eyes.frame(said, _now_ms())
        elif event == "state":
            if self._state is not None and self._game() != _game_of(said):
                self._eyes.pause(_now_ms())
            self._state = said
            self._changed.set()
        elif event == "episode":
            if said["game"] == self._game():
                self._shown, self._stage = said["game"], said["stage"]
                if self._stage != "playing":
                    self._eyes.pause(_now_ms())
        elif event == "check":
            # A page that is looked at answers by itself.
            self._answering = asyncio.ensure_future(self._here(str(said["proposal"])))
        elif event == "refused":
            self._complain(f"refused: {said['code']}: {said['text']}")
        elif event == "replaced":
            self._complain("replaced by another socket of the same participant")

    async def _here(self, proposal: str) -> None:
        if self._connection is not None:
            with contextlib.suppress(Closed):
                await self._connection.tell(wire.Here(proposal))

    def _complain(self, said: str) -> None:
        self.seen.errors.append(said)

    def _game(self) -> str:
        return _game_of(self._state)

    async def _probe(self) -> None:
        rtt_ms: float | None = None
        offset_ms: float | None = None
        while True:
            await asyncio.sleep(PROBE_S * self._rng.uniform(0.8, 1.2))
            if self._connection is None:
                continue
            sent_ms = _now_ms()
            try:
                said = await self._connection.ask(wire.Probe(sent_ms, rtt_ms, offset_ms))
            except Closed as error:
                self._complain(str(error))
                continue
            if said and "server_ms" in said:
                rtt_ms = _now_ms() - sent_ms
                offset_ms = said["server_ms"] - (sent_ms + rtt_ms / 2)
                self._offsets.append((rtt_ms, offset_ms))

    # --- the visit -------------------------------------------------------------------------------

    async def _visit(self) -> None:
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
                case "page" | "survey":
                    await self._answer(state)
                case "lobby":
                    # Nobody is stuck for as long as the lobby says they may have to wait.
                    left_s = (view["until_ms"] - _now_ms()) / 1000 + AGAIN_S
                    began_s = time.monotonic()
                    await self._change(max(left_s, self._deadline_s - began_s))
                    self._deadline_s += time.monotonic() - began_s
                case "choice":
                    await self._choose(state)
                case "game":
                    await self._play(view)
                case other:
                    raise IgymError(f"There is no screen for {other!r}.")

    async def _change(self, patience_s: float) -> None:
        """Wait for the next state. Raises `TimeoutError`."""
        self._changed.clear()
        async with asyncio.timeout(max(0.0, patience_s)):
            await self._changed.wait()

    async def _answer(self, state: dict[str, Any]) -> None:
        await asyncio.sleep(self._rng.uniform(*READS_S))
        if self._state is not None and self._state["version"] != state["version"]:
            return
        view = state["view"]
        given = answers.answers(view["form"], self._rng) if view["type"] == "survey" else {}
        said = wire.Advance(state["scene"], state["version"], given)
        self._changed.clear()
        if self._connection is not None:
            with contextlib.suppress(Closed):
                refused = await self._connection.ask(said)
                if refused:
                    self._complain(f"refused: {refused.get('code')}: {refused.get('text')}")
        if self._state is not state:
            return
        if time.monotonic() > self._deadline_s:
            raise TimeoutError
        with contextlib.suppress(TimeoutError):
            await self._change(AGAIN_S)

    async def _choose(self, state: dict[str, Any]) -> None:
        """Take the first of the ways to go on."""
        option = state["view"]["options"][0]["name"]
        self._changed.clear()
        if self._connection is not None:
            with contextlib.suppress(Closed):
                await self._connection.ask(wire.Choose(state["version"], option))
        if self._state is state:
            with contextlib.suppress(TimeoutError):
                await self._change(AGAIN_S)
        if time.monotonic() > self._deadline_s:
            raise TimeoutError

    # --- a game ----------------------------------------------------------------------------------

    async def _play(self, view: dict[str, Any]) -> None:
        """Play until the state says that the game is over."""
        game = view["game"]
        self._deadline_s += self._seconds + EPISODE_S * view["episodes"]
        self.seen.games.append(game)
        self.seen.fps_nominal = view["fps"]
        self._eyes.enter(view["seat"], list(view["seats"]))
        self._stage = ""
        ready_on: Connection | None = None
        fingers = hands.presses(self._rng, len(view["keys"]))
        change = next(fingers, None)
        held, due_s, spoke_s = 0, time.monotonic(), 0.0
        while self._game() == game:
            now_s = time.monotonic()
            if now_s > self._deadline_s:
                raise TimeoutError
            connection = self._connection
            if connection is None:
                await asyncio.sleep(0.05)
                continue
            edges: list[tuple[int, bool, float]] = []
            try:
                if ready_on is not connection:
                    await connection.tell(wire.Ready(game, 1280, 720, 60))
                    ready_on = connection
                elif self._shown == game:
                    if change is not None and now_s >= due_s:
                        held = change.held
                        edges = [(key, down, _now_ms()) for key, down in change.edges]
                        change = next(fingers)
                        due_s = now_s + change.wait_s
                    if edges or now_s - spoke_s >= ALIVE_S:
                        spoke_s = now_s
                        await self._press(connection, game, held, edges)
            except Closed:
                continue
            next_s = now_s + 0.05  # until the picture is there
            if self._shown == game:
                alive_s = spoke_s + ALIVE_S
                next_s = min(due_s, alive_s) if change is not None else alive_s
            await asyncio.sleep(max(0.005, next_s - time.monotonic()))

    async def _press(
        self, connection: Connection, game: str, held: int, edges: list[tuple[int, bool, float]]
    ) -> None:
        self._count += 1
        if edges and self._stage == "playing":
            self._eyes.pressed(self._count, _now_ms())
        await connection.tell(wire.Keys(game, self._count, self._eyes.tick, held, edges))


def _game_of(state: dict[str, Any] | None) -> str:
    """The game a state is about; "" where it is about none."""
    return str(state["view"].get("game", "")) if state is not None else ""
