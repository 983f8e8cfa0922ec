"""Questions for surveys and quizzes: `survey("about_you", form(number("age", …), …))`."""

from igym.domain.conditions import answer
from igym.domain.forms import form, new_page, words
from igym.domain.questions import (
    choice,
    choices,
    image,
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

__all__ = [
    "answer",
    "choice",
    "choices",
    "form",
    "image",
    "likert",
    "matrix",
    "new_page",
    "number",
    "paragraph",
    "ranking",
    "scale",
    "slider",
    "text",
    "words",
    "yes_no",
]
