"""Nothing that a participant can read is in one language only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from igym.domain import questions, screening, waves
from igym.domain.german import GERMAN
from igym.domain.language import LANGUAGES, said
from igym.errors import NotOpen
from igym.services.sessions import advancing
from tests.house.test_house import ROOT, sources

#: Where what is refused is told to a participant.
SPEAKING = (
    "services/sessions/advancing", "services/sessions/arriving", "services/sessions/chatting",
    "services/sessions/identity", "services/sessions/limits", "services/sessions/questions",
    "services/sessions/screening",
    "services/sessions/tokens", "services/sessions/withdrawing", "services/lobby/waiting",
    "web/door", "web/entry", "web/hearing", "web/pages", "web/probing", "web/sockets",
    "domain/answers", "domain/waves", "wire/__init__", "store/chats", "store/games",
    "store/packages", "store/sessions",
)  # fmt: skip
REFUSALS = {
    "BadMessage", "BadToken", "Conflict", "IgymError", "NotFound", "NotOpen", "NotYours",
    "OldClient", "Refused", "TookPart", "TooMuch", "Unavailable",
}  # fmt: skip
#: Said in those places to researchers, admins and other processes.
NOT_TO_PARTICIPANTS = re.compile(
    r"igym packages|igym admin link|experiment\.toml|pip install|has .* versions? |"
    r"^There is no package|has no package|^Version \{\} of|moved on|would not hold still|"
    r"admin link|participant page is not built|must be a number|files \(any more\)|^code$|"
    r"^That permit is not valid|^Open the game\.$|^You look on here"
)


def words(node: ast.expr) -> str | None:
    """A literal's text, with {} for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def sentences(file: Path) -> list[tuple[int, str]]:
    """Line and sentence of everything that `file` may refuse somebody with."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name not in REFUSALS:
            continue
        given = node.args[1:] if name == "Refused" else node.args[:1]
        given = [*given, *(k.value for k in node.keywords if k.arg == "hint")]
        found += [(node.lineno, text) for one in given if (text := words(one))]
    return found


@pytest.mark.parametrize("place", SPEAKING)
def test_every_refusal_that_a_participant_may_read_has_a_german_sentence(place):
    file = ROOT / "igym" / f"{place}.py"
    missing = [
        f"{file.relative_to(ROOT)}:{line}: {text!r}"
        for line, text in sentences(file)
        if text not in GERMAN and not NOT_TO_PARTICIPANTS.search(text)
    ]
    assert missing == [], "add them to igym/domain/german.py"


def test_so_has_everything_else_that_the_server_says_to_them():
    ours = [*screening.MESSAGES.values(), *questions.AGREEMENT, advancing.QUIZ_FAILED]
    assert [one for one in (*ours, "Continue", "I agree to take part") if one not in GERMAN] == []


def test_no_sentence_is_kept_that_nobody_says():
    code = "\n".join(
        file.read_text("utf-8")
        for file in sources(".py")
        if file.is_relative_to(ROOT / "igym") and file.name != "german.py"
    )
    spoken = {text for place in SPEAKING for _, text in sentences(ROOT / f"igym/{place}.py")}
    flat = re.sub(r'"\s*\n\s*"', "", code)
    assert [one for one in GERMAN if one not in spoken and one not in flat] == []


@pytest.mark.parametrize("english", GERMAN)
def test_a_translation_says_what_was_put_into_it(english):
    assert GERMAN[english].count("{}") == english.count("{}")
    filled = said("de", english.replace("{}", "⟨x⟩"))
    assert filled == GERMAN[english].replace("{}", "⟨x⟩")


def test_english_and_what_nobody_translated_stay_as_they_are():
    assert said("en", "Try again.") == "Try again."
    assert said("de", "An author's own sentence.") == "An author's own sentence."
    assert said("de", "") == ""
    assert LANGUAGES == ("en", "de")


def test_a_date_in_a_sentence_is_translated_with_it():
    with pytest.raises(NotOpen) as refused:
        waves.check_open(waves.wave("two", opens="2030-03-05T09:00Z"), 0)
    assert said("de", refused.value.message) == (
        "Dieser Teil der Studie beginnt am 2030-03-05, 09:00 UTC."
    )


def test_the_client_has_no_sentence_outside_its_language_files():
    """Text that is set on elements comes from `text`, or from the server."""
    named = r"(?:\btext|aria-label|title|placeholder)"
    literal = re.compile(rf"""{named}:\s*(['"`])(?!\$\{{)([^'"`]*)\1""")
    strays = [
        f"{file.relative_to(ROOT)}: {found[2]!r}"
        for file in sources(".ts")
        if file.is_relative_to(ROOT / "client/src")
        and not file.name.startswith("text.")
        and not {"admin", "bench"} & set(file.parts)  # not for participants
        for found in literal.finditer(file.read_text("utf-8"))
        if re.search(r"[a-z]{2}", found[2])
    ]
    assert strays == []
