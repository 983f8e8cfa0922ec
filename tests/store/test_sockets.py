"""Where somebody's browser is: the newest connection counts, whatever order things come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from igym.store import sockets


def test_a_connection_that_ends_late_takes_no_newer_one_with_it(redis):
    sockets.connect(redis, "study", "ann", "web-1", 7)
    sockets.connect(redis, "study", "ann", "web-2", 3)
    sockets.disconnect(redis, "study", "ann", "web-1", 7)
    assert sockets.where(redis, "study", ["ann"]) == {"ann": ("web-2", 3)}
    sockets.disconnect(redis, "study", "ann", "web-2", 3)
    assert sockets.where(redis, "study", ["ann"]) == {}


def test_nobody_is_lost_who_comes_back_in_the_moment_in_which_they_are_taken_for_gone(redis):
    together = Barrier(2)

    def old_one_ends(number: int) -> None:
        together.wait()
        sockets.disconnect(redis, "study", f"ann-{number}", "web-1", 1)

    def new_one_comes(number: int) -> None:
        together.wait()
        sockets.connect(redis, "study", f"ann-{number}", "web-2", 2)

    with ThreadPoolExecutor(2) as both:
        for number in range(400):
            sockets.connect(redis, "study", f"ann-{number}", "web-1", 1)
            ends, comes = both.submit(old_one_ends, number), both.submit(new_one_comes, number)
            ends.result(), comes.result()

    names = [f"ann-{number}" for number in range(400)]
    assert sockets.where(redis, "study", names) == dict.fromkeys(names, ("web-2", 2))
