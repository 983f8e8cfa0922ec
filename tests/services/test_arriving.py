"""The same link is the same person; a link or token that was tampered with opens nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from igym import wire
from igym.domain.participant import Phase
from igym.errors import BadMessage, BadToken, NotFound
from igym.services.sessions import advancing, arriving, tokens

PROLIFIC = {"PROLIFIC_PID": "5f3c", "STUDY_ID": "s1", "SESSION_ID": "x1"}


def join(lab, query=None, token=None, **more):
    return arriving.join(lab.deployment, "counters", query or {}, token, **more)


def test_the_same_recruiter_ids_are_the_same_session_whatever_the_visit(lab):
    first = join(lab, PROLIFIC)[1]
    assert join(lab, {**PROLIFIC, "SESSION_ID": "x2"})[1] == first
    assert join(lab, {**PROLIFIC, "PROLIFIC_PID": "other"})[1] != first
    assert join(lab, {**PROLIFIC, "mode": "pilot"})[1] != first


def test_twenty_clicks_on_one_link_are_one_session(lab):
    with ThreadPoolExecutor(20) as clicks:
        assert len({id for _, id in clicks.map(lambda _: join(lab, PROLIFIC), range(20))}) == 1


def test_a_reload_finds_the_session_by_its_token_and_fresh_does_not(lab):
    token, session = join(lab)
    assert join(lab, token=token) == (token, session)
    assert join(lab, token=token, fresh=True)[1] != session
    assert join(lab)[1] != session


def test_a_participant_cannot_be_recognised_from_the_recruiters_id(lab):
    session = lab.read(join(lab, PROLIFIC)[1])
    assert "5f3c" not in session.participant and session.phase is Phase.READING
    pilot = lab.read(join(lab, {**PROLIFIC, "mode": "pilot"})[1])
    assert pilot.participant == session.participant  # the same person all the same


@pytest.mark.parametrize(
    "id", ["/..", "a'b", 'a"b', "<b>", "a\nb", "x" * 129, "a\x00", ["list"], 7, {"a": 1}]
)
@pytest.mark.parametrize("name", ["PROLIFIC_PID", "STUDY_ID", "hitId"])
def test_a_damaged_id_is_refused_by_name(lab, name, id):
    with pytest.raises(BadMessage, match=name):
        join(lab, {name: id})


@pytest.mark.parametrize("mode", ["LIVE", "admin", "live ", ["live"]])
def test_a_mode_that_does_not_exist_is_refused(lab, mode):
    with pytest.raises(BadMessage, match="mode"):
        join(lab, {"mode": mode})


def test_an_unknown_experiment_is_said_to_be_unknown(lab):
    with pytest.raises(NotFound):
        arriving.join(lab.deployment, "nowhere", {}, None)


def test_only_a_rehearsal_may_end_games_early(lab):
    assert lab.read(join(lab, {"mode": "live", "max_seconds": "5"})[1]).max_s == 0
    assert lab.read(join(lab, {"mode": "rehearsal", "max_seconds": "5"})[1]).max_s == 5


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "1e9", "five", [5]])
def test_a_rehearsal_lasts_a_number_of_seconds(lab, seconds):
    with pytest.raises(BadMessage):
        join(lab, {"mode": "rehearsal", "max_seconds": seconds})


def spoiled(token: str) -> list[object]:
    head, stamp, signature = token.rsplit(".", 2)
    return [
        None, "", 7, "x" * 600, token[:-1], token[:10], head, f"{head}.{stamp}", token + "x",
        f"{head}x.{stamp}.{signature}", f"{head}.A{stamp}.{signature}", "ä.ö.ü", "\ud800",
    ]  # fmt: skip


def test_a_forged_or_cut_token_is_refused_and_at_the_link_as_good_as_none(lab):
    token, session = join(lab)
    assert tokens.identify(lab.deployment, token) == ("counters", session)
    for bad in spoiled(token):
        with pytest.raises(BadToken):
            tokens.identify(lab.deployment, bad)
        assert join(lab, token=bad if isinstance(bad, str) else None)[1] != session


def test_an_admin_link_is_no_participant_and_the_other_way_round(lab):
    admin, token = tokens.issue_admin(lab.deployment), join(lab)[0]
    assert tokens.identify_admin(lab.deployment, admin) == "operator"
    for bad in spoiled(admin)[:-1]:
        with pytest.raises(BadToken):
            tokens.identify_admin(lab.deployment, bad)
    with pytest.raises(BadToken):
        tokens.identify(lab.deployment, admin)
    with pytest.raises(BadToken):
        tokens.identify_admin(lab.deployment, token)


def test_a_token_of_another_experiment_opens_nothing_here(lab):
    elsewhere = tokens.issue(lab.deployment, "elsewhere", join(lab)[1])
    session = join(lab, token=elsewhere)[1]
    assert (
        lab.read(session).version == 1 and session != tokens.identify(lab.deployment, elsewhere)[1]
    )


def test_a_token_ends_after_its_life(lab, monkeypatch):
    token, _ = join(lab)
    monkeypatch.setattr(tokens, "LIFE_S", -1)
    with pytest.raises(BadToken):
        tokens.identify(lab.deployment, token)


def test_a_double_click_advances_once_and_an_old_screen_does_nothing(lab):
    first = lab.arrive()
    click = wire.Advance(first.scene, first.version, {})
    for _ in range(3):
        advancing.submit(lab.deployment, lab.read(first), click)
    now = lab.read(first)
    assert (now.scene, now.visit, now.version) == ("about", 1, 2)


@pytest.mark.parametrize("answers", [{"nobody_asked": 1}, {"age": "x" * 20_001}])
def test_an_answer_nobody_asked_for_or_too_long_is_refused_and_nothing_moves(lab, answers):
    here = lab.advance(lab.arrive())
    with pytest.raises(BadMessage):
        lab.advance(here, **answers)
    assert lab.read(here) == here
