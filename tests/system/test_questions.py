"""A study without a game, with everything real: a crowd goes through it and the data are whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.system.server import eventually, plain_env, serving

pytestmark = pytest.mark.stack

PACKAGE = Path(__file__).parents[1] / "services" / "packages" / "questions"
PEOPLE = 12


def test_a_crowd_answers_every_question_in_drawn_orders_and_nothing_is_lost():
    pd = pytest.importorskip("pandas")
    with serving(PACKAGE) as server:
        command = "from igym.cli.main import main; main()"
        args = ["rehearse", f"{server.url}/e/questions", "--participants", str(PEOPLE), "--json"]
        done = subprocess.run(
            [sys.executable, "-c", command, *args],
            capture_output=True, text=True, timeout=120, env=plain_env(), check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        told = json.loads(done.stdout)
        assert (told["outcomes"], told["errors"]) == ({"complete": PEOPLE}, [])

        def table(name: str):
            folder = server.tables("questions") / name
            return pd.read_parquet(folder) if [*folder.glob("*.parquet")] else pd.DataFrame()

        def all_written() -> bool:
            visits, sessions = table("visits"), table("sessions")
            if len(sessions) != PEOPLE or visits.empty or table("orders").empty:
                return False
            return bool(sessions.outcome.notna().all()) and (
                visits[visits.scene == "thanks"].session_id.nunique() == PEOPLE
            )

        eventually(all_written, within_s=60, what="the archive")
        sessions, visits, orders, answers = map(table, ("sessions", "visits", "orders", "answers"))

    # Two orders, each for half of them; one of two pages; one way for everybody
    decided = ("shuffle1", "choose1", "branch1", "is_grown")
    assert Counter(orders.name) == dict.fromkeys(decided, PEOPLE)
    drawn = orders[orders.name == "shuffle1"].drawn.map(tuple)
    assert Counter(drawn) == {("a", "b+c"): PEOPLE / 2, ("b+c", "a"): PEOPLE / 2}
    way = orders[orders.name == "branch1"].set_index("session_id").drawn.map(lambda one: one[0])
    grown = orders[orders.name == "is_grown"].set_index("session_id").answer
    path = sessions.set_index("session_id").path
    for session, mine in visits.sort_values("visit").groupby("session_id"):
        seen = list(dict.fromkeys(mine.scene))  # a second attempt at the quiz is a second visit
        skipped = {"old" if way[session] == "otherwise" else "young"}
        skipped |= {"grown"} if grown[session] == "false" else set()
        assert seen == [scene for scene in path[session] if scene not in skipped]
        again = sum(mine.scene == "check") - 1  # after a wrong attempt the rules came again
        assert sum(mine.scene == "rules") == 1 + again and again in (0, 1)
    assert set(visits[visits.scene == "consent"].consent_version) == {"ethics 7"}

    # Every required question has an answer, and those that were not shown have none
    items = answers.groupby("item").session_id.nunique()
    assert items[["age", "mood", "trust", "goal"]].eq(PEOPLE).all()
    hands = answers[answers.item == "hand"].set_index("session_id").value.map(json.loads)
    assert set(answers[answers.item == "why"].session_id) == set(hands[hands == "right"].index)
    ages = answers[answers.item == "age"].set_index("session_id").value.map(json.loads)
    assert {s for s, age in ages.items() if age >= 60} == set(way[way == "then"].index)
    assert {s for s, age in ages.items() if age >= 40} == set(grown[grown == "true"].index)
    assert orders.error.isna().all()
    attempts = answers[answers.item == "goal"]
    assert set(attempts.attempt) <= {1, 2} and attempts.correct.notna().all()
