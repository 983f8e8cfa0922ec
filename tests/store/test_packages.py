"""A version means one thing, one version is active, and whoever asks at the same time agrees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from igym.domain.package import MOVES, Standing, Step, Version, after
from igym.errors import Conflict, NotFound
from igym.store import packages


def a_version(name: str = "1", package: str = "a") -> Version:
    return Version("kitchen", name, package * 64, "Kitchen", Standing.STORED, "ann", 1.0)


def checked(redis, name: str, package: str) -> Version:
    version = packages.store(redis, a_version(name, package))
    return packages.move(redis, version, Step.PASS, "check", 2.0)


def standings(redis) -> dict[str, str]:
    return {v.version: v.standing.value for v in packages.versions(redis, "kitchen")}


def test_every_step_leads_to_one_standing_from_wherever_it_is_taken():
    for step in Step:
        assert {moves[step] for moves in MOVES.values() if step in moves} == {after(step)}


def test_the_same_files_again_are_the_same_as_once(redis):
    first = checked(redis, "1", "a")
    again = packages.store(redis, replace(a_version(), sent_by="bob", sent_ms=9.0))
    assert again == first
    assert packages.find(redis, "a" * 64) == first


def test_other_files_under_the_same_version_are_refused(redis):
    first = checked(redis, "1", "a")
    with pytest.raises(Conflict, match="has a version '1' already, with other files") as refused:
        packages.store(redis, a_version("1", "b"))
    assert "Raise the version" in refused.value.hint
    assert packages.versions(redis, "kitchen") == [first]
    with pytest.raises(NotFound):
        packages.find(redis, "b" * 64)


def test_a_version_that_was_refused_may_be_mended_or_sent_again(redis):
    version = packages.store(redis, a_version())
    assert packages.move(redis, version, Step.FAIL, "check", 2.0).standing is Standing.REFUSED
    assert packages.store(redis, a_version()).standing is Standing.STORED
    packages.move(redis, version, Step.FAIL, "check", 3.0)
    assert packages.store(redis, a_version("1", "b")).package == "b" * 64


def test_on_ones_own_machine_edited_files_take_the_place(redis):
    checked(redis, "1", "a")
    assert packages.store(redis, a_version("1", "b"), replace=True).package == "b" * 64


def test_what_was_not_checked_cannot_be_activated(redis):
    version = packages.store(redis, a_version())
    with pytest.raises(Conflict, match="is stored") as early:
        packages.move(redis, version, Step.ACTIVATE, "ann", 3.0)
    assert "check has not ended" in early.value.hint
    packages.move(redis, version, Step.FAIL, "check", 2.0)
    with pytest.raises(Conflict, match="is refused"):
        packages.move(redis, version, Step.ACTIVATE, "ann", 3.0)
    with pytest.raises(NotFound):
        packages.opening(redis, "kitchen")


def test_activating_retires_the_one_before_and_rolling_back_is_activating_it(redis):
    one, two = checked(redis, "1", "a"), checked(redis, "2", "b")
    packages.move(redis, one, Step.ACTIVATE, "ann", 3.0)
    packages.move(redis, two, Step.ACTIVATE, "ann", 4.0)
    assert standings(redis) == {"1": "retired", "2": "active"}
    assert packages.active_package(redis, "kitchen") == "b" * 64

    back = packages.move(redis, one, Step.ACTIVATE, "bob", 5.0)

    assert standings(redis) == {"1": "active", "2": "retired"}
    assert (back.moved_by, back.moved_ms) == ("bob", 5.0)
    assert packages.active(redis) == {"kitchen": "a" * 64}


def test_after_the_last_one_retired_nothing_is_active_and_the_experiment_is_still_known(redis):
    one = checked(redis, "1", "a")
    packages.move(redis, one, Step.ACTIVATE, "ann", 3.0)
    packages.move(redis, one, Step.RETIRE, "ann", 4.0)
    assert packages.active(redis) == {}
    assert packages.known(redis) == ["kitchen"]
    assert packages.opening(redis, "kitchen").latest == "a" * 64
    with pytest.raises(NotFound, match="No version of this study is active"):
        packages.active_package(redis, "kitchen")


def test_a_retired_one_does_not_take_the_active_one_with_it(redis):
    one, two = checked(redis, "1", "a"), checked(redis, "2", "b")
    packages.move(redis, one, Step.ACTIVATE, "ann", 3.0)
    packages.move(redis, two, Step.RETIRE, "ann", 4.0)
    assert packages.active_package(redis, "kitchen") == "a" * 64


def test_admins_who_activate_at_the_same_moment_leave_one_active_version(redis):
    made = [checked(redis, str(n), "abcdef"[n]) for n in range(6)]
    for round in range(20):
        together = Barrier(6)

        def activate(version: Version, together: Barrier = together) -> None:
            together.wait()
            packages.move(redis, version, Step.ACTIVATE, "ann", 5.0)

        with ThreadPoolExecutor(6) as admins:
            list(admins.map(activate, made))
        (active,) = [v for v in packages.versions(redis, "kitchen") if v.standing == "active"]
        assert packages.active_package(redis, "kitchen") == active.package, round


def test_two_people_who_submit_the_same_version_at_the_same_moment_cannot_both_have_it(redis):
    together = Barrier(6)

    def submit(package: str) -> bool:
        together.wait()
        try:
            packages.store(redis, a_version("1", package))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as people:
        assert sum(people.map(submit, "abcdef")) == 1


def test_closing_recruitment_remembers_since_when(redis):
    packages.move(redis, checked(redis, "1", "a"), Step.ACTIVATE, "ann", 3.0)
    packages.recruit(redis, "kitchen", 7.0)
    packages.recruit(redis, "kitchen", 8.0)
    assert packages.opening(redis, "kitchen").closed_ms == 7.0
    packages.recruit(redis, "kitchen", 0)
    assert packages.opening(redis, "kitchen").closed_ms == 0
