"""What a page makes of messages that a healthy server rarely sends, in a real Chromium."""

from __future__ import annotations

import msgspec
import pytest
from playwright.sync_api import Page, expect

from igym import wire
from igym.forms import choice, choices, form, likert
from tests.system.puppet import Puppet, state

pytestmark = pytest.mark.browser

LINES = [wire.ChatLine(1, "b", "hello", 0.0)]
PAGE = wire.PageView(html="<h1>Read this</h1>", button="Go on")
FORM = wire.SurveyView(form={"elements": [{"type": "comment", "name": "why", "title": "Why?"}]})
LOBBY = wire.LobbyView("Together", 2, 1, 1, "count", 0.0, 1e13)
GAME = wire.GameView(
    game="g1", title="Together", help="Move.", keys=["ArrowLeft", " "], touch=[], aspect=2.0,
    background="#ffffff", fps=30.0, episodes=1, seat="a", seats={"a": "Red", "b": "Blue"},
    marks={}, chat=wire.ChatView(lines=LINES, said=0, most_chars=500),
)  # fmt: skip


def opened(page: Page, *greeting: wire.Message) -> Puppet:
    """A page whose server greets it so."""
    puppet = Puppet(page)
    puppet.greeting = list(greeting)
    puppet.open()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return puppet


def until(page: Page, ask, what: str) -> None:
    for _ in range(400):
        if ask():
            return
        page.wait_for_timeout(15)
    raise AssertionError(f"{what} did not happen")


def frame(tick: int, generation: int = 0) -> wire.Frame:
    ball = {0: 1, 1: 5_000, 2: 5_000, 5: 500, 7: "#cc3333"}
    return wire.Frame("g1", generation, 0, tick, 0, -1, [], [1, ball], [], None)


def stands(stage: str, *, generation: int = 0, **more: object) -> wire.Episode:
    about: dict = {"starts_ms": 0.0, "text": "", "away": [], "ask": "", "scores": {}, **more}
    about = {"practice": False, "round": 1, "rounds": 1, "stage": stage} | about
    return wire.Episode("g1", generation, 0, **about)


def test_who_comes_while_too_many_do_waits_and_is_let_in_by_itself(page):
    page.clock.install()
    puppet = Puppet(page)
    puppet.greeting = [state(PAGE, "reading")]
    puppet.crowded_s = 40
    puppet.open()
    expect(page.get_by_role("heading", name="One moment, please")).to_be_visible()
    expect(
        page.get_by_text("You need not do anything: we try again in 40 seconds.")
    ).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    page.clock.run_for(39_000)
    assert puppet.joins == 0
    page.clock.run_for(5_000)  # each comes up to 3 s later than it might
    expect(page.get_by_role("heading", name="Read this")).to_be_visible()
    assert puppet.joins == 1


def test_chat_lines_come_once_and_in_order_and_are_acknowledged_together(page):
    puppet = opened(page, state(GAME, "playing", seq=4))
    shown = page.locator(".chat-text")
    expect(shown).to_have_text(["hello"])
    for seq, text in ((5, "one"), (5, "one"), (3, "old"), (6, "two")):
        puppet.say(wire.Chat(seq, "g1", wire.ChatLine(seq, "b", text, 0.0)))
    expect(shown).to_have_text(["hello", "one", "two"])
    until(page, lambda: puppet.heard("got"), "an acknowledgement")
    page.wait_for_timeout(600)
    assert puppet.heard("got")[-1] == {"seq": 6}
    assert len(puppet.heard("got")) <= 3

    # When a number is missing, it connects again and says what it has
    lines = [*LINES, *(wire.ChatLine(n, "b", t, 0.0) for n, t in ((5, "one"), (6, "two")))]
    again = state(wire_with(lines), "playing", seq=6)
    puppet.greeting = [
        again,
        wire.Chat(7, "g1", wire.ChatLine(7, "b", "three", 0.0)),
        wire.Chat(8, "g1", wire.ChatLine(8, "b", "four", 0.0)),
    ]
    puppet.say(wire.Chat(8, "g1", wire.ChatLine(8, "b", "four", 0.0)))
    expect(shown).to_have_text(["hello", "one", "two", "three", "four"])
    assert [auth["seq"] for auth in puppet.auths] == [None, 6]

    # and a reload goes on from there
    puppet.greeting = [state(wire_with(lines), "playing", seq=8)]
    page.reload()
    expect(shown).to_have_count(3)
    assert puppet.auths[-1]["seq"] == 8


