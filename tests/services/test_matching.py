"""From queue to game: who is asked, who is let go, who plays with a policy, what is logged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym import wire
from igym.archive import matches, parquet
from igym.domain import matchlog
from igym.domain.grouping import Offer
from igym.domain.plan import FillPlan, GroupPlan, ScenePlan
from igym.errors import BadMessage, LeaseLost
from igym.services.data import archiving
from igym.services.functions import asking
from igym.services.functions.asking import Answer
from igym.services.lobby import matching, waiting
from igym.services.sessions import advancing, screens
from igym.store import games, jobs, lobby, records, sessions
from tests.services.paper import E, Paper, a_plan, a_play, answer

POLICY = FillPlan(after_s=60, policy="a bot")


@pytest.fixture
def later(monkeypatch):
    """later(seconds): that much time goes by, for whoever decides by the clock."""
    real, late_ms = matching.now_ms, [0.0]
    for module in (matching, waiting, advancing):
        monkeypatch.setattr(module, "now_ms", lambda: real() + late_ms[0])

    def pass_by(seconds: float) -> None:
        late_ms[0] += seconds * 1000

    return pass_by


def study(deployment, humans: int = 2, **play) -> Paper:
    return Paper(deployment, a_plan(play=a_play(humans, **play)))


def queue(study: Paper) -> list[str]:
    name = sessions.lobby_name(study.plan.package, "play", "live")
    return [ticket.session for ticket in lobby.tickets(study.redis, E, name)]


# --- asked before sealed ------------------------------------------------------------------


def test_nobody_is_seated_before_everybody_has_said_that_they_are_there(deployment):
    paper = study(deployment)
    ann, bob = paper.to("play"), paper.to("play")
    assert paper.matcher.round(1) == 0
    answer(deployment, paper.outbox, bob.id)
    assert paper.matcher.round(1) == 0 and queue(paper) == [ann.id, bob.id]
    name = sessions.lobby_name(paper.plan.package, "play", "live")
    proposal = paper.rows("decisions")[0] and lobby.look(paper.redis, E, name).proposals[0]
    waiting.here(paper.deployment, E, name, bob.id, proposal.id)
    assert paper.matcher.round(1) == 1
    assert paper.game(ann).seats == {"s0": ann.id, "s1": bob.id}
    assert paper.read(ann).met == [bob.participant] and paper.read(bob).met == [ann.participant]
    assert paper.read(ann).groups == {"play": paper.game(ann).id}


def test_whoever_plays_alone_is_not_asked(deployment):
    paper = study(deployment, 1)
    ann = paper.to("play")
    assert paper.matcher.round(1) == 1
    assert paper.read(ann).phase == "playing"


def test_the_silent_go_to_the_back_and_the_second_time_out(deployment, later):
    paper = study(deployment)
    ann, bob, cat = (paper.to("play") for _ in range(3))
    paper.matcher.round(1)
    answer(deployment, paper.outbox, bob.id)
    later(9)
    # Bob is behind cat now, and ann, who answered, still first.
    assert paper.match() == 1
    assert paper.game(ann).seats == {"s0": ann.id, "s1": cat.id}
    dan = paper.to("play")
    paper.matcher.round(1)
    answer(deployment, paper.outbox, bob.id)
    later(9)
    paper.matcher.round(1)
    assert (paper.read(bob).phase, paper.read(bob).outcome) == ("ended", "absent")
    assert queue(paper) == [dan.id]
    assert [row["end"] for row in paper.rows("proposals")] == ["silent", "sealed", "silent"]


def test_a_director_that_died_is_no_reason_to_blame_anybody(deployment, later):
    paper = study(deployment)
    ann, bob = paper.to("play"), paper.to("play")
    paper.matcher.round(1)
    later(9)
    heir = matching.Matcher(paper.deployment, paper.outbox, "director-2")
    paper.outbox.said.clear()
    assert heir.round(2) == 0
    assert queue(paper) == [ann.id, bob.id]
    answer(deployment, paper.outbox)
    assert heir.round(2) == 1


def test_a_director_that_was_held_up_changes_nothing_any_more(deployment):
    paper = study(deployment)
    old = matching.Matcher(paper.deployment, paper.outbox, "director-old")
    paper.to("play"), paper.to("play")
    assert old.round(1) == 0
    paper.matcher.round(2)  # another leads: it asks for its own, and goes on with what stands
    paper.to("play"), paper.to("play")
    paper.matcher.round(2)
    answer(deployment, paper.outbox)
    with pytest.raises(LeaseLost):
        old.round(1)
    assert games.open_games(paper.redis, E) == []
    assert paper.matcher.round(2) == 2


# --- waiting in vain ----------------------------------------------------------------------


def test_waiting_ends_by_the_servers_clock(deployment, later):
    paper = study(deployment, waits_s=100, unmatched=Offer("nobody_came"))
    ann = paper.to("play")
    later(99)
    paper.match()
    assert paper.read(ann).phase == "waiting"
    later(2)
    paper.match()
    assert (paper.read(ann).phase, paper.read(ann).outcome) == ("ended", "nobody_came")
    assert [row["end"] for row in paper.rows("tickets")] == ["timed_out"]


def test_a_game_says_which_images_it_loads_and_where_they_are(deployment):
    paper = study(deployment, assets=("cooks.json", "cooks.png"))
    ann, _ = paper.to("play"), paper.to("play")
    paper.match()
    view = screens.state(paper.deployment, paper.read(ann), "web-1").view
    assert isinstance(view, wire.GameView)
    assert view.assets == ["cooks.json", "cooks.png"]
    assert view.assets_at == f"/assets/{paper.plan.package}/"


def test_a_choice_that_is_not_made_is_made_for_them(deployment, later):
    paper = study(deployment, waits_s=100, unmatched=Offer("no_partner", again=1))
    ann = paper.to("play")
    later(101)
    paper.match()
    view = screens.state(paper.deployment, paper.read(ann), "web-1").view
    assert isinstance(view, wire.ChoiceView) and [o.name for o in view.options] == [
        "again",
        "finish",
    ]
    assert view.waited_ms == pytest.approx(101_000, abs=2_000)
    later(59)
    paper.match()
    assert paper.read(ann).phase == "choosing"
    later(2)
    paper.match()
    assert (paper.read(ann).phase, paper.read(ann).outcome) == ("ended", "no_partner")


def test_waiting_on_is_offered_as_often_as_the_author_says(deployment, later):
    paper = study(deployment, waits_s=100, unmatched=Offer("no_partner", again=2))
    ann = paper.to("play")
    for time in (1, 2):
        later(101)
        paper.match()
        now = paper.read(ann)
        assert now.phase == "choosing"
        for _ in range(2):  # a double click
            said = wire.Choose(now.version, "again")
            waiting.choose(paper.deployment, paper.read(ann), said)
        assert (paper.read(ann).phase, paper.read(ann).again) == ("waiting", time)
    later(101)
    paper.match()
    assert paper.read(ann).outcome == "no_partner"


# --- a policy in the empty seat -----------------------------------------------------------


def test_a_policy_sits_in_after_a_while_and_in_no_more_games_than_wanted(deployment, later):
    paper = study(deployment, fill=replace(POLICY, at_most=1), waits_s=300)
    ann = paper.to("play")
    later(59)
    assert paper.match() == 0
    later(2)
    assert paper.match() == 1
    game = paper.game(ann)
    assert (game.seats, game.filled) == ({"s0": ann.id}, ["s1"])
    assert {row["seat"]: row["policy"] for row in paper.rows("seats")} == {
        "s0": None,
        "s1": "a bot",
    }
    assert paper.rows("matches")[0]["filled"] == 1
    paper.to("play")
    later(100)
    assert paper.match() == 0, "one game was all that was wanted"


def test_two_who_are_due_at_once_share_the_last_place_for_a_policy(deployment, later):
    paper = study(deployment, fill=replace(POLICY, at_most=1), group=GroupPlan("strangers"))
    ann, bob = (paper.to("play", id=name) for name in ("ann", "ann2"))
    for who, other in ((ann, bob), (bob, ann)):
        now = paper.read(who)
        name = sessions.lobby_name(paper.plan.package, "play", "live")
        lobby.drop(paper.redis, E, name, who.id)
        fields = {"met": [other.participant]}
        sessions.move(paper.redis, now, fields, [], join=name, at_ms=now.entered_ms)
    later(61)
    assert paper.match() == 1
    assert len(queue(paper)) == 1


def test_who_chose_the_policy_gets_it_at_once(deployment, later):
    offered = Offer("no_partner", bot=True)
    paper = study(deployment, fill=replace(POLICY, after_s=9_999), waits_s=100, unmatched=offered)
    ann = paper.to("play")
    later(101)
    paper.match()
    now = paper.read(ann)
    with pytest.raises(BadMessage):
        waiting.choose(paper.deployment, now, wire.Choose(now.version, "again"))
    waiting.choose(paper.deployment, now, wire.Choose(now.version, "bot"))
    paper.to("play")  # somebody who could have been a partner
    assert paper.match() == 1
    assert paper.game(ann).filled == ["s1"]


# --- over scenes ----------------------------------------------------------------------


def twice(deployment, group: GroupPlan) -> Paper:
    """The study with a second game."""
    plan = a_plan()
    again = ScenePlan("again", play=a_play(group=group))
    return Paper(deployment, replace(plan, scenes=(*plan.scenes[:3], again, *plan.scenes[3:])))


@pytest.mark.parametrize(
    ("strategy", "together"), [("reunion", True), ("strangers", False), ("fifo", None)]
)
def test_strangers_and_reunions_know_the_game_before(deployment, strategy, together):
    paper = twice(deployment, GroupPlan(strategy, scene="play"))
    ann, bob, cat, _ = (paper.to("play") for _ in range(4))
    assert paper.match() == 2
    first, second = paper.game(ann), paper.game(cat)
    assert set(first.seats.values()) == {ann.id, bob.id}
    paper.finish(second)
    paper.finish(first)
    assert paper.match() == 2
    met = set(paper.game(ann).seats.values())
    assert together is None or (met == {ann.id, bob.id}) == together


# --- the author's own ---------------------------------------------------------------------


class Function:
    """An author's function as the director knows it: a question, and later an answer."""

    def __init__(self, monkeypatch) -> None:
        self.asked: list = []
        self.says: Answer | None = None
        monkeypatch.setattr(asking, "ask", self._ask)
        monkeypatch.setattr(asking, "answer", lambda *_: self.says)

    def _ask(self, deployment, experiment, package, what, arguments, limit_s) -> str:
        assert what == "match:play"
        self.asked.append(arguments)
        return "q"


