"""Running games in a worker: claim, episodes, and what follows when it is over."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from igym import log, wire
from igym.domain import seeds
from igym.domain.experiment import Play
from igym.domain.outcome import GameOutcome
from igym.domain.participant import Phase
from igym.domain.plan import Plan, PlayPlan
from igym.domain.rounds import Round, packed
from igym.domain.watch import Kind
from igym.engine import runner
from igym.engine.seats import Background, Decider
from igym.errors import LeaseLost, NotFound, SceneFailed
from igym.services.connect import Deployment, now_ms
from igym.services.games import finishing
from igym.services.games.casting import Cast, simulated
from igym.services.games.consulting import Consultant
from igym.services.games.gathering import gather
from igym.services.games.hooking import Hooks
from igym.services.games.inferring import Inference
from igym.services.games.people import GameOver
from igym.services.games.progress import AtWork, marked
from igym.services.games.recovering import recover, tell
from igym.services.games.rounds import Rounds
from igym.services.games.snapshots import Snapshots
from igym.services.games.stage import Stage
from igym.services.games.steering import Steering
from igym.services.packages.loading import Loaded
from igym.services.sessions import assigning, mailing
from igym.sim.host import Sim
from igym.store import RedisError, games, jobs, sessions
from igym.store.games import Game, episode_id
from igym.store.group import GroupLog
from igym.store.post import Outbox
from igym.store.records import Row, event_row
from igym.store.sessions import Session
from igym.wire import inner

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: What a tick costs beside the environment's step and picture (`bench/`), ms.
PLATFORM_MS = 0.1

#: How much slower a step is on a machine whose cores are all busy than when its package was
#: compiled: measured 0.33 ms against 0.49 ms, where two virtual cores are one real one.
CROWDED = 1.5


class GameHost:
    """All games of one worker process, and its inbox."""

    def __init__(
        self,
        deployment: Deployment,
        name: str,
        outbox: Outbox,
        clock: runner.Clock,
        background: Background,
        load: Callable[[Deployment, str], Loaded],
        mark: Callable[[bytes], None] = lambda whose: None,
    ) -> None:
        """
        Args:
            load: brings a package's code into this process, by content hash.
            mark: notes whose game is at work from now on (`igym.services.games.progress`).
        """
        self._mark = mark
        self.deployment = deployment
        self.name = name
        self.outbox = outbox
        self._clock = clock
        self._background = background
        self._load = load
        self._log = GroupLog(deployment.redis)
        self._late = deployment.meter.histogram("igym_tick_late_seconds")
        self.stages: dict[str, Stage] = {}
        self.inference = Inference(deployment, name, outbox)
        self._running: set[str] = set()  # games some job of this process is at
        self._leaving = False

    # --- the inbox -------------------------------------------------------------------------------

    def handle(self, batch: list[inner.ToGame]) -> None:
        """Messages from web workers. Those for games that are not here (any more) are dropped."""
        for said in batch:
            if isinstance(said, inner.Inferred):
                self.inference.hear(said)
                continue
            stage = self.stages.get(said.game)
            if stage is None:
                continue
            if isinstance(said, inner.Input):
                stage.hear(said)
            elif isinstance(said, inner.Attach):
                stage.attach(said)
            elif isinstance(said, inner.Detach):
                stage.detach(said)
            elif isinstance(said, inner.Leave):
                stage.leave(said)
            elif isinstance(said, inner.Alive):
                stage.alive(said)
            elif isinstance(said, inner.Replied):
                stage.replied = True
            elif isinstance(said, inner.Watch):
                stage.watch(said)
            elif isinstance(said, inner.Unwatch):
                stage.audience.unwatch(said)
            elif isinstance(said, inner.Steer):
                if stage.steering is not None:
                    stage.steering.asked = True
            else:
                stage.want_keyframe(said)

    def resumed(self) -> None:
        """The inbox was (re)opened: attach again whoever connected while it was closed."""
        for stage in list(self.stages.values()):
            self._attach_links(stage)
            if stage.steering is not None:
                stage.steering.asked = True

    def _attach_links(self, stage: Stage) -> None:
        where = games.links(self.deployment.redis, stage.game.experiment, stage.game.id)
        for seat, (web, conn) in where.items():
            person = stage.people.get(seat)
            if person is not None and person.link != (web, conn):
                stage.attach(inner.Attach(stage.game.id, seat, web, conn))

    # --- a game ---------------------------------------------------------------------------------

    def play(self, experiment: str, game_id: str, generation: int) -> str:
        """Run one game to its end, if its generation can be claimed. Returns the outcome.

        Safe to run twice: the second run cannot claim and returns "" at once.
        """
        if self._leaving:
            self._pass_on(experiment, game_id)
            return ""
        if game_id in self._running:
            return ""
        self._running.add(game_id)
        log.about(experiment=experiment, game=game_id)  # every line of this greenlet
        try:
            return self._play(experiment, game_id, generation)
        finally:
            self._running.discard(game_id)

    def _play(self, experiment: str, game_id: str, generation: int) -> str:
        redis = self.deployment.redis
        claimed = self._insist(
            lambda: games.claim(redis, experiment, game_id, generation, self.name, now_ms())
        )
        if not claimed:
            _log.info("game %s generation %s is not to be had", game_id, generation)
            return ""
        game = self._insist(lambda: games.read(redis, experiment, game_id))
        outcome, away = GameOutcome.FAILED, tuple[str, ...]()
        told: tuple[str, str, str] | None = None
        snapshots: Snapshots | None = None
        try:
            snapshots = self._snapshots(game)
            self._run(game, snapshots)
            outcome = GameOutcome.FINISHED
        except GameOver as over:
            outcome, away = over.outcome, over.away
        except LeaseLost:
            _log.warning("game %s was taken over, stopping", game_id)
            return ""
        except SceneFailed as failed:
            told = (failed.message, failed.where, failed.trace)
        except Exception as error:  # noqa: BLE001 - the edge: nobody may be left in a dead game
            told = (str(error), f"scene {game.scene}", traceback.format_exc())
        finally:
            stage = self.stages.pop(game_id, None)
        if told is not None:
            problem = told
            self._insist(lambda: finishing.report(self.deployment, game, *problem))
        rows = []
        if stage is not None:
            rows = stage.game_ends(outcome.value)
            stage.tell("over")
        self._insist(
            lambda: finishing.finish(
                self.deployment,
                self.outbox,
                game,
                outcome,
                away,
                stage.journal if stage else None,
                rows,
            )
        )
        if snapshots is not None:
            snapshots.forget()
        return outcome.value

    def cost(self, experiment: str, game_id: str, generation: int) -> float:
        """The share of this process's time that a game will take, as its package measured it.

        0 where nothing is known about the game: it will not be run then either.
        """
        try:
            game = games.read(self.deployment.redis, experiment, game_id)
            play = self.deployment.plans.get(experiment, game.package).scene(game.scene).play
        except (NotFound, RedisError):
            return 0.0
        assert play is not None
        return play.fps * (play.tick_ms * CROWDED + PLATFORM_MS) / 1000

    def _insist(self, act: Callable[[], T]) -> T:
        """Do what must be done for a game we own, however long Redis is away.

        Everything given to this may run twice. A worker that dies meanwhile leaves it
        to the director.
        """
        while True:
            try:
                return act()
            except RedisError as error:
                _log.warning("Redis is away, trying again: %s", error)
                self._clock.sleep(0.25)

    def _plan(self, game: Game) -> tuple[Plan, PlayPlan]:
        plan = self._insist(lambda: self.deployment.plans.get(game.experiment, game.package))
        play = plan.scene(game.scene).play
        assert play is not None
        return plan, play

    def _snapshots(self, game: Game) -> Snapshots | None:
        _, play = self._plan(game)
        if play.recovery not in ("state", "pickle"):
            return None
        return Snapshots(self.deployment.data, game.id, play.recovery)

    def leave(self) -> None:
        """The worker is to leave: from now on it takes no game, its own least of all."""
        self._leaving = True

    def hand_over(self) -> None:
        """Write what the games here have not written yet and offer them to other workers."""
        for stage in list(self.stages.values()):
            try:
                stage.journal.flush()
                finishing.take_over(
                    self.deployment, stage.game, self.name, "its worker was stopped", given=True
                )
            except (GameOver, LeaseLost, NotFound, RedisError) as error:
                _log.warning("game %s: %s", stage.game.id, error)

    def _pass_on(self, experiment: str, game_id: str) -> None:
        """The job came while the worker stops: somebody else has it sooner than the director."""
        with suppress(NotFound, RedisError):
            game = games.read(self.deployment.redis, experiment, game_id)
            if not game.owner:
                jobs.start_game(self.deployment.redis, game)

    def _run(self, game: Game, snapshots: Snapshots | None) -> None:
        plan, play_plan = self._plan(game)
        whose = marked(game.experiment, game.id)
        people = self._insist(lambda: self._people(game))
        cells = assigning.cells_of(game, list(people.values()))
        scene = f"scene {game.scene}"
        # Beside the loop: importing a package takes most of a second, once per worker.
        loading = self._background(lambda: self._load(self.deployment, game.package))
        while not loading.wait(0.5):
            pass
        loaded: Loaded = runner.guarded(f"{scene}, loading", loading.get)
        play = loaded.experiment.scene(game.scene)
        assert isinstance(play, Play)
        sim = runner.guarded(
            f"{scene}, making the environment",
            lambda: simulated(play, cells),
        )
        consultant = Consultant(self.deployment, game, self._insist, self._clock.sleep)
        rounds = Rounds(
            play,
            play_plan.asks,
            game,
            consultant,
            lambda what, why: self._complain(game, stage, what, why),
        )
        if rounds.consults:
            consultant.warm()  # so that the first pause is not as long as loading the package takes
        first = rounds.next()
        stage = Stage(
            self.deployment.settings,
            self._log,
            self.outbox,
            self.name,
            game,
            play_plan,
            play.controls,
            sim,
            snapshots,
            plan.absent_s,
            lambda seat, outcome: self._insist(
                lambda: finishing.dismiss(self.deployment, self.outbox, game, seat, outcome)
            ),
            lambda *said: self._caution(game, *said),
            self._background,
            first if isinstance(first, Round) else None,
        )
        stage.measured = self._late.observe
        stage.steering = Steering(self.deployment.redis, stage)
        hands = {seat: person.hands for seat, person in stage.people.items()}
        cast = Cast(game, play, cells, sim, loaded.root, hands, self._background, self.inference.at)
        for seat, session in people.items():
            if session.phase is Phase.ENDED:  # while no worker had the game
                stage.leave(inner.Leave(game.id, seat, session.outcome))
        if given := (*loaded.experiment.callbacks, *play.callbacks):
            stage.hook(
                Hooks(
                    given,
                    game,
                    sim.env,
                    stage.journal.add,
                    lambda *said: self._insist(
                        lambda: finishing.report(
                            self.deployment, game, *said, kind="callback_failed"
                        )
                    ),
                    stage.say,
                    lambda: self._mark(whose),
                )
            )
        self.stages[game.id] = stage
        clock = AtWork(self._clock, self._mark, whose)
        try:
            self._insist(lambda: self._attach_links(stage))
            # A rehearsal may end games early; nobody else has a limit but the scene's own.
            most = int(game.max_s * play.fps) or play_plan.most_episodes * play.max_steps
            most -= game.played
            while True:
                self._ask(stage, rounds)
                found = rounds.next()
                if most <= 0 or not isinstance(found, Round):
                    break
                stage.enter(found)
                most -= self._episode(stage, sim, play, cast, rounds, most, snapshots, clock)
            if found == "unreached":
                raise GameOver(GameOutcome.UNREACHED)
        finally:
            sim.close()

    def _ask(self, stage: Stage, rounds: Rounds) -> None:
        """Ask what is due between two episodes, unless that was settled before a takeover."""
        journal = stage.journal
        for ask, round in rounds.due(stage.asked):
            stage.round = round
            said = gather(self.deployment, self._insist, stage, ask, begun=bool(rounds.results))
            rounds.said(ask, round.episode, said)
            stage.asked[ask.name] = round.episode
            journal.note(
                asked=stage.asked,
                asking_ms=0,
                cast=rounds.cast,
                results=[packed(result) for result in rounds.results],
            )
            journal.flush()

    def _people(self, game: Game) -> dict[str, Session]:
        """Seat -> session; without those that have expired."""
        found = {}
        for seat, session in game.seats.items():
            with suppress(NotFound):
                found[seat] = sessions.read(self.deployment.redis, game.experiment, session)
        return found

    def _caution(self, game: Game, seat: str, kind: Kind, on: bool, until_ms: float) -> None:
        """Warn a person, or take the warning back. Lost while Redis is away: rules act anyway."""
        said = wire.Caution(0, game.id, kind, on, until_ms if on else 0)
        with suppress(RedisError):
            mailing.send(self.deployment, self.outbox, game.experiment, game.seats[seat], said)

    def _episode(
        self,
        stage: Stage,
        sim: Sim,
        play: Play,
        cast: Cast,
        rounds: Rounds,
        most: int,
        snapshots: Snapshots | None,
        clock: runner.Clock,
    ) -> int:
        """Play the round that was entered to at most `most` steps. Returns the steps taken."""
        game, journal, round = stage.game, stage.journal, stage.round
        episode = round.episode
        where = f"scene {game.scene}, episode {episode}"
        seed = seeds.derive(game.seed, "episode", episode)

        def begin() -> list[Decider]:
            runner.guarded(f"{where}, reset", lambda: sim.reset(seed))
            return runner.guarded(f"{where}, policies", lambda: cast.deciders(episode, rounds.cast))

        chosen = rounds.choose(round)
        if chosen:
            journal.note(cast=rounds.cast, cast_for=rounds.cast_for)
            journal.flush(chosen)
        row: dict[str, Any] = {
            "day_ms": game.created_ms,
            "game_id": game.id,
            "episode": episode,
            "practice": round.practice,
            "seed": seed,
            "cells": json.dumps(dict(cast.cells)),
            "partial": True,
        }
        steps, deciders, last = 0, None, None
        if game.logged and game.episode == episode_id(game.id, episode, game.attempt):
            found = self._insist(
                lambda: recover(
                    self.deployment,
                    game,
                    stage.play,
                    sim,
                    begin,
                    cast.actions(),
                    snapshots,
                    lambda: self._clock.sleep(0),
                )
            )
            tell(stage, found, row)
            if found.how != "restarted":
                steps, deciders, last = found.steps, found.deciders, found.last
                for seat, score in found.scores.items():
                    journal.earned[seat] += score
        if deciders is None:
            deciders = begin()
        told = game.begun == episode_id(game.id, episode, journal.attempt)
        stage.episode_starts(seed, steps, again=bool(steps) or (told and not stage.changes_env))
        runner.guarded(
            f"{where}, drawing after reset",
            lambda: stage.begin(deciders, lambda s: cast.stand_in(s, episode), steps),
        )
        row |= {"episode_id": journal.id, "attempt": journal.attempt}
        if not steps:
            stage.attend(gathering=True)
            pause_s = play.countdown_s if round.number == 1 else play.pause_s
            stage.tell("countdown", starts_ms=now_ms() + pause_s * 1000)
            self._clock.sleep(pause_s)
            row["started_ms"] = now_ms()
        journal.flush([("episodes", row)])
        stage.plays()
        if last is None:
            steps, last = runner.play(
                sim,
                deciders,
                stage,
                clock,
                fps=play.fps,
                max_steps=min(play.max_steps, most),
                where=where,
                first=steps,
                starts=stage.starts if stage.ticks_hooked else None,
            )
        stage.episode_ends(steps)
        done: Row = (
            "episodes",
            row
            | {
                "ended_ms": now_ms(),
                "steps": steps,
                "terminated": last.terminated,
                "truncated": last.truncated,
                "partial": False,
            },
        )
        rounds.close(round, journal, steps, last)
        if not round.practice:
            journal.scores = {s: n + journal.earned[s] for s, n in journal.scores.items()}
        journal.note(
            done=episode + 1,
            attempt=0,
            scores=journal.scores,
            results=[packed(result) for result in rounds.results],
            played=journal.played + steps,
        )
        journal.flush([done], close=True)
        journal.played += steps
        if isinstance(rounds.next(), Round):
            stage.tell("between", starts_ms=now_ms() + play.pause_s * 1000)
        return steps

    def _complain(self, game: Game, stage: Stage, what: str, why: str) -> None:
        """A function of the author's failed: the checks worker has told; say where, in the data."""
        detail = f"{what} of scene {game.scene}, after {stage.journal.where}: {why}"
        stage.journal.add(event_row(now_ms(), "function_failed", game=game.id, detail=detail))