def wire_with(lines: list[wire.ChatLine]) -> wire.GameView:
    from msgspec.structs import replace

    return replace(GAME, chat=wire.ChatView(lines=lines, said=0, most_chars=500))


def test_answers_that_were_not_acknowledged_survive_a_reload_and_are_sent_again(page):
    puppet = opened(page, state(FORM, "reading"))
    puppet.silent.add("advance")
    page.locator("textarea").fill("because")
    page.get_by_role("button", name="Continue").click()
    until(page, lambda: puppet.heard("advance"), "sending")
    puppet.cut()
    page.reload()
    # The form is there, filled in, and busy; nothing was pressed again
    expect(page.locator("textarea")).to_have_value("because")
    expect(page.locator(".survey")).to_have_attribute("aria-busy", "true")
    until(page, lambda: len(puppet.heard("advance")) > 1, "sending again")
    puppet.silent.clear()
    puppet.cut()
    until(page, lambda: len(puppet.heard("advance")) > 2, "sending once more")
    first, *more = puppet.heard("advance")
    assert all(said == first for said in more)
    shown, began, ended = first.pop("times")["why"]
    assert 0 < shown <= began <= ended <= puppet.now_ms()
    assert first == {"scene": "here", "version": 3, "answers": {"why": "because"}}
    until(page, lambda: stored(page, "draft") is None, "forgetting the draft")
    assert stored(page, "letters") == "[]"


def stored(page: Page, word: str) -> str | None:
    return page.evaluate(
        "word => Object.entries(sessionStorage).find(([k]) => k.includes(word))?.[1] ?? null", word
    )


def test_a_game_that_stands_still_says_one_moment_and_only_so_long(page):
    puppet = opened(page, state(GAME, "playing"))
    word = page.get_by_text("One moment")
    puppet.say(stands("playing"), frame(1))
    expect(word).to_be_visible(timeout=2_000)
    assert page.locator(".overlay:not(.loading)").is_hidden()  # no ending, nothing in the way
    puppet.say(stands("waiting", generation=1))
    page.wait_for_timeout(200)
    assert page.locator(".overlay:not(.loading)").is_hidden()
    # The next owner's frames begin a little earlier, and a zombie's change nothing
    puppet.say(frame(0, generation=1))
    expect(word).to_be_hidden()
    puppet.say(frame(9, generation=0))
    until(page, lambda: puppet.heard("keys") and puppet.heard("keys")[-1][2] == 0, "painting")


def test_a_partner_who_is_lost_is_named_with_the_time_that_is_left(page):
    puppet = opened(page, state(GAME, "playing"))
    page.wait_for_timeout(100)
    soon = puppet.now_ms() + 9_000
    puppet.say(stands("held", starts_ms=soon, text="Please wait for them.", away=["b"]))
    over = page.locator(".overlay:not(.loading)")
    expect(over).to_contain_text("Blue lost the connection")
    expect(over).to_contain_text("Please wait for them.")
    expect(page.locator(".overlay-big")).to_have_text("8")
    puppet.say(stands("held", starts_ms=soon, away=["a"]))
    expect(over).to_contain_text("Welcome back")
    puppet.say(stands("playing", away=["b"]))
    expect(over).to_be_hidden()
    expect(page.locator(".notes")).to_contain_text("Blue is away. The game goes on.")
    puppet.say(stands("playing"))
    expect(page.locator(".notes")).not_to_contain_text("Blue")


def test_a_warning_has_a_countdown_survives_a_reload_and_goes_when_it_is_over(page):
    puppet = opened(page, state(GAME, "playing"))
    puppet.say(wire.Caution(1, "g1", "idle", True, puppet.now_ms() + 30_000))
    expect(page.get_by_role("alert")).to_contain_text(["Are you still playing?"])
    expect(page.locator(".caution-left")).to_have_text("28 s")
    puppet.greeting = [state(GAME, "playing", seq=1)]
    page.reload()
    expect(page.locator(".caution")).to_be_visible()
    puppet.say(wire.Caution(2, "g1", "idle", False, 0.0))
    expect(page.locator(".caution")).to_be_hidden()


