"""From a package's pages and forms to what a browser is shown. Needs no code of the author's."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import nh3
from markdown_it import MarkdownIt

from igym.domain import surveyjs
from igym.domain.answers import COMMENT
from igym.domain.forms import Form
from igym.domain.language import said
from igym.domain.nearest import nearest
from igym.domain.plan import EndPlan, PagePlan, QuizPlan, SurveyPlan
from igym.domain.questions import AGREEMENT
from igym.domain.scenes import Ending, Page, Quiz, Survey
from igym.errors import BadPackage

_markdown = MarkdownIt("commonmark", {"html": True}).enable("table")

#: Pictures travel inside the form, so they are small: bytes of all of one form.
MOST_IMAGE_BYTES = 400_000

_IMAGES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".gif": "image/gif", ".svg": "image/svg+xml",
}  # fmt: skip


def path(root: Path, file: str) -> Path:
    """Where `file` of the package is. Raises `BadPackage`: it is not there."""
    found = (root / file).resolve()
    if not found.is_relative_to(root.resolve()):
        raise BadPackage(f"{file} is outside the package.")
    if not found.is_file():
        others = [one.relative_to(root).as_posix() for one in root.rglob("*") if one.is_file()]
        near = nearest(file, others)
        raise BadPackage(
            f"{file} is not in the package ({root}).",
            hint=near if near.startswith("Did you mean") else "",
        )
    return found


def text(root: Path, file: str) -> str:
    """The file's text. Raises `BadPackage`."""
    try:
        return path(root, file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadPackage(f"{file} is not text in UTF-8.") from error


def html(root: Path, file: str) -> str:
    """Markdown or HTML as sanitised HTML: no scripts, styles, forms or event handlers."""
    written = text(root, file)
    return nh3.clean(written if file.endswith(".html") else _markdown.render(written))


def page(root: Path, scene: Page, language: str = "en") -> PagePlan:
    """A page with its button; a consent with the hash of what is agreed to. Raises `BadPackage`."""
    own = "I agree to take part" if scene.consent else "Continue"
    words, button = html(root, scene.file), scene.button or said(language, own)
    if not scene.consent:
        return PagePlan(words, button)
    digest = hashlib.sha256(f"{words}\n{button}".encode()).hexdigest()
    return PagePlan(words, button, True, scene.version or digest[:12], digest)


def survey(root: Path, scene: Survey, language: str = "en") -> SurveyPlan:
    """A form with its pictures and words, and what its answers may be.

    Raises:
        BadPackage: a file is missing, too large, or no form.
    """
    if isinstance(scene.form, str):
        return _raw(root, scene.form)
    return _built(root, scene.form, language)


def quiz(root: Path, scene: Quiz, language: str = "en") -> QuizPlan:
    """A quiz, as `survey`. Raises `BadPackage`."""
    failed = scene.failed.outcome if scene.failed is not None else ""
    return QuizPlan(
        _built(root, scene.form, language),
        dict(scene.correct),
        scene.attempts,
        failed,
        scene.tells,
        dict(scene.explain),
        scene.back_to,
    )


def _built(root: Path, form: Form, language: str) -> SurveyPlan:
    left = MOST_IMAGE_BYTES
    shown: dict[str, str] = {}
    for file in dict.fromkeys(form.files):
        if file.endswith((".md", ".html")):
            shown[file] = html(root, file)
            continue
        kind = _IMAGES.get(Path(file).suffix.lower())
        if kind is None:
            raise BadPackage(f"{file} is no picture.", hint=f"Use one of {', '.join(_IMAGES)}.")
        content = path(root, file).read_bytes()
        left -= len(content)
        if left < 0:
            raise BadPackage(
                f"{file}: the pictures of a form have more than {MOST_IMAGE_BYTES // 1000} kB.",
                hint="Save them smaller; they are shown 320 pixels wide at most.",
            )
        shown[file] = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    items = [name for rule in form.rules for name in (rule.item, rule.item + COMMENT)]
    made = form.surveyjs(shown)
    for page in made["pages"]:
        for element in page["elements"]:
            if element["type"] == "matrix":  # the labels that `likert` has of its own
                for column in element["columns"]:
                    if column["text"] in AGREEMENT:
                        column["text"] = said(language, column["text"])
    return SurveyPlan(made, tuple(items), form.rules)


def _raw(root: Path, file: str) -> SurveyPlan:
    """A SurveyJS JSON file."""
    try:
        form = json.loads(text(root, file))
    except json.JSONDecodeError as error:
        raise BadPackage(f"{file}:{error.lineno}: {error.msg}.") from error
    if not isinstance(form, dict):
        raise BadPackage(f"{file} is no form of SurveyJS: it has no pages or elements.")
    names = []
    for element, _ in surveyjs.elements(form):
        name = element.get("name")
        if not isinstance(name, str) or not name or len(name) > 60:
            raise BadPackage(f"{file} has a question without a usable name: {element}.")
        if name in names:
            raise BadPackage(f"{file} has two questions named {name!r}.")
        names.append(name)
    if not names:
        raise BadPackage(f"{file} has no questions.")
    rules = surveyjs.rules(form, file)
    items = [name for rule in rules for name in (rule.item, rule.item + COMMENT)]
    return SurveyPlan(form, tuple(items), rules)


def ending(root: Path, scene: Ending) -> EndPlan:
    """The last page, in each of its forms."""
    pages = {outcome: html(root, file) for outcome, file in scene.pages.items()}
    return EndPlan(html(root, scene.file), dict(scene.codes), dict(scene.redirects), pages)
