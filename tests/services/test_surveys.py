"""A form is compiled with its files; its answers are checked on the server and recorded."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from igym.domain.experiment import consent, ending, page, survey
from igym.domain.plan import ScenePlan
from igym.errors import BadMessage, BadPackage
from igym.forms import answer, form, image, likert, number, text, words
from igym.services.packages import paging
from igym.store import packages
from tests.services.paper import Paper, a_plan, a_play

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ASKED = form(
    number("age", "Age?", least=18, required=True),
    words("more.md"),
    text("school", "Which school?", shown_if=answer("age") < 20),
    image("room", "Which room?", {"a": "a.png"}),
)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a.png").write_bytes(DOT)
    (tmp_path / "more.md").write_text("# Now\n<script>alert(1)</script>")
    (tmp_path / "thanks.md").write_text("Thanks")
    (tmp_path / "sorry.md").write_text("Sorry")
    return tmp_path


@pytest.fixture
def study(deployment, root):
    plan = a_plan(play=a_play(1))
    asked = ScenePlan("about", survey=paging.survey(root, survey("about", ASKED)))
    return Paper(deployment, replace(plan, scenes=(plan.scenes[0], asked, *plan.scenes[2:])))


def test_pictures_and_words_travel_inside_the_form(root):
    plan = paging.survey(root, survey("about", ASKED))
    _, more, _, room = plan.form["pages"][0]["elements"]
    assert "<h1>Now</h1>" in more["html"] and "script" not in more["html"]
    (shown,) = room["choices"]
    assert base64.b64decode(shown["imageLink"].removeprefix("data:image/png;base64,")) == DOT
    assert plan.items[:2] == ("age", "age-Comment") and len(plan.rules) == 3


def test_a_compiled_form_is_read_back_as_it_was_written(study):
    assert packages.decode(packages.encode(study.plan)) == study.plan


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("a.png", None, r"a\.png is not in the package"),
        ("a.png", b"x" * 400_001, "more than 400 kB"),
        ("more.md", None, r"more\.md is not in the package"),
        ("more.md", b"\xff\xfe", "not text in UTF-8"),
    ],
)
def test_a_file_that_will_not_do_is_named(root, file, content, told):
    (root / file).unlink()
    if content is not None:
        (root / file).write_bytes(content)
    with pytest.raises(BadPackage, match=told):
        paging.survey(root, survey("about", ASKED))


def test_the_nearest_file_is_suggested(root):
    with pytest.raises(BadPackage) as refused:
        paging.ending(root, ending("end", "thanks.md", pages={"full": "sory.md"}))
    assert refused.value.hint == "Did you mean 'sorry.md'?"


def test_answers_that_count_are_one_row_each(study):
    ann = study.advance(study.arrive())
    ann = study.advance(ann, age=30, school="left over from before", room="a")
    assert ann.scene == "play"
    rows = {row["item"]: json.loads(row["value"]) for row in study.rows("answers")}
    assert rows == {"age": 30, "room": "a"}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "Please answer the question “Age\\?”"),
        ({"age": 17}, "“Age\\?” is none of those"),
        ({"age": 30, "room": "b"}, "“Which room\\?” is none of those"),
        ({"age": 30, "shoe": 43}, "no question named 'shoe'"),
        ({"age": 30, "room": "x" * 20_001}, "One of your answers is too long"),
        ({"age": 30, **{f"x{n}": 1 for n in range(10_000)}}, "no question named 'x0'"),
    ],
)
def test_other_answers_are_refused_in_a_sentence_and_change_nothing(study, answers, told):
    ann = study.advance(study.arrive())
    with pytest.raises(BadMessage, match=told):
        study.advance(ann, **answers)
    assert study.read(ann) == ann
    assert study.rows("answers") == []


def test_many_long_answers_are_too_much_together(deployment):
    plan = a_plan(play=a_play(1))
    items = tuple(f"q{n}" for n in range(60))
    asked = ScenePlan("about", survey=replace(plan.scenes[1].survey, items=items))
    study = Paper(deployment, replace(plan, scenes=(plan.scenes[0], asked, *plan.scenes[2:])))
    ann = study.advance(study.arrive())
    with pytest.raises(BadMessage, match="Your answers are too long"):
        study.advance(ann, **dict.fromkeys(items, "x" * 2_000))


def test_what_was_agreed_to_is_recorded_with_the_consent(deployment, root):
    digests = set()
    for told, version in (
        ("# You may stop.", ""),
        ("# You may stop!", ""),
        ("# Stop.", "ethics 7"),
    ):
        (root / "consent.md").write_text(told)
        agreed = paging.page(root, consent("consent", "consent.md", version=version))
        plan = a_plan(play=a_play(1), package=f"{len(digests):064x}")
        scenes = (ScenePlan("consent", page=agreed), *plan.scenes[1:])
        study = Paper(deployment, replace(plan, version=f"v{len(digests)}", scenes=scenes))
        ann = study.arrive()
        (visit,) = study.rows("visits")
        assert visit["consent_version"] is None  # they have only read it
        study.advance(ann)
        first = study.rows("visits")[0]
        assert first["consent_version"] == (version or first["consent_sha256"][:12])
        assert first["left_ms"] is not None
        digests.add(first["consent_sha256"])
    assert len(digests) == 3


def test_buttons_and_scales_speak_the_language_of_the_study(root):
    asked = form(likert("trust", "Vertrauen?", {"a": "Ich vertraue ihm."}))
    for language, button, agreed in (
        ("en", "Continue", "Agree"),
        ("de", "Weiter", "Stimme zu"),
    ):
        assert paging.page(root, page("p", "thanks.md"), language).button == button
        made = paging.survey(root, survey("s", asked), language)
        (grid,) = made.form["pages"][0]["elements"]
        assert [one["text"] for one in grid["columns"]][3] == agreed
    assert paging.page(root, page("p", "thanks.md", button="Los"), "de").button == "Los"
