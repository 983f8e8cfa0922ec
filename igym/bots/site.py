"""Where a study is, and the one HTTP request that makes a participant of somebody. Blocking."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from igym.errors import NotFound, Unavailable

_PATH = re.compile(r"(?P<prefix>.*)/[ex]/(?P<experiment>[A-Za-z0-9_-]+)/?")

#: How long a server that is restarting may take before somebody gives up joining.
PATIENCE_S = 15.0


@dataclass(frozen=True)
class Site:
    """A study's address, taken apart."""

    base: str  # as in https://lab.example.org/prefix
    experiment: str
    query: dict[str, str]  # of the link; travels with every join

    @classmethod
    def at(cls, url: str) -> Site:
        """The study behind a participant's link. Raises `NotFound` where it is none."""
        parts = urlsplit(url)
        match = _PATH.fullmatch(parts.path)
        if parts.scheme not in ("http", "https") or match is None:
            raise NotFound(
                f"{url} is not the link of a study.",
                hint="It looks like https://lab.example.org/e/<experiment>.",
            )
        query = {key: value for key, value in parse_qsl(parts.query) if key != "new"}
        return cls(f"{parts.scheme}://{parts.netloc}{match['prefix']}", match["experiment"], query)

    @property
    def here(self) -> bool:
        """Whether the server runs on this machine, so that its clock is ours."""
        return urlsplit(self.base).hostname in ("127.0.0.1", "localhost", "::1")

    def join(self, **query: str) -> str:
        """Become a participant. Safe to repeat: the same `id` is the same participant.

        Returns:
            The token to connect with.

        Raises:
            NotFound: the server refuses; the message is its own.
            Unavailable: it did not answer for `PATIENCE_S`.
        """
        body = json.dumps({"query": self.query | query}).encode()
        url = f"{self.base}/api/x/{self.experiment}/join"
        until = time.monotonic() + PATIENCE_S
        while True:
            asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
                    said: dict[str, Any] = json.load(answer)
                    return str(said["token"])
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise NotFound(f"Joining was refused: {_text(error)}") from error
                why = f"HTTP {error.code}"
            except (OSError, ValueError) as error:
                why = str(error)
            if time.monotonic() > until:
                raise Unavailable(f"{url} does not let anybody join: {why}.")
            time.sleep(0.5)

    def kbps(self, size: int) -> float:
        """Kilobits a second of a download of `size` bytes, as a screening asks for; 0 = failed."""
        began_s = time.monotonic()
        try:
            with urllib.request.urlopen(
                f"{self.base}/api/probe?bytes={size}", timeout=PATIENCE_S
            ) as answer:
                got = len(answer.read(2 * size))
        except OSError:
            return 0.0
        return got * 8 / 1000 / max(1e-6, time.monotonic() - began_s)


def _text(error: urllib.error.HTTPError) -> str:
    try:
        said = json.loads(error.read(10_000))
        return str(said.get("text", said))
    except (ValueError, AttributeError):
        return f"HTTP {error.code}"
