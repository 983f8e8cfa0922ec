"""Everything igym refuses, as one tree. Says nothing about HTTP, sockets or Redis.

    IgymError
    ├── Refused            the caller asked for something that cannot be
    │   ├── NotFound       there is no such experiment, session or game
    │   ├── BadToken       the token is missing, forged or of another experiment
    │   ├── BadMessage     the message does not have the declared shape
    │   ├── OldClient      the page speaks an earlier version of the wire
    │   ├── NotOpen        the study, or a part of it, is not open to them now
    │   ├── TookPart       they have taken part in what keeps them out of this
    │   ├── BadTarget      what was asked for cannot be put where it should go
    │   ├── BadExport      what should be an export is something else, or damaged
    │   ├── NotYours       the game or seat belongs to somebody else
    │   ├── TooMuch        too large or too often
    │   │   └── TooLarge   larger than is taken at all
    │   └── Conflict       the world moved on since the caller looked
    ├── BadPackage         the researcher's files cannot be used as they are
    │   └── BadPolicy      a policy file is missing or does not fit its seat
    ├── SceneFailed        the researcher's code raised while a game was running
    ├── LeaseLost          another worker owns this game now; stop at once
    └── Unavailable        a service igym needs is not there (Redis, a port, a disk)

`code` is for machines and never changes; the message is for a person. `hint` says
what to do now.
"""

from __future__ import annotations

from typing import ClassVar


class IgymError(Exception):
    """The root. `status` is the HTTP status a page would answer with."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Refused(IgymError):
    """The caller's request was understood and turned down. Nothing was changed."""

    code, status = "refused", 400


class NotFound(Refused):
    """There is no such thing, or it is not open."""

    code, status = "not_found", 404


class BadToken(Refused):
    """The participant token is missing, forged, or made for another experiment."""

    code, status = "bad_token", 401


class BadMessage(Refused):
    """A message without the declared shape, or with a value outside its bounds."""

    code, status = "bad_message", 400


class OldClient(Refused):
    """The page was loaded from an earlier igym; it must be reloaded."""

    code, status = "old_client", 409


class NotOpen(Refused):
    """The study, or this part of it, is not open to the participant now.

    `at_ms` is when it opens or closed, ms since the epoch; 0 = that is not the reason.
    """

    code, status = "not_open", 403

    def __init__(self, message: str, *, hint: str = "", at_ms: float = 0) -> None:
        super().__init__(message, hint=hint)
        self.at_ms = at_ms


class TookPart(Refused):
    """The person has taken part in an earlier version, or in a study that excludes them."""

    code, status = "took_part", 403


class BadTarget(Refused):
    """An export, picture or film cannot be written where it was to go. Nothing is left there."""

    code, status = "bad_target", 400


class BadExport(Refused):
    """A file or folder that should be an export of igym is something else, or is damaged."""

    code, status = "bad_export", 400


class NotYours(Refused):
    """The game, seat or scene named is not the caller's."""

    code, status = "not_yours", 403


class TooMuch(Refused):
    """Over a limit of size or rate.

    `wait_s` is in how many seconds it may be tried again; 0 = nobody knows.
    """

    code, status = "too_much", 429

    def __init__(self, message: str, *, hint: str = "", wait_s: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class TooLarge(TooMuch):
    """The body of a request is larger than the server takes."""

    code, status = "too_large", 413


class Conflict(Refused):
    """Nothing was written: the record changed since the caller read it.

    `moved` names the records that had changed.
    """

    code, status = "conflict", 409

    def __init__(self, message: str, *, moved: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.moved = moved


class BadPackage(IgymError):
    """The experiment's files cannot be used as they are. The message says which and why."""

    code, status = "bad_package", 422


class BadPolicy(BadPackage):
    """A policy file is missing, unreadable, or does not fit the seat it should play."""

    code = "bad_policy"


class SceneFailed(IgymError):
    """The environment or another callable of the researcher raised during a game.

    `where` is "scene …, episode …, tick …"; `trace` is the researcher's traceback. Neither
    is ever shown to a participant.
    """

    code = "scene_failed"

    def __init__(self, message: str, *, where: str, trace: str) -> None:
        super().__init__(message)
        self.where = where
        self.trace = trace

    def __str__(self) -> str:
        return f"{self.message} ({self.where})"


class LeaseLost(IgymError):
    """Another process holds the lease now. What was not yet written must not be."""

    code, status = "lease_lost", 409


class Unavailable(IgymError):
    """Something igym stands on is not there: Redis, a port, the data volume."""

    code, status = "unavailable", 503
