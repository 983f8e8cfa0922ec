"""Which outcomes can occur in an experiment, and which of them have no completion code. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from igym.domain.outcome import Outcome
from igym.domain.plan import Plan, PlayPlan
from igym.domain.screening import CHECKS


def outcomes(plan: Plan) -> dict[str, str]:
    """Outcome -> how it may come about, in a few words."""
    found: dict[str, str] = {}
    for outcome, how in _outcomes(plan):
        found.setdefault(str(outcome), how)
    return found


def uncoded(plan: Plan) -> dict[str, str]:
    """Those of `outcomes` that the ending names no code for, not even "" for none on purpose."""
    end = plan.scenes[-1].end
    assert end is not None
    coded = {key.partition(":")[0] for key in end.codes}
    return {outcome: how for outcome, how in outcomes(plan).items() if outcome not in coded}


def _outcomes(plan: Plan) -> Iterator[tuple[str, str]]:
    yield Outcome.COMPLETE, "somebody comes to the ending by way of every scene"
    if plan.entry is not None:
        entry = plan.entry
        asked = {
            "device": entry.devices, "browser": entry.browsers or entry.blocked,
            "screen": entry.width_px or entry.height_px, "rtt": entry.rtt_ms,
            "bandwidth": entry.kbps, "function": entry.check,
        }  # fmt: skip
        for check in CHECKS:
            if asked[check]:
                yield f"screened_{check}", "the entry screening finds it wanting"
    for scene in plan.scenes:
        if scene.quiz is not None and scene.quiz.failed:
            yield scene.quiz.failed, f"{scene.name}: no attempt is right"
        if scene.play is not None:
            for outcome, how in _of_game(scene.play):
                yield outcome, f"{scene.name}: {how}"
    if any(t.wanted for t in plan.treatments):
        yield plan.full, "every place of a treatment is taken"
    if any(scene.page is not None and scene.page.consent for scene in plan.scenes):
        yield Outcome.WITHDREW, "somebody stops taking part after consent"
    yield Outcome.ENDED_BY_RESEARCHER, "somebody who runs the study ends a session"
    yield Outcome.ABSENT, f"somebody is not heard of for {plan.absent_s / 60:g} min"


def _of_game(play: PlayPlan) -> Iterator[tuple[str, str]]:
    together = len(play.humans) > 1
    if together:
        yield play.unmatched.outcome, "nobody comes to play with"
    for seat in play.humans:
        rule = play.dropped[seat]
        yield rule.leaver, f"who sits in {seat} stays away"
        if together and rule.then in ("end", "wait"):
            yield rule.partner, f"the game ends since who sits in {seat} stays away"
    if play.gate:
        yield play.never, "its `until` is never met"
    if play.limits:
        yield Outcome.EXCLUDED, "somebody goes over a limit"
    yield Outcome.TECHNICAL_PROBLEM, "the environment or a policy fails, or its workers are lost"
