"""Who may look on at a game, with which permit, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym.domain.access import ANY, Role
from igym.domain.plan import FillPlan
from igym.errors import BadToken, IgymError, NotFound, NotYours
from igym.services import accounts, auditing
from igym.services.games import spectating
from igym.services.games.spectating import Permit
from igym.services.sessions import tokens
from igym.store import games, keys

WORDS = "correct horse battery staple"


def visiting(deployment, role: Role, *experiments: str):
    """(visit, access) of somebody who has just signed in."""
    name = f"{role}{len(accounts.listed(deployment))}"
    accounts.create(deployment, name, WORDS, role, experiments)
    found = accounts.signed_in(deployment, accounts.sign_in(deployment, name, WORDS, "here"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("role", "experiments", "may"),
    [
        (Role.ADMIN, (), True),
        (Role.RESEARCHER, ("counters",), True),
        (Role.RESEARCHER, ("other",), False),
        (Role.VIEWER, ("counters",), True),
        (Role.VIEWER, (ANY,), True),
        (Role.VIEWER, ("other", "counter"), False),
    ],
)
def test_who_may_see_an_experiment_may_look_on_and_nobody_else(lab, role, experiments, may):
    game = lab.pair()
    visit, access = visiting(lab.deployment, role, *experiments)
    ask = (lab.deployment, visit, access, "counters", game.id)
    if not may:
        with pytest.raises(NotYours):
            spectating.admit(*ask)
        forged = tokens.issue_watch(lab.deployment, visit.id, "counters", game.id)
        with pytest.raises(NotYours):
            spectating.read(lab.deployment, forged)
        return
    said = spectating.admit(*ask)
    assert spectating.read(lab.deployment, said["permit"]) == Permit(visit.id, "counters", game.id)
    assert said["people"] == game.seats and said["fps"] == 120
    (line, *_) = auditing.read(lab.deployment)
    assert (line.did, line.who, line.what) == ("watched", access.name, game.id)


def test_whoever_looks_on_is_told_who_or_what_sits_in_each_seat(lab, monkeypatch):
    game = lab.pair()
    visit, access = visiting(lab.deployment, Role.VIEWER, "counters")

    def told() -> dict:
        return spectating.admit(lab.deployment, visit, access, "counters", game.id)

    assert (told()["people"], told()["policies"]) == (game.seats, {})

    alone = {"left": game.seats["left"]}
    about = games.texts({"seats": alone, "filled": ["right"], "cells": {"partner": "kind"}})
    lab.deployment.redis.hset(keys.game("counters", game.id), mapping=about)
    plan = lab.deployment.plans.get("counters", game.package)
    play = plan.scene("count").play
    more = replace(
        play,
        seats=(*play.seats, "third", "fourth", "fifth"),
        policies={"third": "Random()"},
        fill=FillPlan(5.0, "Hold(1)"),
        treated={"fourth": "partner", "fifth": "other"},
    )
    scenes = tuple(replace(one, play=more) if one.play else one for one in plan.scenes)
    monkeypatch.setitem(
        lab.deployment.plans._plans, ("counters", game.package), replace(plan, scenes=scenes)
    )
    assert told()["people"] == alone
    assert told()["policies"] == {
        "right": "Hold(1)",
        "third": "Random()",
        "fourth": "partner: kind",
        "fifth": "other",
    }


def test_a_permit_is_worth_nothing_to_who_is_signed_out_or_has_another_role_now(lab):
    game = lab.pair()
    visit, access = visiting(lab.deployment, Role.VIEWER, "counters")
    text = spectating.admit(lab.deployment, visit, access, "counters", game.id)["permit"]
    permit = spectating.read(lab.deployment, text)
    seen = spectating.look(lab.deployment, [permit, permit])[permit]
    assert seen is not None and (seen.id, seen.owner) == (game.id, "")

    accounts.change(lab.deployment, access.name, Role.VIEWER, ("other",))
    assert spectating.look(lab.deployment, [permit]) == {permit: None}
    accounts.change(lab.deployment, access.name, Role.VIEWER, ("counters",))
    assert spectating.read(lab.deployment, text) == permit
    accounts.sign_out(lab.deployment, visit)
    assert spectating.look(lab.deployment, [permit]) == {permit: None}
    with pytest.raises(NotYours):
        spectating.read(lab.deployment, text)


def test_only_permits_of_ours_are_permits(lab):
    session = lab.arrive()
    for bad in (
        None,
        7,
        "",
        "x",
        "a" * 5_000,
        tokens.issue(lab.deployment, "counters", session.id),
    ):
        with pytest.raises(BadToken):
            spectating.read(lab.deployment, bad)


def test_a_game_that_is_over_or_never_was_is_not_live(lab):
    game = lab.pair()
    visit, access = visiting(lab.deployment, Role.ADMIN)
    lab.deployment.redis.hset(keys.game("counters", game.id), "phase", "over")
    for id in (game.id, "0" * 32):
        with pytest.raises(NotFound):
            spectating.admit(lab.deployment, visit, access, "counters", id)
    with pytest.raises(IgymError):
        spectating.admit(lab.deployment, visit, access, "nothing", game.id)
