"""What the server says to participants, in their language. Pure.

Whoever refuses or explains does so in English, at the place where it happens; what reaches a
participant is looked up here on its way out. The sentences of the participant page itself are in
`client/src/text.*.ts`. A test finds every English sentence that has no German one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, get_args

from igym.domain.german import GERMAN

Language = Literal["en", "de"]
LANGUAGES: tuple[str, ...] = get_args(Language)

#: Language -> English sentence -> sentence. `{}` stands for what differs from case to case.
_SENTENCES: dict[str, dict[str, str]] = {"de": GERMAN}


def said(language: str, sentence: str) -> str:
    """`sentence`, which is English, in that language; as it is, where there is no such one."""
    known = _SENTENCES.get(language)
    if known is None or not sentence:
        return sentence
    if sentence in known:
        return known[sentence]
    for pattern, there in _patterns(language):
        found = pattern.fullmatch(sentence)
        if found is not None:
            return there.format(*(known.get(part, part) for part in found.groups()))
    return sentence


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Sentences with something in them, as what they match."""
    return [
        (re.compile(re.escape(here).replace(r"\{\}", "(.+?)"), re.S), there)
        for here, there in _SENTENCES[language].items()
        if "{}" in here
    ]