def test_an_authors_answer_is_followed(deployment, monkeypatch):
    paper = study(deployment, group=GroupPlan("custom"))
    ann, bob, cat = (paper.to("play") for _ in range(3))
    function = Function(monkeypatch)
    assert paper.match() == 0, "nobody waits for the answer, and nobody is matched before it"
    tickets, size = function.asked[0]
    assert (size, [t["session"] for t in tickets]) == (2, [ann.id, bob.id, cat.id])
    function.says = Answer([[cat.id, ann.id]])
    assert paper.match() == 1
    assert set(paper.game(ann).seats.values()) == {ann.id, cat.id}
    assert queue(paper) == [bob.id]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (Answer(error="ZeroDivisionError"), ""),  # the checks worker told of it
        (Answer(error="it took longer than 0.2 s"), ""),
        (Answer([["ann", "bob"]]), "does not wait"),
        ("overlap", "two places"),
        ("alone", "1 people"),
    ],
)
def test_a_function_that_fails_is_refused_and_people_meet_all_the_same(
    deployment, monkeypatch, says, told
):
    paper = study(deployment, group=GroupPlan("custom"))
    ann, bob = paper.to("play"), paper.to("play")
    function = Function(monkeypatch)
    paper.match()
    wrong = {"overlap": [[ann.id, bob.id], [bob.id, ann.id]], "alone": [[ann.id]]}
    function.says = Answer(wrong[says]) if isinstance(says, str) else says
    assert paper.match() == 1
    assert paper.game(ann).seats == {"s0": ann.id, "s1": bob.id}
    problems = [problem["message"] for problem in records.problems(paper.redis)]
    assert [told in message for message in problems] == ([True] if told else [])


