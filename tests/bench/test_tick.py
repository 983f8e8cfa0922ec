"""The bench of a tick runs the stage of a game as it is, also as that changes."""

from __future__ import annotations

import pytest

from bench import tick

#: Compiles a package.
pytestmark = pytest.mark.slow


def test_a_tick_is_timed_apart_from_what_is_the_authors():
    platform, step, drawing, ratio = (figure.value for figure in tick.figures(300))
    assert min(platform, step, drawing) > 0
    assert ratio == pytest.approx(platform / (step + drawing))
