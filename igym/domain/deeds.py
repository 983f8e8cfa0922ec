"""What people who run a deployment do to it, as the audit log tells it. Knows no Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Did(StrEnum):
    """Something that was done. Names never change: logs are read years later."""

    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"
    ACCOUNT_MADE = "account_made"
    ACCOUNT_CHANGED = "account_changed"  # another role
    ACCOUNT_REMOVED = "account_removed"
    PASSWORD_SET = "password_set"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"  # of all visits, or of one from elsewhere
    SUBMITTED = "submitted"  # new files came in as a version
    ACTIVATED = "activated"  # newcomers get this version
    ROLLED_BACK = "rolled_back"  # activated, and it had retired before
    RETIRED = "retired"  # newcomers do not get it any more
    OPENED = "opened"  # recruitment
    CLOSED = "closed"
    WATCHED = "watched"  # looked on at a game that was live
    REPLAYED = "replayed"  # had an episode shown once more
    REHEARSED = "rehearsed"  # a crowd of simulated participants was asked for
    EXPORTED = "exported"  # an export was asked for
    GAVE_OUT = "gave_out"  # the data of one person
    ERASED = "erased"  # one person; the log does not say whom
    ANONYMISED = "anonymised"
    BONUSES_RECOMPUTED = "bonuses_recomputed"
    COMMANDED = "commanded"  # people or a game (`igym.domain.commands`); `what` names the command
    CAPPED = "capped"  # so many participants and no more


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit log. Whatever it is about, no participant is named."""

    did: Did
    who: str  # a token's name or an account's; "local" = somebody on the server's own machine
    token: str  # its id, or the account's name; empty = neither
    at_ms: float
    experiment: str = ""  # empty = it is about none
    what: str = ""  # a version, token, export or account
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    id: str = ""  # its place in the log
