"""One report of all figures: a goal that is missed and a part that failed are both said."""

from __future__ import annotations

import json

from bench import report
from bench.figure import Figure


def test_a_report_says_which_goals_are_missed_and_what_was_not_measured(tmp_path):
    parts = {
        "tick": report.Part("there", [Figure("a tick", 3, "µs"), Figure("… at most", 9, "µs", 8)]),
        "wire": report.Part("then", [Figure("people", 8, "", 8, True), Figure("late", 1, "", 2)]),
        "soak": report.Part("then", (), "RuntimeError: nobody came"),
    }
    report.write(tmp_path, parts)

    assert report.verdict(parts) == [
        "2 of 3 goals are met.",
        "- not met, tick: a tick … at most: 9 µs, ≤ 8 is the goal",
        "- not measured, soak: RuntimeError: nobody came",
    ]
    told = json.loads((tmp_path / "figures.json").read_text())
    assert [one["met"] for one in told["wire"]["figures"]] == [True, True]
    assert told["tick"]["figures"][1]["name"] == "a tick … at most"
    text = (tmp_path / "figures.md").read_text()
    assert "*there*" in text and "nobody came" in text and "| … at most | 9 µs | ≤ 8 µs |" in text