def test_what_is_typed_in_the_chat_is_not_played_and_what_is_played_is_not_typed(page):
    puppet = opened(page, state(GAME, "playing"))
    puppet.say(stands("playing"), frame(1))
    until(page, lambda: puppet.heard("keys"), "a sign of life")
    field = page.locator(".chat-input")
    field.fill("half a ")
    field.press("ArrowLeft")
    page.keyboard.type("line")
    field.press("Escape")
    assert all(said[3] == 0 for said in puppet.heard("keys"))
    page.keyboard.down(" ")
    until(page, lambda: puppet.heard("keys")[-1][3] == 2, "holding the space bar")
    page.keyboard.up(" ")
    expect(field).to_have_value("half aline ")
    # The line that was not sent is there after a reload
    page.reload()
    expect(page.locator(".chat-input")).to_have_value("half aline ")


def test_a_page_of_an_older_version_reloads_once_and_not_for_ever(page):
    puppet = Puppet(page)
    loads: list[str] = []
    page.on("load", lambda _: loads.append("load"))
    old = {"code": "old_client", "text": "This page is from before an update.", "hint": ""}
    puppet.refuses = old
    puppet.greeting = [state(PAGE, "reading")]
    puppet.open()
    expect(page.get_by_role("heading", name="Read this")).to_be_visible()
    assert len(loads) == 2
    # A server that goes on refusing is reported, not asked in a loop
    puppet.refuses = old
    puppet.cut()
    expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
    page.wait_for_timeout(500)
    assert len(loads) == 2
    expect(page.locator("main")).to_contain_text("old_client")


def test_a_token_of_before_the_secret_changed_is_replaced_by_joining_again(page):
    puppet = Puppet(page)
    puppet.refuses = {"code": "bad_token", "text": "We do not know you.", "hint": ""}
    puppet.greeting = [state(PAGE, "reading")]
    puppet.open()
    expect(page.get_by_role("heading", name="Read this")).to_be_visible()
    assert [auth["token"] for auth in puppet.auths] == ["token 1", "token 2"]
    # A fresh one that the server sends is used from then on, after a reload too
    puppet.say(wire.Renewed("token 9"))
    until(page, lambda: stored(page, "token") == "token 9", "keeping it")
    puppet.cut()
    until(page, lambda: puppet.auths[-1]["token"] == "token 9", "presenting it")


#: A proxy that lets no WebSocket through, until `window.blocked` is false.
BLOCKED = """
const Real = window.WebSocket;
window.blocked = true;
window.WebSocket = function (...how) {
  if (!window.blocked) return new Real(...how);
  setTimeout(() => this.onerror?.({}), 20);
  this.close = this.send = () => undefined;
};
"""


def test_a_blocked_connection_is_explained_before_anything_is_joined_on_it(page):
    puppet = Puppet(page)
    page.add_init_script(BLOCKED)
    puppet.greeting = [state(LOBBY, "waiting")]
    puppet.open()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "We cannot open a live connection", timeout=12_000
    )
    expect(page.locator("main")).to_contain_text("WebSocket")
    assert puppet.auths == []
    # and it goes on by itself once the way is free
    page.evaluate("window.blocked = false")
    expect(page.get_by_role("heading", level=1)).to_have_text("Finding your partner")


def test_a_browser_without_web_sockets_reads_the_same(page):
    puppet = Puppet(page)
    page.add_init_script("delete window.WebSocket")
    puppet.open()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "We cannot open a live connection", timeout=2_000
    )


@pytest.mark.parametrize("asks", [True, False], ids=["asked", "not asked"])
def test_whoever_is_there_says_so_and_whoever_looks_at_the_page_need_not(page, asks):
    puppet = opened(page, state(LOBBY, "waiting"))
    puppet.say(wire.Check("p7", puppet.now_ms() + 20_000, asks))
    if asks:
        yes = page.get_by_role("button", name="Yes, I am here")
        expect(yes).to_be_focused()
        assert puppet.heard("here") == []
        yes.click()
    until(page, lambda: puppet.heard("here"), "an answer")
    assert puppet.heard("here") == [{"proposal": "p7"}]
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def test_a_question_that_nobody_answers_goes_away(page):
    puppet = opened(page, state(LOBBY, "waiting"))
    puppet.say(wire.Check("p8", puppet.now_ms() + 1_500, True))
    expect(page.get_by_role("alertdialog")).to_be_visible()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert puppet.heard("here") == []


