"""A real nginx, as deploy/nginx.conf has it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.server import free_port
from tests.live_server import REPOSITORY

_PATH = f"{os.environ['PATH']}:/usr/sbin"  # where Debian has it


def is_installed() -> bool:
    """Whether it can be started."""
    return shutil.which("nginx", path=_PATH) is not None


@contextmanager
def running(folder: Path, first: int, second: int) -> Iterator[str]:
    """Its URL, while it stands before two ports of this machine."""
    front = free_port()
    conf = (REPOSITORY / "deploy" / "nginx.conf").read_text()
    conf = conf.replace("listen 8080", f"listen 127.0.0.1:{front}")
    conf = conf.replace(":3001", f":{first}").replace(":3002", f":{second}")
    (folder / "nginx.conf").write_text(conf)
    own = "daemon off; pid nginx.pid;"
    command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-g", own]
    log = folder / "nginx.log"
    environment = os.environ | {"PATH": _PATH}
    with log.open("wb") as out, subprocess.Popen(command, stderr=out, env=environment) as nginx:
        try:
            yield f"http://127.0.0.1:{front}"
            assert nginx.poll() is None, log.read_text()
        finally:
            nginx.terminate()  # or a test that failed would wait for it for ever
