"""Hashes of passwords: Argon2id, as RFC 9106 has it, with what OWASP asks for at least.

19 MiB and two passes: about 25 ms of one core, and little enough memory for a web worker.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from igym.errors import BadMessage

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

#: Of a password nobody has: verified for names nobody has, so that both take as long.
NOBODY = _HASHER.hash("nobody has this password")


def digest(password: str) -> str:
    """A hash of that password, with a salt of its own."""
    return _HASHER.hash(password)


def given(text: str) -> str:
    """What a setting gives as a password: the hash that it is, or one of it.

    Raises:
        BadMessage: it begins like a hash, and is none of Argon2's.
    """
    if not text.startswith("$"):
        return digest(text)
    try:
        _HASHER.check_needs_rehash(text)
    except InvalidHashError as error:
        raise BadMessage(
            "ADMIN_PASSWORD begins with $ and is no Argon2 hash.",
            hint="Make one with: igym admin hash",
        ) from error
    return text


def matches(digest: str, password: str) -> bool:
    """Whether that is its password. Takes as long whether it is or not."""
    try:
        return _HASHER.verify(digest, password)
    except (VerificationError, InvalidHashError):
        return False
