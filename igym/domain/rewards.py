"""Sums of rewards, which are somebody's score."""

from __future__ import annotations

import math
from collections.abc import Iterable


def summed(rewards: Iterable[float]) -> float:
    """The sum of those that are finite: one NaN would leave no score of a whole game.

    The data has each as the environment gave it, and `igym check` fails such a package.
    """
    return sum(filter(math.isfinite, rewards))
