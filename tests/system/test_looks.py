"""Every page a participant can meet: readable for whoever sees, and for whoever does not."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from igym import wire
from igym.forms import choice, form, likert, number, paragraph, ranking, yes_no
from tests.system.looks import pictured, violations
from tests.system.puppet import Puppet, state

pytestmark = pytest.mark.browser

ASKED = form(
    number("age", "How old are you?", least=18, most=99),
    choice("hand", "Which hand do you write with?", ["left", "right"]),
    yes_no("played", "Have you played this before?"),
    likert("mood", "How was it?", {"fun": "It was fun.", "long": "It was long."}),
    ranking("order", "What matters most?", ["speed", "accuracy", "looks"]),
    paragraph("why", "Why?"),
)
QUIZ = form(yes_no("far", "Is it far?"))
CHAT = wire.ChatView(lines=[wire.ChatLine(1, "b", "hello", 0.0)], said=0, most_chars=500)
GAME = wire.GameView(
    game="g1", title="Together", help="Move with ← and →.", keys=["ArrowLeft", "ArrowRight"],
    touch=[wire.TouchKey("←", [0], "left"), wire.TouchKey("→", [1], "right")], aspect=2.0,
    background="#c9e8ec", fps=30.0, episodes=3, seat="a", seats={"a": "Red", "b": "Blue"},
    marks={}, chat=CHAT,
)  # fmt: skip
CODE = wire.EndView("<h1>Thank you</h1><p>That was all.</p>", "complete", "AB12-CD34", "", "")
TURNED = wire.EndView("<h1>Sorry</h1>", "excluded", "", "", "Your screen is too small.")


def frame(tick: int) -> wire.Frame:
    ball = {0: 1, 1: 5_000, 2: 5_000, 5: 500, 7: "#cc3333"}
    return wire.Frame("g1", 0, 0, tick, 0, -1, [], [1, ball], [], None)


def stands(stage: str, **more: Any) -> wire.Episode:
    about: dict[str, Any] = {"starts_ms": 0.0, "text": "", "away": [], "ask": "", "scores": {}}
    about |= {"practice": False, "round": 2, "rounds": 3, "stage": stage}
    return wire.Episode("g1", 0, 1, **(about | more))


#: What is shown, its phase, what a page that has come has on it, and what is said then.
Shown = tuple[Any, str, str, list[wire.Message]]


def pages(now_ms: float) -> dict[str, Shown]:
    """Each page by its name, as of that moment."""
    since, until = now_ms - 60_000, now_ms + 90_000
    return {
        "screening": (wire.ScreeningView(3, 0), "screening", "h1", []),
        "page": (
            wire.PageView("<h1>Welcome</h1><p>Please <a href='#'>read</a> this.</p>", "I agree"),
            "reading", "button", [],
        ),
        "form": (wire.SurveyView(ASKED.surveyjs()), "reading", "textarea", []),
        "quiz": (
            wire.QuizView(QUIZ.surveyjs(), 2, 3, ["far"], {"far": "It is near."}),
            "reading", ".wrong", [],
        ),
        "deciding": (wire.DecidingView(), "deciding", "main p", []),
        "lobby": (wire.LobbyView("Together", 3, 2, 1, "count", since, until), "waiting", "dl", []),
        "choice": (
            wire.ChoiceView(
                "Together", [wire.ChoiceOption(n) for n in ("again", "bot", "finish")], 6e4, until
            ),
            "choosing", "button", [],
        ),
        "game": (GAME, "playing", "canvas", [stands("playing"), frame(1)]),
        "game-held": (
            GAME, "playing", ".overlay:not(.loading)",
            [stands("playing"), frame(1), stands("held", away=["b"], starts_ms=now_ms + 12_000)],
        ),
        "end": (CODE, "ended", "main button", []),
        "turned-away": (TURNED, "ended", "h1", []),
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page_of_a_participant(browser, scheme):
    found: dict[str, list[str]] = {}
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    puppet = Puppet(context.new_page())
    puppet.silent.add("screened")
    page = puppet.page
    for n, (name, (view, phase, there, more)) in enumerate(pages(time.time() * 1000).items(), 1):
        # Each is a scene of its own, so that none is taken for the one before.
        about = {"scene": name, "version": n, "session": f"s{n}"}
        said = state(view, phase, stoppable=phase != "ended", **about)
        if n == 1:
            puppet.greeting = [said]
            puppet.open()
        else:
            puppet.say(said)
        if more:
            expect(page.locator("canvas")).to_be_visible()
            puppet.say(*more)
        expect(page.locator(there).first).to_be_visible()
        pictured(page, f"participant-{name}", scheme)
        found[name] = violations(page)
    puppet.say(wire.Replaced())
    expect(page.get_by_role("button", name="Continue here")).to_be_visible()
    pictured(page, "participant-replaced", scheme)
    found["replaced"] = violations(page)
    context.close()
    assert {name: said for name, said in found.items() if said} == {}
