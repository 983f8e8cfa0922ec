"""What makes a secret guessable, and how to make one that is not. Knows no setting."""

from __future__ import annotations

import secrets

#: Characters of a key that signs: 32 of them, drawn, are beyond guessing.
LEAST = 32

#: Different characters in it. 32 drawn hexadecimal digits have fewer than nine once in 10^5.
LEAST_DIFFERENT = 9

#: What people write who mean to replace it later. In 64 drawn characters none turns up by chance.
_MEANT_TO_GO = (
    "changeme", "change-me", "change_me", "changethis", "change-this", "change_this", "replace",
    "example", "password", "insecure", "default", "secret-", "secret_",
)  # fmt: skip

_RUNS = ("01234567", "12345678", "abcdefgh", "qwertyui")

#: For whoever has none: what to type.
HOW = 'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'


def made() -> str:
    """A new one: 64 characters that need no quoting anywhere."""
    return secrets.token_urlsafe(48)


def weakness(text: str, least: int = LEAST) -> str:
    """Why `text` can be guessed, in a few words that do not repeat it; "" = it cannot."""
    if len(text) < least:
        return f"its {len(text)} characters can be guessed; it needs {least} or more"
    low = text.lower()
    if any(word in low for word in _MEANT_TO_GO):
        return "it is a placeholder that somebody was to replace"
    if any(run in low for run in _RUNS):
        return "it counts up, and so will who guesses it"
    if len(set(text)) < LEAST_DIFFERENT:
        return f"it repeats its {len(set(text))} different characters"
    return ""
