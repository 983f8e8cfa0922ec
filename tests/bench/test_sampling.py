"""What samples of a process are part of, and the pictures that are made of them."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

import pytest

from bench.curve import flame, sampling, share
from bench.curve.sampling import RATE, Sampled

TICK = "play (igym/engine/runner.py:82)"
STEP = "Sim.step (igym/sim/host.py:120)"
LOG = "GroupLog._run (igym/store/group.py:75)"


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ([TICK, STEP, "DictAgents.step (igym/sim/kinds.py:208)", "step (field.py:9)"], "env.step"),
        ([TICK, "Sim.draw (igym/sim/host.py:163)", "circle (igym/sim/draw.py:112)"], "drawing"),
        ([TICK, "Picture.change (igym/sim/draw.py:334)"], "comparing and encoding"),
        ([TICK, "OnnxSeat.ask (igym/engine/seats.py:9)", "run (onnxruntime/x.py:1)"], "policies"),
        ([TICK, "Journal.flush (igym/services/games/journal.py:1)"], "journal"),
        ([LOG, "Pipeline.execute (redis/client.py:2198)", "send (gevent/_s.py:1)"], "Redis"),
        ([TICK, "guarded (igym/engine/runner.py:69)"], "tick and seats"),
        (["run (threading.py:1)"], share.OTHER),
    ],
)
def test_time_counts_for_whoever_spent_it(stack, name):
    assert share.part(tuple(stack)) == name


def test_threads_that_wait_are_no_samples():
    lines = [f"{TICK};{STEP} 3", f"{TICK};{STEP} 2", f"{TICK};Hub.run (gevent/hub.py:631) 90"]
    assert sampling.folded(lines) == {(TICK, STEP): 5}


def told(samples: int, cpu_s: float) -> Sampled:
    stacks = {"games": Counter({(TICK, STEP): samples, (TICK,): samples})}
    return Sampled(2, 10.0, 600, 30.0, stacks, {"games": cpu_s, "redis": 0.06})


def test_shares_add_up_to_the_cpu_time_that_was_measured():
    seen = 600 / RATE / 600 * 1e6  # of each of the two, in µs a frame

    found = share.shares(told(600, 6.0 * 3))
    assert found["games"]["env.step"] == pytest.approx(seen)
    assert found["games"][share.LOOP] == pytest.approx(18.0 / 600 * 1e6 - 2 * seen)
    assert found["redis"] == {"all of it": pytest.approx(100.0)}

    # On a busy machine whoever waits for a core is seen at work for longer than it worked.
    crowded = share.shares(told(600, 3.0))["games"]
    assert crowded == {
        "env.step": pytest.approx(2500.0), "tick and seats": pytest.approx(2500.0)
    }  # fmt: skip
    assert share.table({"games": crowded})[-1].split() == ["all", "5000.0"]


def test_pictures_are_files_that_other_programs_can_read(tmp_path):
    about = told(600, 6.0)
    share.write(tmp_path, about, share.shares(about), "a & b's study")
    ElementTree.parse(tmp_path / "share.svg")
    assert (tmp_path / "share.csv").read_text().splitlines()[1].startswith("games,env.step,")

    graph = ElementTree.fromstring(flame.svg(about.stacks["games"], "games & web"))
    boxes = {
        group[0].text: float(group[1].attrib["width"])
        for group in graph.iter("{http://www.w3.org/2000/svg}g")
        if len(group) > 1 and group[0].tag.endswith("title")
    }
    assert boxes == {f"{TICK}: 100.0%": flame.WIDE, f"{STEP}: 50.0%": flame.WIDE / 2}
