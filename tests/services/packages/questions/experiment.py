"""A study without a game: every kind of question, a quiz, and scenes in a drawn order. German."""

from igym import (
    Experiment,
    answer,
    branch,
    choose,
    consent,
    ending,
    page,
    quiz,
    repeat,
    shuffle,
    survey,
)
from igym.forms import (
    choice,
    choices,
    form,
    likert,
    matrix,
    number,
    paragraph,
    ranking,
    scale,
    slider,
    text,
    yes_no,
)

about = form(
    text("nick", "Wie sollen wir Sie nennen?"),
    number("age", "Wie alt sind Sie?", least=18, most=99, whole=True, required=True),
    choice("hand", "Mit welcher Hand schreiben Sie?", ["left", "right"], other="Anders"),
    paragraph("why", "Warum?", shown_if=answer("hand") == "right", required=True),
    choices("games", "Was spielen Sie?", ["chess", "go"], none="Nichts davon"),
    yes_no("glasses", "Tragen Sie eine Brille?"),
    scale("mood", "Wie geht es Ihnen?", required=True),
    likert("trust", "Stimmen Sie zu?", {"a": "Ich vertraue ihm."}, required=True),
    matrix("when", "Wann spielen Sie?", {"chess": "Schach"}, ["day", "night"]),
    slider("sure", "Wie sicher sind Sie?"),
    ranking("order", "Was ist am besten?", ["x", "y", "z"]),
)
rules = form(choice("goal", "Was ist das Ziel?", ["together", "against"], required=True))


def a_page(name: str):
    return page(name, "pages/words.md")


def is_grown(record):
    """A function of the answers; it fails where there is none, as somebody's would."""
    return record.answers["about.age"] >= 40


experiment = Experiment(
    consent("consent", "pages/words.md", version="ethics 7"),
    survey("about", about),
    a_page("rules"),
    quiz("check", rules, correct={"goal": "together"}, back_to="rules"),
    branch(answer("about.age") >= 60, a_page("old"), a_page("young")),
    branch(is_grown, a_page("grown"), default=False, name="is_grown"),
    shuffle(a_page("a"), [a_page("b"), a_page("c")], balance="blocks"),
    choose(1, a_page("d"), a_page("e")),
    repeat(2, survey("round", form(scale("fun", "Hat es Spaß gemacht?")))),
    ending("thanks", "pages/words.md", codes={"complete": "C1", "screened_out": "C0"}),
    language="de",
)
