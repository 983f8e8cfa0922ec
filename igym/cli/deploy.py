"""`igym deploy`: the secrets of a deployment in containers, made and looked at.

What is checked here is checked again by each container before it starts (`igym.cli.container`).
Opens no connection, and never prints a secret.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import unquote, urlsplit

import typer
from rich.console import Console

from igym.domain.finding import Finding, fail
from igym.domain.secret import HOW, made, weakness
from igym.errors import IgymError

app = typer.Typer(help="Secrets and settings of a deployment in containers (deploy/compose.yml).")

#: Who has a Redis user of their own: `igym.store.acl.Tier`, which is too heavy to be asked here.
TIERS = ("WEB", "GAME", "INFERENCE", "DIRECTOR", "CHECKS", "OPERATOR", "HEALTH")

#: What a deployment cannot do without, and what each is for.
NEEDED = {
    "IGYM_SECRET_KEY": "signs participants' tokens and the admin's",
    **{f"REDIS_PASSWORD_{tier}": f"opens Redis as the user {tier.lower()}" for tier in TIERS},
}

#: Variables that hold secrets, whoever needs them, by how their names end.
ENDINGS = ("_SECRET", "_SECRET_KEY", *(name for name in NEEDED if name.startswith("REDIS_")))

#: Variables with a URL in which there is a password.
URLS = ("REDIS_URL", *(f"REDIS_URL_{tier}" for tier in TIERS))

#: Passwords stand in URLs: what has a meaning there cannot be in them.
URL_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

#: The user that igym's containers run as: deploy/Dockerfile.
CONTAINER_USER = 10001


class BadDeployment(IgymError):
    """A deployment's file of secrets cannot be made, or what is in it will not do."""

    code: ClassVar[str] = "bad_deployment"


def _mounted(env: Mapping[str, str]) -> dict[str, str]:
    """What is in the files that `…_FILE` names, as settings have it."""
    found = {}
    for name, value in env.items():
        if name.endswith("_FILE") and value:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                found[name.removesuffix("_FILE")] = Path(value).read_text("utf-8").strip()
    return found


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""


def told(found: Finding) -> str:
    """A finding for a person to read."""
    return f"{found.what} {found.said}.\n  → {found.hint}"


def findings(env: Mapping[str, str], *, signs: bool = True) -> Iterator[Finding]:
    """What is missing, default or weak in `env`: a container's environment, or a `.env` file.

    Nothing of it would help whoever guesses.

    A container has REDIS_URL, with a password in it, where the file has those of all users.
    `signs`: whether it is for somebody who signs tokens, and so needs the key.
    """
    env = {**_mounted(env), **env}
    has_url = any(env.get(name) for name in URLS)
    for name in NEEDED:
        needed = signs if name == "IGYM_SECRET_KEY" else not has_url
        if needed and not env.get(name):
            yield fail(name, f"is missing: it {NEEDED[name]}", f"{HOW}, or: igym deploy init")
    for name, value in env.items():
        if not value:
            continue
        if name.endswith(ENDINGS):
            for one in value.split(",") if name == "IGYM_SECRET_KEY" else [value]:
                if why := weakness(one.strip()):
                    yield fail(name, f"will not do: {why}", HOW)
                    break
            if name.startswith("REDIS_") and not set(value) <= URL_SAFE:
                yield fail(
                    name,
                    "has characters that mean something in a URL",
                    f"Letters, digits and - . _ ~ will do. {HOW}",
                )
        elif name.endswith(URLS) and value.startswith(("redis:", "rediss:")):
            why = weakness(_password(value))
            if why:
                yield fail(f"the password in {name}", f"will not do: {why}", HOW)


def read(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of a `.env` file.

    Raises:
        BadDeployment: there is none.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise BadDeployment(
            f"{file} cannot be read: {error.strerror}.", hint="Make one: igym deploy init URL"
        ) from error
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, equals, value in pairs if equals}


def env_file(url: str) -> str:
    """A `.env` for deploy/compose.yml, with secrets nobody else has."""
    at = urlsplit(url)
    if at.scheme not in ("http", "https") or not at.hostname or at.path.strip("/") or at.query:
        raise BadDeployment(
            f"{url} cannot be where participants' links begin.",
            hint="Write https://study.example.org, or http://localhost:8080 to try it.",
        )
    secure = at.scheme == "https"
    public = f"{at.scheme}://{at.netloc}"
    passwords = "\n".join(f"{name}={made()}" for name in NEEDED if name.startswith("REDIS_"))
    ports = (
        f"HTTP_PORT=80\nHTTPS_PORT={at.port or 443}\n"
        if secure
        else f"# Only from this machine. 0.0.0.0 lets everybody in, and nothing is encrypted.\n"
        f"HTTP_BIND=127.0.0.1\nHTTP_PORT={at.port or 80}\n"
    )
    return f"""\
# Settings and secrets of this deployment, read by deploy/compose.yml. Keep a copy where backups
# are, and show it to nobody: who has it can sign in as anybody. Made by `igym deploy init`.

IGYM_PUBLIC_URL={public}
# tls: HTTPS with the certificate in certs/. http: without. turn: a relay for games peer to peer.
COMPOSE_PROFILES={"tls" if secure else "http"}
{ports}
IGYM_SECRET_KEY={made()}
TURN_SECRET={made()}
# Each tier is a Redis user that may do what the tier does.
{passwords}
"""


