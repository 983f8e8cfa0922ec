"""An author's function that raises, hangs or lies costs its own call, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from igym.services.functions.calling import Callees, CallFailed
from tests.services import choosy

pytestmark = pytest.mark.slow


class Choosy:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.callees = Callees()

    def screen(self, do: str, limit_s: float = 5.0) -> object:
        facts = choosy.facts(do)
        return self.callees.call(self.root, "c" * 64, "screen", [facts], limit_s)

    def match(self, tickets: list[dict], size: int) -> object:
        return self.callees.call(self.root, "c" * 64, "match:count", [tickets, size], 5.0)


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Iterator[Choosy]:
    made = Choosy(choosy.write(tmp_path_factory.mktemp("choosy") / "package"))
    yield made
    made.callees.close()


def test_a_function_is_called_with_what_it_is_given_and_its_answer_comes_back(asked):
    assert asked.screen("pass") is True
    assert asked.screen("refuse") is False
    assert asked.screen("say") == "Only on Sundays."
    tickets = [{"session": name} for name in "abcde"]
    assert asked.match(tickets, 2) == [["a", "b"], ["c", "d"]]


def test_the_package_is_loaded_once_and_the_next_call_takes_milliseconds(asked):
    first = asked.screen("loaded")
    began_s = time.monotonic()
    assert all(asked.screen("loaded") == first for _ in range(20))
    assert time.monotonic() - began_s < 2.0  # loading takes longer than a twentieth of that


def test_what_raises_says_what_and_where_and_can_be_called_again(asked):
    before = asked.screen("loaded")
    with pytest.raises(CallFailed, match="RuntimeError: no idea") as failed:
        asked.screen("raise")
    assert "in check" in failed.value.trace and "raise RuntimeError" in failed.value.trace
    with pytest.raises(CallFailed, match="SystemExit"):
        asked.screen("leave")
    assert asked.screen("loaded") == before


@pytest.mark.parametrize("how", ["hang", "hang in C"])
def test_what_hangs_is_killed_at_its_limit_and_replaced(asked, how):
    _, pid = asked.screen("loaded")
    began_s = time.monotonic()
    with pytest.raises(CallFailed, match=r"took longer than 0\.5 s"):
        asked.screen(how, 0.5)
    assert time.monotonic() - began_s < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert asked.screen("pass") is True


def test_others_are_answered_while_one_hangs(asked):
    asked.screen("pass")
    with ThreadPoolExecutor(2) as pool:
        hung = pool.submit(asked.screen, "hang", 30.0)
        try:
            assert pool.submit(asked.screen, "say", 10.0).result(25) == "Only on Sundays."
            assert not hung.done()
        finally:
            for callee in _busy(asked):
                os.kill(callee, 9)
        with pytest.raises(CallFailed, match="ended its process"):
            hung.result(10)


def _busy(asked: Choosy) -> list[int]:
    """Processes of this package that are not idle: children of ours that run its code."""
    import psutil

    idle = {callee._process.pid for callee in asked.callees._idle}
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # others of ours end in this very moment
            if "igym.services.functions.callee" in child.cmdline() and child.pid not in idle:
                found.append(child.pid)
    return found


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("exit", "ended its process"),
        ("flood", "larger than 256 KiB"),
        ("object", "object is not something JSON can hold"),
        ("nan", "not JSON compliant"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_and_the_next_call_works(asked, how, why):
    with pytest.raises(CallFailed, match=why):
        asked.screen(how)
    assert asked.screen("pass") is True


def test_what_it_prints_does_not_get_between_the_answers(asked):
    assert asked.screen("print") is True
    assert asked.screen("say") == "Only on Sundays."


def test_it_is_told_none_of_our_secrets(asked, monkeypatch):
    monkeypatch.setenv("IGYM_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("REDIS_URL", "redis://secret")
    asked.callees.close()
    told = asked.screen("environment")
    assert not [name for name in told if "IGYM" in name or "REDIS" in name]


def test_a_function_or_package_that_is_not_there_is_said_to_be_missing(asked, tmp_path):
    with pytest.raises(CallFailed, match="no function for 'match:consent'"):
        asked.callees.call(asked.root, "c" * 64, "match:consent", [], 5.0)
    with pytest.raises(CallFailed, match="are not in"):
        asked.callees.call(tmp_path / "nowhere", "d" * 64, "screen", [], 5.0)
    broken = choosy.write(tmp_path / "broken", experiment="import nothing_of_that_name")
    with pytest.raises(CallFailed, match="nothing_of_that_name"):
        asked.callees.call(broken, "e" * 64, "screen", [{}], 5.0)
