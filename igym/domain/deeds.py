"""What people who run a deployment do to it, as the audit log tells it. Knows no Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Did(StrEnum):
    """Something that was done. Names never change: logs are read years later."""

    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"
    SUBMITTED = "submitted"  # new files came in as a version
    ACTIVATED = "activated"  # newcomers get this version
    ROLLED_BACK = "rolled_back"  # activated, and it had retired before
    RETIRED = "retired"  # newcomers do not get it any more
    OPENED = "opened"  # recruitment
    CLOSED = "closed"
    EXPORTED = "exported"  # an export was asked for
    GAVE_OUT = "gave_out"  # the data of one person
    ERASED = "erased"  # one person; the log does not say whom
    ANONYMISED = "anonymised"


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit log. Whatever it is about, no participant is named."""

    did: Did
    who: str  # a token's name; "local" = somebody on the server's own machine
    token: str  # its id; empty = not over the API
    at_ms: float
    experiment: str = ""  # empty = it is about none
    what: str = ""  # a version, token or export
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    id: str = ""  # its place in the log
