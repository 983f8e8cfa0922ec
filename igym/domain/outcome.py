"""How a session or a game ended. Every ending names a code for the outcomes it pays."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a session. `screened_<check>` (`igym.domain.screening`) are outcomes too."""

    COMPLETE = "complete"  # reached the ending by way of every scene
    NO_PARTNER = "no_partner"  # waited as long as the scene asks; nobody came
    LEFT = "left"  # was away until their game was given up
    PARTNER_LEFT = "partner_left"  # somebody else was away until the game was given up
    WITHDREW = "withdrew"  # chose to stop taking part
    ENDED_BY_RESEARCHER = "ended_by_researcher"  # somebody who runs the study ended it
    EXCLUDED = "excluded"  # went over a limit of the game (`igym.domain.watch`)
    FULL = "full"  # every place of their treatment was taken
    ABSENT = "absent"  # was not heard of for as long as the experiment allows
    TECHNICAL_PROBLEM = "technical_problem"  # the researcher's or igym's code failed


class GameOutcome(StrEnum):
    """The outcome of a game."""

    FINISHED = "finished"  # every episode was played to its end
    UNREACHED = "unreached"  # the condition of its scene (`until`) was never met
    ABANDONED = "abandoned"  # a person was away for longer than the grace
    ENDED_BY_RESEARCHER = "ended_by_researcher"  # somebody who runs the study ended it
    FAILED = "failed"  # the environment or a policy raised
    LOST = "lost"  # its worker died and nobody could go on
