"""The episodes of one live game: which one is next, who plays in it, and what the gate says.

Knows neither screens nor the log: whoever plays the game writes down what is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from igym.domain import rounds
from igym.domain.adaptive import Adaptive, ChosenBy, Staircase
from igym.domain.experiment import Play
from igym.domain.plan import AskPlan
from igym.domain.rounds import Goal, Result, Round
from igym.services.connect import now_ms
from igym.services.games.consulting import Consultant
from igym.services.games.journal import Journal
from igym.sim.host import Step
from igym.store.games import Game
from igym.store.records import Row


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
        self._game = game
        self._consultant = consultant
        self._complain = complain
        self._people = tuple(str(s) for s in play.humans if str(s) in game.seats)
        self._adaptive = {str(s): w for s, w in play.seats.items() if isinstance(w, Adaptive)}
        self.results = [rounds.unpacked(one) for one in game.results]
        self.cast = dict(game.cast)  # adaptive seat -> its cell, in the episode `cast_for`
        self.cast_for = game.cast_for

    @property
    def consults(self) -> bool:
        """Whether functions of the author's are asked about the episodes."""
        until = self._play.until
        return (until is not None and not isinstance(until, Goal)) or any(
            who.kind == "function" for who in self._adaptive.values()
        )

    def next(self, after: int | None = None) -> Round | Literal["over", "unreached"]:
        """What follows, or followed after so many episodes."""
        play = self._play
        return rounds.upcoming(
            self.results[:after],
            practice=play.practice,
            episodes=play.episodes,
            gate=play.until is not None,
        )

    # --- questions ------------------------------------------------------------------------------

    def due(self, asked: Mapping[str, int]) -> list[tuple[AskPlan, Round]]:
        """What people have to be asked now, and about which round: the last one, then the next.

        Args:
            asked: what is settled: ask -> the last episode.
        """
        played = len(self.results)
        last, following = (self.next(played - 1) if played else None), self.next()
        found = []
        for when, round in (("after", last), ("before", following)):
            for ask in self._asks:
                fits = ask.when == when or (when, ask.when, played) == ("before", "first", 0)
                if when == "after" and isinstance(round, Round) and round.practice:
                    fits = fits and ask.practice
                if fits and isinstance(round, Round) and asked.get(ask.name, -1) < round.episode:
                    found.append((ask, round))
        return found

    def said(self, ask: AskPlan, episode: int, said: Mapping[str, Mapping[str, Any]]) -> None:
        """Answers about a round that was played belong to its result, a choice to the next cast."""
        if ask.when == "after":
            result = self.results[episode]
            answers = {s: {**result.answers.get(s, {}), **more} for s, more in said.items()}
            self.results[episode] = replace(result, answers={**result.answers, **answers})
            return
        for seat, who in self._adaptive.items():
            if isinstance(who.rule, ChosenBy) and who.rule.name == ask.name:
                chosen = said.get(who.rule.seat, {}).get(ask.name)
                if chosen in who.cells:
                    self.cast[seat] = str(chosen)

    # --- who plays ------------------------------------------------------------------------------

    def choose(self, round: Round) -> list[Row]:
        """Choose for every adaptive seat; `cast` says what. Nothing where that was done before.

        Returns:
            The rows that say why; they and `cast` must be written before the round begins.
        """
        if not self._adaptive or self.cast_for == round.episode:
            return []
        rows = []
        for seat, who in self._adaptive.items():
            self.cast[seat], error = self._cell(seat, who)
            row = {
                "game_id": self._game.id,
                "day_ms": self._game.created_ms,
                "episode": round.episode,
                "seat": seat,
                "chosen_ms": now_ms(),
                "rule": who.kind,
                "parameters": json.dumps(asdict(who.rule))
                if isinstance(who.rule, Staircase)
                else "",
                "cells": list(who.cells),
                "cell": self.cast[seat],
                "results": json.dumps([rounds.packed(one) for one in self.results]),
                "error": error,
            }
            rows.append(("choices", row))
        self.cast_for = round.episode
        return rows

    def _cell(self, seat: str, who: Adaptive) -> tuple[str, str]:
        """The seat's cell now, and why the rule was not followed."""
        cells = list(who.cells)
        before = self.cast.get(seat, cells[0])
        if isinstance(who.rule, Staircase):
            return who.rule.cell(cells, self.results), ""
        if isinstance(who.rule, ChosenBy):
            return before, "" if seat in self.cast else "nobody has chosen"
        said = self._consultant.ask(f"choose:{self._play.name}:{seat}", self.results)
        error = said.error
        if not error and said.value not in cells:
            error = f"{said.value!r} is not among {cells}"
        if error:
            self._complain(f"the choice for seat {seat}", error)
        return (before if error else str(said.value)), error

    # --- results --------------------------------------------------------------------------------

    def close(self, round: Round, journal: Journal, steps: int, last: Step) -> Result:
        """That round was played: its result, with what the gate says now."""
        made = Result(
            episode=round.episode,
            practice=round.practice,
            steps=steps,
            scores=dict(journal.earned),
            people=self._people,
            terminated=last.terminated,
            cells=dict(self.cast),
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