def _write(file: Path, text: str) -> None:
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadDeployment(
            f"{file} is there already and was left as it is: without its secrets nobody could go"
            " on with their session.",
            hint=f"See what it lacks: igym deploy check {file}",
        ) from None
    except OSError as error:
        raise BadDeployment(f"{file} cannot be written: {error.strerror}.") from error
    with os.fdopen(fd, "w", encoding="utf-8") as opened:
        opened.write(text)


def _self_signed(folder: Path, host: str) -> bool:
    """A certificate to begin with, which browsers warn of. False where openssl is missing."""
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    if chain.exists() or key.exists():
        return True
    openssl = shutil.which("openssl")
    if openssl is None:
        return False
    folder.mkdir(exist_ok=True)
    kind = "IP" if host.replace(".", "").isdigit() or ":" in host else "DNS"
    command = [openssl, "req", "-x509", "-nodes", "-days", "90", "-newkey", "ec"]
    command += ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={host[:64]}"]
    command += ["-addext", f"subjectAltName={kind}:{host}"]
    command += ["-keyout", str(key), "-out", str(chain)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return False
    key.chmod(0o400)
    if os.geteuid() == 0:
        os.chown(key, CONTAINER_USER, CONTAINER_USER)
    return True


@app.command()
def init(
    url: Annotated[
        str, typer.Argument(help="Where participants' links begin, as in https://study.example.org")
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--in", help="The folder with compose.yml. Default: ./deploy, else this one."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--print", help="Print the file and write nothing.")
    ] = False,
) -> None:
    """Make the file of secrets that deploy/compose.yml needs. Never overwrites one."""
    text = env_file(url)
    if show:
        typer.echo(text, nl=False)
        return
    where = folder or (Path("deploy") if Path("deploy/compose.yml").exists() else Path())
    if not (where / "compose.yml").exists():
        raise BadDeployment(
            f"There is no compose.yml in {where.absolute()}.",
            hint="Come from igym's checkout, or name the folder: --in FOLDER",
        )
    _write(where / ".env", text)
    lines = [f"{where / '.env'} has this deployment's secrets. Keep a copy with your backups."]
    secure = url.startswith("https:")
    if secure and _self_signed(where / "certs", str(urlsplit(url).hostname)):
        lines += [
            f"{where / 'certs'} has a certificate to begin with, which browsers warn of. Replace",
            "fullchain.pem and privkey.pem by your own: docs/deploy.md says how.",
        ]
        if os.geteuid() != 0:
            key = where / "certs" / "privkey.pem"
            lines += [f"nginx must be able to read the key: sudo chown {CONTAINER_USER} {key}"]
    elif secure:
        lines += [f"Put fullchain.pem and privkey.pem into {where / 'certs'} (docs/deploy.md)."]
    compose = f"docker compose -f {where / 'compose.yml'}"
    lines += ["", "Next:", f"  {compose} build", f"  {compose} up -d"]
    lines += [f"  {compose} run --rm igym token create    # for researchers' igym submit"]
    lines += [f"  {compose} run --rm igym admin link      # your way in"]
    Console().print("\n".join(lines), soft_wrap=True, highlight=False)


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="Default: deploy/.env, else .env, else the environment."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Say which secret is missing, default or weak, and how to make one. Exit code 1 if any is."""
    known = file or next((f for f in (Path("deploy/.env"), Path(".env")) if f.exists()), None)
    env = dict(os.environ) if known is None else read(known)
    found = list(findings(env))
    if known is not None and known.stat().st_mode & 0o077:
        found.append(
            fail(str(known), "can be read by other users of this machine", f"chmod 600 {known}")
        )
    console = Console()
    if as_json:
        typer.echo(json.dumps({"ok": not found, "findings": [asdict(one) for one in found]}))
        raise typer.Exit(1 if found else 0)
    for one in found:
        console.print(f"- {told(one)}", highlight=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)
    console.print(f"The secrets in {known or 'the environment'} are there, and none is weak.")
