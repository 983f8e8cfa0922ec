"""Scenes without a game: pages, consent, surveys, quizzes and the ending. Knows no file but by
name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from igym.domain.answers import fits
from igym.domain.endings import check_address
from igym.domain.forms import Form
from igym.domain.nearest import is_whole, nearest
from igym.errors import BadPackage


@dataclass(frozen=True, slots=True)
class Page:
    """Something to read, from a Markdown file."""

    name: str
    file: str
    button: str = ""  # igym's own if empty
    consent: bool = False  # from here on "stop taking part" is on every screen
    version: str = ""  # of what is agreed to; its hash if empty


@dataclass(frozen=True, slots=True)
class Survey:
    """A form. Each item is one row of the answers table."""

    name: str
    form: Form | str  # a SurveyJS JSON file where it is a text


@dataclass(frozen=True, slots=True)
class Quiz:
    """A form whose answers are judged. Made by `quiz`."""

    name: str
    form: Form
    correct: Mapping[str, tuple[Any, ...]]  # item -> answers that are right
    attempts: int
    failed: Finish | None
    tells: Literal["which", "whether"]
    explain: Mapping[str, str]
    back_to: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """Go to the experiment's ending with this outcome."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The last page: thanks, debriefing, and a completion code for each outcome."""

    name: str
    file: str
    codes: Mapping[str, str]
    redirects: Mapping[str, str]
    pages: Mapping[str, str] = field(default_factory=dict)  # outcome -> file instead of `file`


def page(name: str, file: str, *, button: str = "") -> Page:
    """Show the Markdown `file`; the participant goes on with `button`, "Continue" if empty."""
    return Page(name, file, button)


def consent(name: str, file: str, *, button: str = "", version: str = "") -> Page:
    """A page whose button gives consent; the visit's end is the time of consent.

    Args:
        name: the scene's name.
        file: Markdown or HTML of what is agreed to. Its hash is in the data with each consent.
        button: "I agree to take part" if empty.
        version: what the text is called in the data, as on the ethics form; its hash if empty.
    """
    return Page(name, file, button, consent=True, version=version)


def survey(name: str, form: Form | str) -> Survey:
    """Ask the questions of `form`, made with `igym.forms`, or of a SurveyJS JSON file."""
    if not isinstance(form, Form | str):
        raise BadPackage(
            f"survey({name!r}): {form!r} is no form.",
            hint='Give form(…) of igym.forms, or the name of a file, "pages/about_you.json".',
        )
    return Survey(name, form)


def quiz(
    name: str,
    form: Form,
    *,
    correct: Mapping[str, Any],
    attempts: int = 2,
    failed: Finish | None = Finish("screened_out"),
    tells: Literal["which", "whether"] = "which",
    explain: Mapping[str, str] | None = None,
    back_to: str = "",
) -> Quiz:
    """Questions with right answers, judged on the server: the browser never has them.

    Args:
        name: the scene's name. For conditions, "<name>.passed" and "<name>.attempts" are answers.
        form: made with `igym.forms`; items without a right answer are only asked.
        correct: item -> the right answer; a tuple where several are right. Of `choices` it is
            the list of all that have to be chosen. Case and spaces around a text do not count.
        attempts: how often one may try; every attempt is in the data.
        failed: what follows when none was right; None goes on to the next scene.
        tells: after a wrong attempt, "which" answers were wrong, or only "whether" any was.
        explain: item -> a sentence that is shown after a wrong answer to it.
        back_to: the name of an earlier page or survey, as of the instructions: after a wrong
            attempt people read on from there, and come to the quiz again. What was not right is
            told when they are back.

    Raises:
        BadPackage: a right answer that the form does not have, or a value out of range.
    """
    where = f"quiz({name!r})"
    if not isinstance(form, Form):
        raise BadPackage(f"{where}: {form!r} is no form.", hint="Give form(…) of igym.forms.")
    for what, given in (("correct", correct), ("explain", explain or {})):
        for item in given:
            if item not in form.names:
                raise BadPackage(
                    f"{where}: {what} names {item!r}, which its form does not ask.",
                    hint=nearest(item, form.names),
                )
    if not correct:
        raise BadPackage(f"{where}: correct is empty: nothing can be right or wrong.")
    rules = {rule.item: rule for rule in form.rules}
    right = {k: v if isinstance(v, tuple) else (v,) for k, v in correct.items()}
    for item, values in right.items():
        for value in values:
            if not fits(rules[item], value):
                raise BadPackage(
                    f"{where}: {value!r} can be no answer to {item!r}.",
                    hint=nearest(value, map(str, rules[item].choices)),
                )
    for word in ("passed", "attempts"):
        if word in form.names:
            raise BadPackage(f"{where}: {word!r} is a name that every quiz has itself.")
    if not is_whole(attempts, 1, 20):
        raise BadPackage(f"{where}: attempts={attempts!r} is not 1 to 20.")
    if failed is not None and not isinstance(failed, Finish):
        raise BadPackage(f"{where}: failed={failed!r} is not finish(…) or None.")
    if tells not in ("which", "whether"):
        raise BadPackage(f'{where}: tells={tells!r} is not "which" or "whether".')
    if not isinstance(back_to, str):
        raise BadPackage(f"{where}: back_to={back_to!r} is not the name of a scene.")
    return Quiz(name, form, right, attempts, failed, tells, dict(explain or {}), back_to)


def finish(outcome: str) -> Finish:
    """Go to the ending with `outcome`."""
    return Finish(outcome)


def ending(
    name: str,
    file: str,
    *,
    codes: Mapping[str, str] | None = None,
    redirects: Mapping[str, str] | None = None,
    pages: Mapping[str, str] | None = None,
) -> Ending:
    """The last page.

    Args:
        name: the scene's name.
        file: Markdown with thanks and debriefing.
        codes: outcome -> completion code. Outcomes are in `igym.domain.outcome`. "complete:two"
            is the code of the wave "two" alone. An outcome with the code "" has none on purpose.
        redirects: outcome -> address to go on to. "{participant}", "{code}", "{session}",
            "{outcome}" and "{any_parameter_of_the_participants_link}" are replaced, URL-encoded.
        pages: outcome -> Markdown that is shown instead of `file`.

    Raises:
        BadPackage: a redirect that is no address.
    """
    for outcome, address in (redirects or {}).items():
        check_address(f"ending({name!r}, redirects=…): {outcome!r}", address)
    return Ending(name, file, dict(codes or {}), dict(redirects or {}), dict(pages or {}))