def test_after_waiting_in_vain_one_chooses_and_sees_until_when(page):
    puppet = Puppet(page)
    puppet.open()
    page.wait_for_timeout(300)
    options = [wire.ChoiceOption(name) for name in ("again", "bot", "finish")]
    view = wire.ChoiceView("Together", options, 240_000.0, puppet.now_ms() + 60_000)
    until(page, lambda: puppet.auths, "connecting")
    puppet.say(state(view, "choosing"))
    expect(page.locator("main")).to_contain_text("You waited 4 minutes")
    expect(page.locator(".note")).to_contain_text("finish here in 0:5")
    page.get_by_role("button", name="Play with the computer").click()
    until(page, lambda: puppet.heard("choose"), "choosing")
    assert puppet.heard("choose") == [{"version": 3, "option": "bot"}]


def test_a_browser_measures_itself_once_even_if_it_is_reloaded_on_the_way(page):
    puppet = Puppet(page)
    puppet.silent.add("screened")
    puppet.greeting = [state(wire.ScreeningView(5, 100_000), "screening", stoppable=False)]
    puppet.open()
    expect(page.locator(".check.done")).to_have_count(3)
    until(page, lambda: puppet.heard("screened"), "the result")
    page.reload()
    until(page, lambda: len(puppet.heard("screened")) == 2, "the result again")
    first, second = puppet.heard("screened")
    assert first == second
    assert (first["device"], first["browser"], len(first["rtt_ms"])) == ("desktop", "chrome", 5)
    assert first["kbps"] > 0
    expect(page.locator(".stop")).to_be_hidden()


