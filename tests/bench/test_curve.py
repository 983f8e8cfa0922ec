"""A load curve's figures, and when it refuses to give any."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import threading
from xml.etree import ElementTree

import pytest

from bench.curve import ratio, report, seen, servers
from bench.curve.lines import BINARY, TEXT, Line, Lines
from bench.curve.seen import Person, Window


def told(people=10, **more):
    frames = [Person(frames=300) for _ in range(people)]
    window = Window(began_s=0.0, wall_s=1000.0, cpu_s=0.0)
    window.ages_ms.extend([5.0] * 99 + [20.0])
    about = {
        "now_s": 10.0, "wall_s": 1010.0, "cpu_s": 1.0, "fps": 30.0, "longest_s": 0.001, "lost": 0,
        "bytes_": 1,
    }  # fmt: skip
    return seen.summary(window, frames, **(about | more))


def test_people_served_at_the_nominal_rate_with_fresh_frames_are_served_well():
    one = told()
    assert (one["fps"], one["fps_worst"], one["of_nominal"]) == (30.0, 30.0, 1.0)
    assert one["age_ms"] == {"p50": 5.0, "p95": 5.0, "p99": 20.0}
    assert not seen.doubts(one)
    assert seen.good(one)
    assert not seen.good(one, age_ms=19.0)
    assert not seen.good(told(fps=31.0))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"cpu_s": 9.0}, "the load generator was busy 90 %"),
        ({"wall_s": 1010.5}, "the clock was moved by 500 ms"),
        ({"wall_s": 1009.9}, "the clock was moved by -100 ms"),
        ({"lost": 2}, "2 connections were lost"),
    ],
)
def test_a_window_that_means_nothing_says_why(more, why):
    assert any(why in one for one in seen.doubts(told(**more)))


def test_somebody_who_saw_nothing_is_not_averaged_away():
    one = told()
    window = Window(began_s=0.0, wall_s=0.0, cpu_s=0.0)
    people = [*(Person(frames=300) for _ in range(999)), Person()]
    one = seen.summary(
        window,
        people,
        now_s=10.0,
        wall_s=10.0,
        cpu_s=0.0,
        fps=30.0,
        longest_s=0.0,
        lost=0,
        bytes_=0,
    )
    assert one["of_nominal"] > 0.99
    assert seen.doubts(one) == ["1 people saw no frame at all"]


def test_the_largest_number_is_the_last_before_the_first_that_failed():
    windows = [told(100), told(300), told(200, fps=31.0), told(50)]
    assert seen.largest(windows) == 100
    assert seen.largest([told(100), told(200, lost=1)]) == 100
    assert seen.largest([]) == 0


class Ear:
    def __init__(self):
        self.heard, self.turns, self.lost = [], 0, False

    def hear(self, line, kind, message):
        self.heard.append((kind, message))

    def speak(self, line, now_s):
        self.turns += 1
        line.send(b"keys")

    def lose(self):
        self.lost = True


def test_messages_come_whole_however_they_are_cut_and_everybody_speaks_in_turn():
    messages = [b"short", os.urandom(300), b"", os.urandom(70_000)]
    got = []

    def serve(server):
        peer, _ = server.accept()
        with peer:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += peer.recv(4096)
            stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
            for one in messages:
                size = len(one)
                head = (
                    bytes((0x82, size)) if size < 126
                    else bytes((0x82, 126)) + size.to_bytes(2) if size < 1 << 16
                    else bytes((0x82, 127)) + size.to_bytes(8)
                )  # fmt: skip
                stream += head + one
            stream += b"\x81\x012"
            for at in range(0, len(stream), 997):
                peer.sendall(stream[at : at + 997])
            got.append(peer.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = threading.Thread(target=serve, args=(server,))
        peer.start()
        lines, ear = Lines(), Ear()
        lines.add(Line(f"ws://127.0.0.1:{server.getsockname()[1]}/x"), ear)
        while not ear.lost:
            lines.turn()
        peer.join()
    assert ear.heard == [*((BINARY, one) for one in messages), (TEXT, b"2")]
    assert got[0].startswith(b"\x82\x84\0\0\0\0keys")
    assert lines.lost == 1


def test_curves_are_written_for_people_and_programs(tmp_path):
    windows = [
        told(people) | {"cpu_us": {"web": 20.0}, "cpu_us_all": 20.0 + people, "redis_commands": 0.1,
                        "redis_bytes": 90.0, "machine_load": 1.0, "doubts": [], "good": True,
                        "memory_mb": {"web": 70 + 0.1 * people, "games": 80 + 0.2 * people,
                                      "redis": 3.0}}
        for people in (10, 20)
    ]  # fmt: skip
    floor = windows[0] | {"memory_mb": {"floor": 30.0}}
    curves = {"igym": windows, "floor": [floor], "none": [{"people": 5, "failed": "no"}]}

    files = report.write(tmp_path / "curve", curves)

    assert {file.name for file in files} == {
        "load.csv", "load.json", "fps.svg", "age.svg", "cpu.svg"
    }  # fmt: skip
    rows = csv.DictReader((tmp_path / "curve" / "load.csv").read_text().splitlines())
    found = [(row["server"], row["people"], row["fps"], row["age_ms_p99"]) for row in rows]
    expected = [("igym", "10"), ("igym", "20"), ("floor", "10")]
    assert found == [(*one, "30.0", "20.0") for one in expected]
    assert (
        "igym: one more participant takes 100 kB of web workers and 0 kB of Redis, one more game "
        "of two 400 kB of game workers"
    ) in report.verdict(curves)
    assert "igym: 20 people at 99 % of the rate, 20 at 95 %" in report.verdict(curves)
    assert "igym: 30.0 us of CPU for a delivered frame, 1.0 times the floor" in (
        report.verdict(curves)
    )
    ElementTree.parse(tmp_path / "curve" / "age.svg")


def test_a_tier_that_became_dearer_is_not_paid_for_by_another():
    then = {"all": 10.0, "web": 3.0, "games": 6.0, "redis": 1.0}
    assert not ratio.worse({"all": 11.9, "web": 3.5, "games": 7.1, "redis": 9.0}, then)
    found = ratio.worse({"all": 9.5, "web": 1.5, "games": 7.5, "redis": 0.5}, then)
    assert found == ["games: 7.50 times the floor, +25% to the baseline's 6.00"]


def test_the_baseline_has_every_part_that_is_judged():
    then = json.loads(ratio.BASELINE.read_text())
    assert set(ratio.JUDGED) <= set(then["floors"])
    assert all(then["floors"][part] > 1 for part in ratio.JUDGED)
    assert all(share < ratio.MORE - 1 for share in then["spread"].values())


def test_cpu_of_another_process_is_told_to_the_microsecond():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            before_s = servers.process_s(busy.pid)
            while (spent_s := servers.process_s(busy.pid) - before_s) == 0:
                pass
            assert 0 < spent_s < 0.009, "no coarser than a hundredth of a second"
        finally:
            busy.kill()
