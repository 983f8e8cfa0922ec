"""What the people of a game are told between its ticks: where it stands, and an author's words.

Knows neither the environment nor the log; `Stage` says what there is to tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from igym import wire
from igym.domain.plan import PlayPlan
from igym.domain.rounds import Round
from igym.services.games.audience import Audience
from igym.services.games.journal import Journal
from igym.services.games.people import Person
from igym.store.games import Game
from igym.store.post import Outbox
from igym.wire import inner

#: The most characters an author says to somebody at a time.
MOST_SAID = 500


class Telling:
    """Where one game stands, as its people hear it.

    Attributes:
        round: the episode it is about.
        stands: the stage that was told last.
        turns: seats that act next, where seats take turns.
        words: seat -> what the author says to it until the next episode begins.
    """

    def __init__(
        self,
        outbox: Outbox,
        game: Game,
        play: PlayPlan,
        people: Mapping[str, Person],
        audience: Audience,
        journal: Journal,
        first: Round,
    ) -> None:
        """`people` are those of the seats that somebody sits in."""
        self._outbox = outbox
        self._game = game
        self._masked = play.masked
        self._people = people
        self._audience = audience
        self._journal = journal
        self.round = first
        self.stands: wire.EpisodeStage = "waiting"
        self.turns: list[str] = []
        self.words: dict[str, str] = {}
        self._about: tuple[float, str, list[str], str] = (0.0, "", [], "")

    def tell(
        self, stage: wire.EpisodeStage, starts_ms: float, text: str, away: list[str], ask: str
    ) -> None:
        """Say it to everybody, and by `packet` to whoever connects later."""
        self.stands = stage
        self._about = (starts_ms, text, away, ask)
        alike: dict[tuple[str, bool], list[str]] = defaultdict(list)  # what is said -> to whom
        for seat, person in self._people.items():
            alike[self.words.get(seat, ""), bool(person.benched)].append(seat)
        for seats in alike.values():
            packet = self.packet(seats[0])
            for web, conns in self._audience.linked(seats).items():
                self._outbox.put(web, inner.Deliver(conns, inner.CONTROL, packet))

    def packet(self, seat: str) -> bytes:
        """Where the game stands, for the person in that seat."""
        starts_ms, text, away, ask = self._about
        stage = self.stands
        return wire.packet(
            wire.Episode(
                game=self._game.id,
                generation=self._game.generation,
                episode=self.round.episode,
                practice=self.round.practice,
                round=self.round.number,
                rounds=self.round.of,
                stage=stage,
                starts_ms=starts_ms,
                text=text,
                away=[] if self._masked else away,
                ask=ask,
                scores=dict(self._journal.scores),
                turns=self.turns,
                benched=bool(self._people[seat].benched) if seat in self._people else False,
                words="" if stage in ("playing", "held", "paused") else self.words.get(seat, ""),
            )
        )

    def say(self, text: str, seat: str = "") -> tuple[str, ...]:
        """Show the author's words to a seat, or to everybody, as soon as no tick is played.

        Returns:
            The seats to which they are shown.

        Raises:
            ValueError: there is no person in that seat, or too much is said.
        """
        if seat and seat not in self._people:
            raise ValueError(f"say(…, seat={seat!r}): there is no person, only {[*self._people]}")
        if len(text) > MOST_SAID:
            raise ValueError(f"say(…): {len(text)} characters, and {MOST_SAID} are the most")
        seats = (seat,) if seat else tuple(self._people)
        self.words.update(dict.fromkeys(seats, text))
        return seats
