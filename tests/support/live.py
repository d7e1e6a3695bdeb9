"""The real web server and worker in a process group of their own, for tests that need sockets or a kill -9.

They run on the same database and folders as the test's `app` fixture, on a free loopback port. Most are started by
a fork of a process that has imported the application already (`support.zygote`).
"""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pytest
from support.zygote import Forked, forked

from server.config import PREFIX, Settings
from server.launcher import demand_free_port, web_command, worker_command

ROOT = Path(__file__).parents[2]
# A loaded machine starts Python slowly; a sound one takes two seconds.
PATIENCE_SECONDS = 90


@dataclass
class LiveServer:
    """One running product; `kill` and `start` may be called again and again on the same port."""

    settings: Settings
    log: Path
    _processes: list[subprocess.Popen[bytes] | Forked] = field(default_factory=list, init=False)

    @property
    def url(self) -> str:
        """Address without a slash at the end."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def start(self, *, worker: bool = True, imported: bool = True) -> None:
        """Start web server and worker and wait until the server answers."""
        self.launch(worker=worker, imported=imported)
        self.wait()

    def launch(self, *, worker: bool = True, imported: bool = True) -> None:
        """Start web server and worker without waiting for them; by the very command line unless ``imported``."""
        demand_free_port(self.settings)
        for command in (web_command(self.settings), worker_command())[: 1 + worker]:
            group = self._processes[0].pid if self._processes else 0
            start = self._forked if imported else self._launched
            self._processes.append(start(command, group))

    def wait(self) -> None:
        """Wait until the launched server answers."""
        self._wait_until(answering=True)

    def _forked(self, command: list[str], group: int) -> Forked:
        return forked(command, environment(self.settings), self.log, group)

    def _launched(self, command: list[str], group: int) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=group,
            )

    def kill(self) -> None:
        """Kill -9 the whole process group: workers that outlive their parent would go on answering."""
        if not self._processes:
            return
        # The first one leads the group; as long as nobody waited for it, its number is not given to another.
        with suppress(ProcessLookupError):  # all have ended by themselves
            os.killpg(self._processes[0].pid, signal.SIGKILL)
        for process in self._processes:
            process.wait()
        self._processes.clear()
        self._wait_until(answering=False)

    def _wait_until(self, *, answering: bool) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._answers() is not answering:
            ended = any(process.poll() is not None for process in self._processes)
            if ended or time.monotonic() > deadline:
                pytest.fail(f"the server did not {'start' if answering else 'stop'}:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Tell whether the server answers; somebody who listens without answering counts while it should stop."""
        # Not httpx: asked twenty times a second, it would cost a core that the starting server needs.
        connection = http.client.HTTPConnection(self.settings.host, self.settings.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except ConnectionRefusedError:
            return False
        except (OSError, http.client.HTTPException):
            return not self._processes
        finally:
            connection.close()


def environment(settings: Settings) -> Mapping[str, str]:
    """Return the environment from which a process reads exactly these settings."""
    foreign = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {field.name: getattr(settings, field.name) for field in fields(settings)}
    texts = {name: str(int(value)) if isinstance(value, bool) else str(value) for name, value in chosen.items()}
    return foreign | {PREFIX + name.upper(): text for name, text in texts.items()}


def free_port() -> int:
    """Return a loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def live_server(settings: Settings, tmp_path: Path) -> Iterator[LiveServer]:
    """Return a started server on this test's database; its whole process group is killed at the end."""
    server = LiveServer(replace(settings, port=free_port()), tmp_path / "server.log")
    try:
        server.start()
        yield server
    finally:
        server.kill()
