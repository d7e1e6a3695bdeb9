"""Runs the product on one machine: web server and worker as child processes in one group, ended together.

Knows granian's and the worker's command lines, nothing of the application inside them.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from types import FrameType

from server.config import Settings

_START_SECONDS = 120
_STOP_SECONDS = 15


class LaunchError(Exception):
    """The product cannot start; the text says why and what to do."""


def web_command(settings: Settings) -> list[str]:
    """Return the command line of the web server."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(settings.web_processes), "--blocking-threads", str(settings.web_threads)),
        # A worker process that dies is started again: the next bar of signal must find an open door.
        *("--respawn-failed-workers", "--log-level", "warning", "--workers-kill-timeout", "10s"),
        "wsgi:app",
    ]


def worker_command() -> list[str]:
    """Return the command line of the worker."""
    return [sys.executable, "-m", "flask", "--app", "wsgi", "work"]


def demand_free_port(settings: Settings) -> None:
    """Raise LaunchError when somebody already listens: two servers on one port answer in turns."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((settings.host, settings.port)) == 0:
            msg = (
                f"Port {settings.port} is taken by another program. Stop it, or choose another port: "
                f"XUNCHA_PORT={settings.port + 1} make run"
            )
            raise LaunchError(msg)


class Children:
    """The child processes; when one ends, or a signal comes, all are ended."""

    def __init__(self, commands: Sequence[Sequence[str]], environment: dict[str, str]) -> None:
        self._stopping = False
        self._processes = [
            subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603 (our own command lines)
            for command in commands
        ]
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def wait_until_answering(self, settings: Settings) -> None:
        """Wait until the web server answers HTTP; raises LaunchError when it does not."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and not self._ended():
            try:
                connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2)
                connection.request("GET", "/health")
                if connection.getresponse().status == HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.1)
        self.end()
        msg = "The web server did not start; its messages are above."
        raise LaunchError(msg)

    def wait(self) -> int:
        """Wait until one child ends or a signal comes, end the others, return the exit status."""
        while not self._stopping and not self._ended():
            time.sleep(0.2)
        failed = not self._stopping
        self.end()
        return 1 if failed else 0

    def end(self) -> None:
        """Ask all children to end, then make them."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _ended(self) -> bool:
        return any(process.poll() is not None for process in self._processes)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
