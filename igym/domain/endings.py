"""How a session may end, and where it leads: outcomes, codes, pages and addresses. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from igym.domain.nearest import nearest
from igym.errors import BadPackage

#: What an address may name besides parameters of the participant's own link.
KNOWN = ("participant", "code", "session", "outcome")

#: What a name in braces looks like: one of `KNOWN`, or a parameter of the link.
_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_.-]{0,39})\}")

#: The most characters kept of one parameter.
MOST_CHARS = 200


def check_address(where: str, address: str) -> None:
    """Raises `BadPackage` where `address` is none a browser can go on to."""
    if not isinstance(address, str):
        raise BadPackage(f"{where}: {address!r} is no address.")
    left = _PLACE.sub("x", address)
    if "{" in left or "}" in left:
        raise BadPackage(
            f"{where}: {address!r} has braces around what is no name.",
            hint="Write {participant}, {code}, {session}, {outcome} or a parameter of your link.",
        )
    parts = urlsplit(left)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadPackage(f"{where}: {address!r} is no address.", hint="It begins with https://")
    for name in _PLACE.findall(address):
        meant = nearest(name, KNOWN)
        if name not in KNOWN and name.islower() and meant.startswith("Did you mean"):
            raise BadPackage(f"{where}: {{{name}}} in {address!r} is not known.", hint=meant)


def parameters(addresses: Iterable[str]) -> set[str]:
    """The parameters of a participant's link that `addresses` pass on."""
    return {name for one in addresses for name in _PLACE.findall(one)} - set(KNOWN)


def kept(query: Mapping[str, object], addresses: Iterable[str]) -> dict[str, str]:
    """Of a link's query, what `addresses` pass on, bounded."""
    given = {name: query.get(name) for name in sorted(parameters(addresses))}
    return {k: v[:MOST_CHARS] for k, v in given.items() if isinstance(v, str) and v}


def filled(address: str, values: Mapping[str, str]) -> str:
    """`address` with what it names in its place, URL-encoded; what is not known is left empty."""
    return _PLACE.sub(lambda found: quote(values.get(found[1], ""), safe=""), address)
