"""The people of a live game, as its worker knows them. Knows no Redis and no episode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from igym.domain.controls import Controls
from igym.domain.dropout import Attendance, Change, Seated
from igym.domain.outcome import GameOutcome
from igym.domain.plan import HoldPlan
from igym.domain.watch import Limit, Watch, Word
from igym.engine.hands import Hands
from igym.errors import IgymError
from igym.wire import GRID, Keys


class Person:
    """The human in one seat: hands, connection, signs of life, and what follows without them."""

    def __init__(
        self,
        controls: Controls,
        rule: HoldPlan,
        limits: Sequence[Limit],
        absent_s: float,
        silent_s: float,
        now_s: float,
    ) -> None:
        """`absent_s` is the longest that "wait" waits; `silent_s` makes a silent person away."""
        self.hands = Hands(controls)
        self.rule = rule
        self.attendance = Attendance(rule.then, rule.grace_s, rule.returns, absent_s)
        self.link: tuple[str, int] | None = None  # (web worker, connection)
        self.count = 0  # last `Keys.count`
        self.seen = -1
        self.rtt_ms = -1.0
        self.hidden = False
        self.heard_s = 0.0
        self.input_s = now_s  # last key edge or move
        self.watch = Watch(limits, now_s)
        self.new = False  # on this connection they were told of no warning yet
        self.benched = ""  # the admin by whose word a policy plays for them; "" = nobody's
        self.leaves = ""  # outcome with which they left for good; "" = they did not
        self._silent_s = silent_s

    def hear(self, keys: Keys, rtt_ms: float, now_s: float, *, points: bool) -> bool:
        """Their browser says what they hold. Returns whether anything was pressed or moved anew.

        Args:
            points: whether it means something where pointer and sticks are.
        """
        self.heard_s = now_s
        if keys.count <= self.count:
            return False
        self.count = keys.count
        self.seen = keys.seen
        self.rtt_ms = rtt_ms
        self.hidden = keys.hidden
        pressed = 0
        for index, down, _ in keys.edges:
            if down:
                pressed |= 1 << index
        if points:
            self.point(keys)
        self.hands.hold(keys.held, pressed)
        if not keys.edges and not keys.moves:
            return False
        self.input_s = now_s
        return True

    def point(self, keys: Keys) -> None:
        """Pointer and sticks, as their browser tells of them."""
        spots = {device: (x / GRID, y / GRID, down) for device, x, y, down in keys.spots}
        moves = ((device, (x / GRID, y / GRID, down)) for device, x, y, down, _ in keys.moves)
        self.hands.point(spots, moves)

    def steady(self, now_s: float) -> bool:
        """Whether they are there as they were: what `look` finds at nearly every tick."""
        return (
            self.hands.present
            and self._here(now_s)
            and not self.leaves
            and self.attendance.stands is Seated.HERE
        )

    def _here(self, now_s: float) -> bool:
        """Whether they sit at their seat and are heard of."""
        return now_s - self.heard_s < self._silent_s and self.link is not None and not self.benched

    def look(self, now_s: float) -> Change | None:
        """Whether they are there, and what that changes."""
        if self.leaves:
            self.hands.let_go()
            return self.attendance.leave()
        here = self._here(now_s)
        if not here and self.hands.present:
            self.hands.let_go()
        self.hands.present = here
        return self.attendance.look(here, now_s)

    def watched(self, now_s: float) -> list[Word]:
        """What the scene's limits have to say about them now. Fed while they play."""
        if self.stands is not Seated.HERE:
            return self.watch.again(now_s)
        said = self.watch.feed(now_s, self.rtt_ms, self.hidden, self.input_s)
        if self.new:
            self.new, told = False, {word.kind for word in said}
            said += [word for word in self.watch.standing() if word.kind not in told]
        return said

    @property
    def stands(self) -> Seated:
        """How their seat stands."""
        return self.attendance.stands


def steady(people: Iterable[Person], now_s: float) -> bool:
    """Whether all of them are there as they were."""
    # A generator costs half of it again, at each tick of each game.
    for person in people:  # noqa: SIM110
        if not person.steady(now_s):
            return False
    return True


def awaited(people: Sequence[Person]) -> tuple[float | None, str]:
    """When the first of their rules acts, s, None where none does; and what the others read."""
    acts_s = [one.attendance.acts_s for one in people if one.rule.then != "wait"]
    first_s = min((at_s for at_s in acts_s if at_s is not None), default=None)
    return first_s, next((one.rule.message for one in people if one.rule.message), "")


class GameOver(IgymError):
    """The game ends before its episodes do. `outcome` says how, `away` which seats left."""

    def __init__(self, outcome: GameOutcome, away: tuple[str, ...] = ()) -> None:
        super().__init__(f"The game is over: {outcome}.")
        self.outcome = outcome
        self.away = away