@pytest.mark.parametrize("view", [PAGE, LOBBY, GAME], ids=["page", "lobby", "game"])
def test_stopping_asks_about_the_data_and_is_cancelled_by_default(page, view):
    puppet = opened(page, state(view, "playing"))
    place = ".game" if view is GAME else ".foot"
    page.locator(f"{place} .stop").click()
    expect(page.get_by_role("button", name="Cancel and go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert puppet.heard("withdraw") == []
    page.locator(f"{place} .stop").click()
    page.get_by_role("button", name="Do not use my data").click()
    until(page, lambda: puppet.heard("withdraw"), "stopping")
    assert puppet.heard("withdraw") == [{"keep": False}]


def test_an_ending_says_why(page):
    why = "You stopped taking part."
    view = wire.EndView("<h1>Thank you</h1>", "withdrew", "C0", "", why)
    opened(page, state(view, "ended", stoppable=False))
    expect(page.locator(".reason")).to_have_text(why)
    expect(page.locator(".stop")).to_be_hidden()


QUIZ = form(
    choice("goal", "What is the aim?", ["together", "against"], required=True),
    choices("keys", "Which keys?", ["up", "down"]),
)


def test_a_quiz_says_what_was_wrong_and_asks_once_more(page):
    explain = {"goal": "You play together."}
    wrong = wire.QuizView(QUIZ.surveyjs(), 2, 3, ["goal", "keys"], explain)
    puppet = opened(page, state(wrong, "reading"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Not quite yet")
    expect(page.locator(".wrong li")).to_have_text(
        ["What is the aim?You play together.", "Which keys?"]
    )
    expect(page.locator("main")).to_contain_text("You have 2 more tries.")
    page.get_by_role("button", name="Try again").click()

    # A reload goes on with the attempt, not with what was wrong before
    page.reload()
    page.get_by_text("together", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    until(page, lambda: puppet.heard("advance"), "sending")
    (said,) = puppet.heard("advance")
    assert (said["scene"], said["answers"]) == ("here", {"goal": "together"})
    assert sorted(said["times"]) == ["goal", "keys"]  # both were in view

    # The next attempt begins with an empty form
    last = wire.QuizView(QUIZ.surveyjs(), 3, 3, [], {})
    puppet.say(state(last, "reading", version=4))
    expect(page.locator("main")).to_contain_text("You have one more try.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("input:checked")).to_have_count(0)


def test_a_german_study_speaks_german_and_an_english_one_fetches_none_of_it(page):
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    puppet = Puppet(page)
    puppet.greeting = [state(wire.SurveyView(QUIZ.surveyjs()), "reading")]
    puppet.open()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    assert not [url for url in fetched if "text.de" in url or "german" in url]
    puppet.language = "de"
    page.reload()
    expect(page.get_by_role("button", name="Weiter")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="Weiter").click()
    expect(page.locator("main")).to_contain_text("Bitte beantworten Sie diese Frage")
    expect(page.locator(".foot")).to_contain_text("Teilnahme beenden")


def test_all_points_of_a_scale_are_in_sight(page):
    asked = form(likert("trust", "How much do you agree?", {"a": "It was reliable."}))
    opened(page, state(wire.SurveyView(asked.surveyjs()), "reading"))
    for width in (1280, 800, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(100)
        for point in page.locator(".survey label.sd-item").all():
            box = point.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width


FEELING = {"elements": [{"type": "rating", "name": "fun", "title": "Fun?", "isRequired": True}]}


def asked(*answered: int) -> wire.State:
    view = msgspec.structs.replace(GAME, asks=[wire.AskView("feeling", FEELING, list(answered))])
    return state(view, "playing")


def test_questions_between_episodes_cover_the_game_and_are_answered_once(page):
    now = stands("asking", starts_ms=1e13, ask="feeling", away=["a", "b"])
    puppet = opened(page, asked(), now)
    puppet.silent.add("reply")
    sheet, waiting = page.locator(".asking"), page.locator(".overlay:not(.loading) .overlay-title")
    expect(sheet.get_by_text("Fun?")).to_be_visible()
    page.get_by_role("button", name="Continue").click()  # required: stays
    expect(sheet).to_be_visible()
    sheet.locator(".sd-rating__item").nth(3).click()
    page.reload()  # the draft outlives it
    expect(sheet.locator("input:checked")).to_have_count(1)
    page.get_by_role("button", name="Continue").click()
    expect(sheet).to_be_hidden()
    expect(waiting).to_have_text("Waiting for Blue")

    until(page, lambda: puppet.heard("reply"), "the answers")
    puppet.silent.clear()
    page.reload()  # not acknowledged: said again, and not asked again
    until(page, lambda: len(puppet.heard("reply")) == 2, "the answers once more")
    once, again = puppet.heard("reply")
    assert once == again and once["times"]["fun"][0] > 0
    assert once | {"times": {}} == {
        "game": "g1", "ask": "feeling", "episode": 0, "answers": {"fun": 4}, "times": {},
    }  # fmt: skip
    expect(sheet).to_be_hidden()
    expect(waiting).to_have_text("Waiting for Blue")


def test_questions_go_away_when_the_game_goes_on_without_the_answers(page):
    puppet = opened(page, asked(), stands("asking", starts_ms=1e13, ask="feeling", away=["a"]))
    sheet = page.locator(".asking")
    expect(sheet.get_by_text("Fun?")).to_be_visible()
    puppet.say(stands("between", starts_ms=0.0))
    expect(sheet).to_be_hidden()
    expect(page.locator(".overlay:not(.loading) .overlay-title")).to_have_text("Round finished")


def test_a_page_is_told_what_is_practice_and_when_it_counts(page):
    puppet = opened(page, state(GAME, "playing"), stands("countdown", practice=True, rounds=2))
    said = page.locator(".overlay:not(.loading) .overlay-panel")
    expect(said).to_contain_text("Practice 1 of 2")
    expect(said).to_contain_text("It does not count.")
    counts = msgspec.structs.replace(stands("countdown", rounds=3), episode=2)
    puppet.say(counts)
    expect(said).to_contain_text("Round 1 of 3")
    expect(said).to_contain_text("From now on it counts.")


def test_while_a_function_decides_the_next_page_takes_shape_and_a_word_says_so(page):
    puppet = Puppet(page)
    puppet.greeting = [state(wire.DecidingView(), "deciding")]
    puppet.open()
    expect(page.locator(".skeleton .note")).to_contain_text("What comes next is being worked out")
    puppet.say(
        state(msgspec.structs.replace(PAGE, note="Please read again."), "reading", version=4)
    )
    expect(page.locator(".reason")).to_have_text("Please read again.")
    puppet.say(state(PAGE, "reading", version=5))
    expect(page.locator(".reason")).to_be_hidden()


def test_whose_turn_it_is_and_what_the_author_says_between_two_rounds(page):
    puppet = opened(page, state(GAME, "playing"))
    turn, words = page.locator(".bar-turn"), page.locator(".overlay-words")
    puppet.say(stands("countdown", starts_ms=puppet.now_ms() + 60_000, words="Well done, Red."))
    expect(words).to_have_text("Well done, Red.")
    puppet.say(stands("playing", turns=["a"]), frame(1))
    expect(turn).to_have_text("Your turn")
    expect(page.locator(".game")).to_have_attribute("data-turn", "mine")
    puppet.say(stands("playing", turns=["b"]), frame(2))
    expect(turn).to_have_text("Blue’s turn")
    puppet.say(stands("over"))
    expect(turn).to_be_empty()
    expect(words).to_be_hidden()
