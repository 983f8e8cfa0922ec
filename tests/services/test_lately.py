"""A look that several people share."""

from __future__ import annotations

import threading
import time

import pytest

from igym.services.lately import Lately


def counted(fresh_s, calls=None):
    made = [] if calls is None else calls

    def look():
        made.append(1)
        time.sleep(0.01)
        return len(made)

    return Lately(look, fresh_s)


def test_a_crowd_costs_one_look():
    lately, got = counted(60), []
    crowd = [threading.Thread(target=lambda: got.append(lately())) for _ in range(20)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert got == [1] * 20


def test_what_is_old_is_looked_at_again_and_so_is_what_was_changed():
    assert [counted(0)() for _ in range(2)] == [1, 1]
    always = counted(0)
    assert [always(), always()] == [1, 2]
    kept = counted(60)
    assert [kept(), kept()] == [1, 1]
    kept.again()
    assert [kept(), kept()] == [2, 2]


def test_a_look_that_fails_is_made_again():
    ways = iter([RuntimeError("away"), "here"])

    def look():
        way = next(ways)
        if isinstance(way, Exception):
            raise way
        return way

    lately = Lately(look, 60)
    with pytest.raises(RuntimeError):
        lately()
    assert lately() == "here"
