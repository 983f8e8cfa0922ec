"""A large body on its way to the disk, a piece at a time and beside the loop of the sockets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import gevent
import gevent.lock
from flask import Request

from igym.domain.access import Access
from igym.domain.package import Version
from igym.errors import BadMessage, TooLarge, TooMuch
from igym.services.connect import Deployment
from igym.services.packages import submitting

T = TypeVar("T")

#: How long a whole upload may take. A researcher's 64 MB at 2 Mbit/s need four minutes.
PATIENCE_S = 300

_PIECE = 256 * 1024

#: Packages that may come in at one time in one web worker.
MOST_UPLOADS = 2

_uploads = gevent.lock.BoundedSemaphore(MOST_UPLOADS)


def package(
    deployment: Deployment, request: Request, sender: Access, *, activate: bool = False
) -> tuple[Version, bool]:
    """Take in the package that is the body of `request`, as `submitting.receive` does.

    Raises:
        TooMuch: others are uploading. And whatever `to_disk` and `submitting.receive` raise.
    """
    if not _uploads.acquire(blocking=False):
        raise TooMuch("Others are uploading at this moment.", hint="Try again in a minute.")
    try:
        with submitting.workplace(deployment) as folder:
            archive = folder / "sent.zip"
            to_disk(request, archive, deployment.settings.max_package_mb * 1_000_000)
            return submitting.receive(deployment, archive, sender, activate=activate)
    finally:
        _uploads.release()


def beside(call: Callable[..., T], *given: object) -> T:
    """`call` on another thread, while this one's greenlets go on."""
    found: T = gevent.get_hub().threadpool.apply(call, given)
    return found


def to_disk(request: Request, to: Path, most_bytes: int) -> int:
    """Write the body of `request` to the new file `to`. Returns its size in bytes.

    Raises:
        TooLarge: it is, or says that it will be, larger than `most_bytes`.
        BadMessage: it stopped on the way, or took too long.
    """
    too_large = TooLarge(
        f"The upload is larger than {most_bytes // 1_000_000} MB.",
        hint="Leave out what the study does not need, or raise the server's max_package_mb.",
    )
    if (request.content_length or 0) > most_bytes:
        raise too_large
    request.max_content_length = most_bytes + 1
    size = 0
    try:
        with gevent.Timeout(PATIENCE_S, TimeoutError), to.open("xb") as file:
            while piece := request.stream.read(_PIECE):
                size += len(piece)
                if size > most_bytes:
                    raise too_large
                beside(file.write, piece)
    except (TimeoutError, OSError) as error:
        raise BadMessage("The upload stopped on the way.", hint="Try again.") from error
    if request.content_length is not None and size < request.content_length:
        raise BadMessage("The upload stopped on the way.", hint="Try again.")
    return size
