"""A container as it is to be deployed: nothing writable but /tmp, no capability, no new right."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from benchmarks.serving.server import free_port
from deploy.image.engine import HARDENED

START_TIMEOUT_S = 120
_STATUS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:3000/readyz').status)"


@dataclass(frozen=True)
class Container:
    """A container that was started.

    port: on 127.0.0.1; 3000 inside where it has no network.
    """

    engine: str
    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, *words: str) -> str:
        """What an engine's command says of it, without surrounding space."""
        done = subprocess.run(
            [self.engine, *words], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    def python(self, code: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run code inside, with `given` on its standard input."""
        command = [self.engine, "exec", "-i", self.name, "python3", "-I", "-c", code]
        return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)

    def log(self) -> str:
        command = [self.engine, "logs", self.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def is_running(self) -> bool:
        return self.call("inspect", "--format", "{{.State.Running}}", self.name) == "true"

    def pid(self) -> int:
        """Of its first process, as this machine counts them."""
        return int(self.call("inspect", "--format", "{{.State.Pid}}", self.name))

    def wait(self) -> int:
        """Until it has ended by itself. Returns its exit status."""
        return int(self.call("wait", self.name))

    def wait_until_ready(self) -> None:
        self.wait_until(self._is_ready)

    def wait_until_ready_without_network(self) -> None:
        self.wait_until(lambda: self.python(_STATUS).stdout.strip() == b"200")

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Raises: AssertionError: it has ended, or is not so in time."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if is_so():
                return
            assert self.is_running(), self.log()
            time.sleep(0.2)
        raise AssertionError(f"not ready after {START_TIMEOUT_S} s:\n{self.log()}")

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False


@contextmanager
def started(
    engine: str, image: str, *options: str, network: bool = True, port: int = 0
) -> Iterator[Container]:
    """A container that may not be ready yet, and is gone afterwards.

    Args:
        options: more of them, for the engine.
        network: this machine's, and it listens on 127.0.0.1; else none at all.
        port: where it listens; 0 for a free one.
    """
    port = (port or free_port()) if network else 3000
    where = ["--network", "host" if network else "none"]
    where += ["--env", "BENTOML_HOST=127.0.0.1", "--env", f"BENTOML_PORT={port}"]
    command = [engine, "run", "--detach", *HARDENED, *where, *options, image]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    container = Container(engine, done.stdout.strip(), port)
    try:
        yield container
    finally:
        container.call("rm", "--force", container.name)
