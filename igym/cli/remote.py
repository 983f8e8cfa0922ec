"""A deployment's REST API from a terminal: where it is, whose token, and one request at a time."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from igym.errors import BadMessage, BadToken, IgymError, Unavailable

URL, TOKEN = "IGYM_URL", "IGYM_TOKEN"

PATIENCE_S = 60.0

_PIECE = 64 * 1024


class Answered(IgymError):
    """What the server refused, in its own words and with its own code."""

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        text = str(said.get("text") or f"The server answered with HTTP {status}.")
        super().__init__(text, hint=str(said.get("hint") or ""))
        self.http = status
        self.code = str(said.get("code") or f"http_{status}")  # type: ignore[misc]


def token_file() -> Path:
    """Where a researcher may keep their token."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "igym" / "token"


def token(given: str | None) -> str:
    """The token to use: given, of the environment, or from the file.

    Raises:
        BadToken: there is none, or others may read the file.
    """
    if found := (given or os.environ.get(TOKEN, "")).strip():
        return found
    file = token_file()
    try:
        mode = file.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise BadToken(
                f"Others on this machine may read {file}.", hint=f"chmod 600 {file}; then again."
            )
        return file.read_text("utf-8").strip()
    except OSError as error:
        raise BadToken(
            "There is no token.", hint=f"Set {TOKEN}, or put it into {file} (chmod 600)."
        ) from error


class Remote:
    """One deployment and one token."""

    def __init__(self, url: str, token: str) -> None:
        """Raises `BadMessage` where `url` is none, or would show the token to others."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadMessage(f"{url!r} is no address of a server.", hint="https://lab.example.org")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise BadMessage(
                f"{url} is not encrypted: whoever is on the way could read the token.",
                hint="Use https://.",
            )
        self._host, self._port, self._tls = parts.hostname, parts.port, parts.scheme == "https"
        self._prefix, self.url = parts.path.rstrip("/"), url.rstrip("/")
        self._token = token

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Ask for something, with `body` as JSON. `path` is quoted.

        Raises:
            Answered: the server refuses. Unavailable: it does not answer.
        """
        raw = None if body is None else json.dumps(body).encode()
        headers = {} if raw is None else {"Content-Type": "application/json"}

        def send(line: http.client.HTTPConnection) -> None:
            line.request(method, self._prefix + quote(path, safe="/?=&"), raw, self._with(headers))

        return self._exchange(send)

    def upload(
        self, path: str, file: Path, progress: Callable[[int], object] = lambda _: None
    ) -> dict[str, Any]:
        """POST a file; `progress` is told of each piece that left. Raises as `call`."""
        headers = {"Content-Type": "application/zip", "Content-Length": str(file.stat().st_size)}

        def send(line: http.client.HTTPConnection) -> None:
            line.putrequest("POST", self._prefix + path)
            for name, value in self._with(headers).items():
                line.putheader(name, value)
            line.endheaders()
            # Who refuses an upload early answers while we send: that answer is what counts.
            with file.open("rb") as source, contextlib.suppress(BrokenPipeError, ConnectionError):
                while piece := source.read(_PIECE):
                    line.send(piece)
                    progress(len(piece))

        return self._exchange(send)

    def download(
        self, path: str, to: Path, progress: Callable[[int], object] = lambda _: None
    ) -> None:
        """GET a file to `to`: there whole, or not at all. Raises as `call`."""
        half = to.with_name(f".{to.name}.{os.getpid()}.part")
        with contextlib.closing(self._line()) as line:
            try:
                line.request("GET", self._prefix + quote(path), None, self._with({}))
                answer = line.getresponse()
                if answer.status != 200:
                    raise Answered(answer.status, _said(answer.read()))
                with half.open("wb") as into:
                    while piece := answer.read(_PIECE):
                        into.write(piece)
                        progress(len(piece))
                if answer.length:
                    raise http.client.IncompleteRead(b"", answer.length)
                os.replace(half, to)
            except (OSError, http.client.HTTPException) as error:
                raise self._away(error) from error
            finally:
                half.unlink(missing_ok=True)

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **headers}

    def _line(self) -> http.client.HTTPConnection:
        if not self._tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_S)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=PATIENCE_S, context=ssl.create_default_context()
        )

    def _away(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"{self.url} does not answer: {str(error) or type(error).__name__}.",
            hint="Is the address right, and is the server up?",
        )

    def _exchange(self, send: Callable[[http.client.HTTPConnection], None]) -> dict[str, Any]:
        with contextlib.closing(self._line()) as line:
            try:
                send(line)
                answer = line.getresponse()
                raw = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise self._away(error) from error
        said = _said(raw)
        if answer.status >= 300 or not said:
            raise Answered(answer.status, said)
        return said


def _said(raw: bytes) -> dict[str, Any]:
    """An answer's JSON object; empty where it is none."""
    try:
        said: Any = json.loads(raw)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
