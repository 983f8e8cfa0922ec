"""How a verb reaches a deployment: over its REST API, or on its own machine by Redis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from igym import settings as settings_module
from igym.cli.remote import URL, Remote, token
from igym.errors import Unavailable

if TYPE_CHECKING:
    from igym.services.connect import Deployment


def here() -> Deployment:
    """The deployment at REDIS_URL, or the one `igym up` runs with its own Redis in `data_dir`.

    Raises:
        Unavailable: neither is there.
    """
    from igym.services.connect import connect

    settings = settings_module.load()
    if not settings.redis_url:
        socket = settings.data_dir.resolve() / "redis" / "redis.sock"
        if not socket.exists():
            raise Unavailable(
                "There is no deployment here: REDIS_URL is not set, and no `igym up` runs in this "
                "folder.",
                hint="Set REDIS_URL, or name a server: --to https://lab.example.org",
            )
        settings = settings_module.replace(settings, redis_url=f"unix://{socket}")
    return connect(settings, patience_s=3.0)


def there(to: str | None, given: str | None) -> Remote | None:
    """The server that `--to` or IGYM_URL names; None = neither does."""
    url = to or os.environ.get(URL, "").strip()
    return Remote(url, token(given)) if url else None
