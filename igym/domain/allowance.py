"""How much somebody may say: so many at once, and so many a second after that. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Allowance:
    """A bucket that fills with time. The clock is the caller's, in seconds."""

    at_once: int
    per_s: float
    left: float = -1
    at_s: float = 0
    lost: int = 0  # refused since somebody last asked for it

    def takes(self, now_s: float) -> bool:
        """Whether one more may be said now; one that may not is counted in `lost`."""
        if self.left < 0:
            self.left = self.at_once
        else:
            filled = self.left + max(0.0, now_s - self.at_s) * self.per_s
            self.left = min(float(self.at_once), filled)
        self.at_s = now_s
        if self.left < 1:
            self.lost += 1
            return False
        self.left -= 1
        return True

    def told(self) -> int:
        """How many were refused since this was last asked."""
        lost, self.lost = self.lost, 0
        return lost
