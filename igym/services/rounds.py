"""The episodes of one live game: which one is next, and what the gate says to those before.

Knows neither screens nor the log: whoever plays the game writes down what is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from igym.domain import rounds
from igym.domain.experiment import Play
from igym.domain.plan import AskPlan
from igym.domain.rounds import Goal, Result, Round
from igym.services.consulting import Consultant
from igym.services.journal import Journal
from igym.sim.host import Step
from igym.store.games import Game


class Rounds:
    """The design of a game scene, as far as a game of it has come."""

    def __init__(
        self,
        play: Play,
        asks: Sequence[AskPlan],
        game: Game,
        consultant: Consultant,
        complain: Callable[[str, str], None],
    ) -> None:
        """`complain` is told which function of the author's failed, and how."""
        self._play = play
        self._asks = asks
        self._consultant = consultant
        self._complain = complain
        self._people = tuple(str(s) for s in play.humans if str(s) in game.seats)
        self.results = [rounds.unpacked(one) for one in game.results]

    def next(self, after: int | None = None) -> Round | Literal["over", "unreached"]:
        """What follows, or followed after so many episodes."""
        play = self._play
        return rounds.upcoming(
            self.results[:after],
            practice=play.practice,
            episodes=play.episodes,
            gate=play.until is not None,
        )

    def due(self, asked: Mapping[str, int]) -> list[tuple[AskPlan, Round]]:
        """What people have to be asked now, and about which round.

        Args:
            asked: what is settled: ask -> the last episode.
        """
        played = len(self.results) - 1
        last = self.next(played) if self.results else None
        return [
            (ask, last)
            for ask in self._asks
            if isinstance(last, Round) and asked.get(ask.name, -1) < last.episode
        ]

    def said(self, ask: AskPlan, episode: int, said: Mapping[str, Mapping[str, Any]]) -> None:
        """The answers belong to the result of that episode."""
        result = self.results[episode]
        answers = {seat: {**result.answers.get(seat, {}), **more} for seat, more in said.items()}
        self.results[episode] = replace(result, answers={**result.answers, **answers})

    def close(self, round: Round, journal: Journal, steps: int, last: Step) -> Result:
        """That round was played: its result, with what the gate says now."""
        made = Result(
            episode=round.episode,
            practice=round.practice,
            steps=steps,
            scores=dict(journal.earned),
            people=self._people,
            terminated=last.terminated,
        )
        self.results.append(made)
        if self._play.until is not None and (round.practice or not self._play.practice):
            looked_at = rounds.gated(self.results, self._play.practice)
            made = self.results[-1] = replace(made, reached=self._reached(looked_at))
        return made

    def _reached(self, results: Sequence[Result]) -> bool:
        gate = self._play.until
        if isinstance(gate, Goal):
            return gate(results)
        said = self._consultant.ask(f"until:{self._play.name}", results)
        if said.error:
            self._complain("until", said.error)
        return bool(said.value)
