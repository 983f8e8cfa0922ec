"""What admins and researchers do is written down once, with what was before and after."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym.domain.access import Role
from igym.domain.deeds import Did
from igym.errors import NotFound
from igym.services import access, auditing
from igym.services.data import exporting
from igym.services.packages import publishing, releasing
from igym.store import audit, packages


def told(deployment, **how) -> list[tuple[Did, str, str]]:
    """What is in the log, the oldest first."""
    found = auditing.read(deployment, **how)
    return [(deed.did, deed.who, deed.what) for deed in reversed(found)]


@pytest.fixture
def two(lab, compiled):
    """Version 2 beside version 1, which `igym up` has activated."""
    plan = replace(compiled, version="2", package="b" * 64)
    lab.deployment.package_root(plan.package).mkdir()
    packages.publish(lab.deployment.redis, plan)
    return lab.deployment


def test_the_way_there_and_back_is_told_with_before_and_after(two):
    _, ann = access.create(two, "Ann", Role.ADMIN, (), 1)
    for version in ("1", "2", "1"):
        releasing.activate(two, releasing.find(two, f"counters/{version}"), ann)
    releasing.retire(two, releasing.find(two, "counters/1"), ann)
    releasing.activate(two, releasing.find(two, "counters/1"), "local")

    assert told(two, experiment="counters") == [
        (Did.ACTIVATED, "local", "1"),  # by `igym up`
        (Did.ROLLED_BACK, "Ann", "1"),
        (Did.ROLLED_BACK, "Ann", "2"),
        (Did.ROLLED_BACK, "Ann", "1"),
        (Did.RETIRED, "Ann", "1"),
        (Did.ROLLED_BACK, "local", "1"),
    ]
    retired = auditing.read(two)[1]
    assert (retired.before["active"], retired.before["standing"]) == ("1", "active")
    assert (retired.after["active"], retired.after["standing"]) == ("", "retired")
    assert retired.token == ann.id and retired.at_ms > 0


def test_what_changes_nothing_is_no_deed(two):
    releasing.activate(two, releasing.find(two, "counters/2"), "ann")
    releasing.recruit(two, "counters", is_open=True, by="ann")
    publishing.publish(two, two.package_root(packages.find(two.redis, "b" * 64).package).parent
                       / next(iter(two.plans._plans))[1])  # fmt: skip
    before = told(two)
    releasing.recruit(two, "counters", is_open=False, by="ann")
    releasing.recruit(two, "counters", is_open=False, by="ann")
    assert told(two) == [*before, (Did.CLOSED, "ann", "")]
    assert Did.OPENED not in [did for did, _, _ in before]


def test_what_was_refused_is_no_deed(two):
    before = told(two)
    with pytest.raises(NotFound):
        releasing.recruit(two, "unheard", is_open=False, by="ann")
    with pytest.raises(NotFound):
        access.revoke(two, "0" * 12)
    assert told(two) == before


def test_a_token_that_is_gone_can_still_be_told_apart(deployment):
    text, bob = access.create(deployment, "Bob", Role.RESEARCHER, ("counters",), 7)
    access.revoke(deployment, bob.id, bob)
    made, gone = reversed(auditing.read(deployment))
    assert (made.did, made.what, made.who, made.token) == (Did.TOKEN_MADE, bob.id, "local", "")
    assert (gone.did, gone.what, gone.token) == (Did.TOKEN_REVOKED, bob.id, bob.id)
    assert made.after["experiments"] == ["counters"] and gone.before["name"] == "Bob"
    assert text.rpartition("_")[2] not in str((made, gone))


def test_an_export_says_what_was_taken(lab):
    made = exporting.order(
        lab.deployment, "counters", "Ann", version="", modes=("live", "pilot"), formats=("csv",)
    )
    (deed,) = auditing.read(lab.deployment, most=1)
    assert (deed.did, deed.what, deed.experiment) == (Did.EXPORTED, made.id, "counters")
    assert deed.after["modes"] == ["live", "pilot"]


def test_a_long_log_is_read_page_by_page_and_the_latest_comes_first(deployment, monkeypatch):
    monkeypatch.setattr(audit, "_PAGE", 3)
    for n in range(10):
        auditing.note(
            deployment, "ann", Did.EXPORTED, experiment="ab"[n % 2], what=str(n), after={"n": n}
        )
    assert [d.what for d in auditing.read(deployment)] == [str(n) for n in range(9, -1, -1)]
    assert [d.what for d in auditing.read(deployment, experiment="a")] == list("86420")
    third = auditing.read(deployment, most=3)[-1]
    assert [d.what for d in auditing.read(deployment, before=third.id)] == list("6543210")
