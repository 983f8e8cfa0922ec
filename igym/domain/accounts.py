"""Who may sign in, and with what. Knows neither Redis nor hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from igym.domain.access import Access, Role
from igym.errors import BadMessage

#: NIST SP 800-63B: length is what counts, no rules about kinds of characters.
SHORTEST, LONGEST = 12, 200

#: So many different characters at least: "aaaaaaaaaaaa" is long and no password.
_DIFFERENT = 6

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    name: str
    role: Role
    experiments: tuple[str, ...]
    trusted: bool  # a researcher who may release their own experiments
    made_ms: float

    def access(self) -> Access:
        """What it opens while they are signed in."""
        return Access(
            self.name, self.name, self.role, self.experiments, self.trusted, self.made_ms,
            float("inf"),
        )  # fmt: skip


def named(name: str) -> str:
    """`name` as an account is called: small letters. Raises `BadMessage`."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise BadMessage(
            "That cannot be the name of an account.",
            hint="Up to 60 small letters, digits and . _ @ -, a letter or digit first.",
        )
    return name


def fit(password: str, name: str) -> None:
    """Refuse a password that is easily thought of. Raises `BadMessage`."""
    if len(password) < SHORTEST:
        raise BadMessage(
            f"A password has {SHORTEST} characters or more.", hint="Four words do well."
        )
    if len(password) > LONGEST:
        raise BadMessage(f"A password has {LONGEST} characters at most.")
    plain = password.lower()
    named = len(name) > 3 and name in plain
    if len(set(plain)) < _DIFFERENT or named or plain in "0123456789" * 3:
        raise BadMessage(
            "That password would be among the first to be tried.",
            hint="Not your name and not one character over and over. Four words do well.",
        )