# --- the log ----------------------------------------------------------------------


def test_the_log_that_the_archiver_writes_leads_to_the_same_groups(deployment, later):
    paper = study(deployment, 3, fill=POLICY, group=GroupPlan("roles", attribute="about.hand",
                  wanted={"left": 2, "right": 1}), waits_s=1000)  # fmt: skip
    for hand in ("left", "right", "left", "left", "right", "right"):
        who = paper.advance(paper.arrive())
        paper.advance(who, hand=hand)
        paper.match()
    later(61)
    paper.match()
    while archiving.archive_all(paper.deployment):
        pass
    root = parquet.folder(paper.deployment.data, E, "1")
    lines = list(matches.read(root))
    assert len(lines) == 2
    for line in lines:
        again = matchlog.replay(line)
        assert matchlog.sessions(again.groups) == line["groups"]
        assert matchlog.sessions(again.filled) == line["filled"]
        assert line["director"] == "director-1" and line["token"] == 1
    matched = {s for line in lines for group in line["groups"] + line["filled"] for s in group}
    assert len(matched) == 6 and jobs.queued(paper.redis) == 3

    # Once more with the same rows: nothing is in it twice.
    decisions = [
        ("decisions", matchlog.packed({**line, "day_ms": line["decided_ms"]})) for line in lines
    ]
    assert matches.merge(root, decisions) == []
