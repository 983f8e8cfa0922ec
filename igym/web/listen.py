"""The listening socket of web workers."""

from __future__ import annotations

import socket

from igym.errors import Unavailable


def listen(host: str, port: int, shared: bool) -> socket.socket:
    """A listening TCP socket; `shared` lets several processes listen on the same port.

    Raises:
        Unavailable: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"Port {port} on {host} cannot be used: {error.strerror}.",
            hint=f"Stop what uses it, or choose another: PORT={port + 1}",
        ) from error
    listener.listen(1024)
    listener.setblocking(False)
    return listener
