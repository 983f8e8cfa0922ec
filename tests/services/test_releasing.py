"""Newcomers get the active version; whoever has begun keeps theirs, whatever admins do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym.domain.participant import Phase
from igym.errors import BadMessage, Conflict, NotFound, NotOpen, Unavailable
from igym.services.connect import Deployment
from igym.services.packages import publishing, releasing
from igym.store import packages
from igym.store.packages import Plans


@pytest.fixture
def two(lab, compiled):
    """Version 2 beside version 1, checked and with files; 1 is active."""
    plan = replace(compiled, version="2", package="b" * 64, title="Counting anew")
    lab.deployment.package_root(plan.package).mkdir()
    packages.publish(lab.deployment.redis, plan)
    releasing.activate(lab.deployment, releasing.find(lab.deployment, "counters/1"), "ann")
    return plan


def test_a_session_goes_on_with_its_version_and_newcomers_get_the_new_one(lab, two):
    old = lab.arrive(PROLIFIC_PID="old")
    releasing.activate(lab.deployment, releasing.find(lab.deployment, "counters/2"), "ann")

    assert lab.arrive(PROLIFIC_PID="new").release == "2"
    assert lab.arrive(PROLIFIC_PID="old").id == old.id
    assert lab.advance(old).release == "1"

    releasing.activate(lab.deployment, releasing.find(lab.deployment, "counters/1"), "ann")
    assert lab.arrive(PROLIFIC_PID="newer").release == "1"


def test_whoever_has_begun_comes_back_to_a_study_whose_every_version_is_retired(lab, two):
    old = lab.arrive(PROLIFIC_PID="old")
    releasing.retire(lab.deployment, releasing.find(lab.deployment, "counters/1"), "ann")

    assert lab.arrive(PROLIFIC_PID="old").id == old.id
    assert lab.advance(lab.read(old)).scene == "about"
    with pytest.raises(NotOpen, match="over"):
        lab.arrive(PROLIFIC_PID="new")


def test_plans_and_files_of_an_old_version_are_there_after_a_restart(lab, two, compiled):
    old = lab.arrive(PROLIFIC_PID="old")
    releasing.activate(lab.deployment, releasing.find(lab.deployment, "counters/2"), "ann")
    again = Deployment(
        lab.deployment.settings, lab.deployment.redis, Plans(lab.deployment.redis), "x" * 32
    )
    assert again.plans.get("counters", old.package) == compiled
    assert publishing.fingerprint(again.package_root(old.package)) == old.package


def test_closed_recruitment_keeps_newcomers_out_and_nobody_else(lab, two):
    old = lab.arrive(PROLIFIC_PID="old")
    releasing.recruit(lab.deployment, "counters", is_open=False, by="ann")

    with pytest.raises(NotOpen, match="nobody new"):
        lab.arrive(PROLIFIC_PID="new")
    with pytest.raises(NotOpen, match="nobody new"):
        lab.arrive(PROLIFIC_PID="new", mode="pilot")
    assert lab.arrive(PROLIFIC_PID="old").id == old.id
    assert lab.arrive(PROLIFIC_PID="me", mode="preview").phase is Phase.READING

    releasing.recruit(lab.deployment, "counters", is_open=True, by="ann")
    assert lab.arrive(PROLIFIC_PID="new")


def test_a_version_without_its_files_is_not_given_to_anybody(lab, two):
    lab.deployment.package_root(two.package).rmdir()
    with pytest.raises(Unavailable, match="not on the data volume"):
        releasing.activate(lab.deployment, releasing.find(lab.deployment, "counters/2"), "ann")
    assert packages.active_package(lab.deployment.redis, "counters") != two.package


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("counters", BadMessage), ("", BadMessage), ("counters/9", NotFound), ("no/1", NotFound),
        ("f" * 64, NotFound), ("../../x/1", NotFound),
    ],
)  # fmt: skip
def test_a_name_that_means_nothing_is_refused(lab, name, kind):
    with pytest.raises(kind):
        releasing.find(lab.deployment, name)


def test_an_experiment_nobody_knows_cannot_be_closed(lab):
    with pytest.raises(NotFound):
        releasing.recruit(lab.deployment, "unheard", is_open=False, by="ann")
    assert packages.known(lab.deployment.redis) == ["counters"]


def test_a_version_that_was_checked_can_be_looked_at_before_anybody_gets_it(lab, two):
    link = {"mode": "preview", "package": two.package}
    assert lab.arrive(**link).release == "2"
    assert lab.arrive(mode="preview").release == "1"
    assert lab.arrive(package=two.package).release == "1"  # participants do not choose
    with pytest.raises(NotFound):
        lab.arrive(mode="preview", package="f" * 64)


def test_production_refuses_what_development_replaces(lab, compiled):
    redis = lab.deployment.redis
    edited = replace(compiled, package="c" * 64)
    with pytest.raises(Conflict, match="other files"):
        packages.publish(redis, edited, replace=False)
    assert packages.active_package(redis, "counters") == compiled.package
    assert packages.publish(redis, edited).package == edited.package
    assert packages.active_package(redis, "counters") == edited.package
    # and sessions of the replaced files keep their plan:
    assert lab.deployment.plans.get("counters", compiled.package) == compiled
