"""A real Chromium for the console's pages: the one that `make test` unpacks, else the machine's own."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

UNPACKED = Path(__file__).parents[2] / "var" / "test" / "browser"
SCREEN: ViewportSize = {"width": 1280, "height": 800}


def executable() -> str:
    """Return the path of a Chromium, or fail with what to do."""
    unpacked = UNPACKED / "chromium"
    found = str(unpacked) if unpacked.exists() else shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("no Chromium: run `make test` once, which unpacks one, or install the package chromium")
    return found


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Run pages on SQLite alone: tests/api tries every query on both."""
    return sqlite_database


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a Chromium that knows one font with Chinese glyphs; only `--no-sandbox` differs from a user's."""
    environment: dict[str, str | float | bool] = {
        **os.environ,
        "LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf"),
        "TMPDIR": str(tmp_path_factory.mktemp("chromium")),
    }
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox"], env=environment if UNPACKED.exists() else None
        )
        yield launched
        launched.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """Serve the test's application from a thread and return its address; granian would take seconds to start."""
    bodies: list[Any] = []

    def kept(environ: Any, start_response: Any) -> Any:  # noqa: ANN401 (WSGI)
        bodies.append(app(environ, start_response))
        return bodies[-1]

    server = make_server("127.0.0.1", 0, kept, threaded=True)
    # It looks so often whether it shall stop; with its default, half a second of every test would be waiting for that.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    # This server, unlike granian, leaves a body open when its reader turns to another page.
    for body in bodies:
        body.close()


@pytest.fixture
def browser_page(browser: Browser, site: str) -> Iterator[Page]:
    """Return an empty page whose relative addresses lead to `site`; an uncaught script error fails the test."""
    context = browser.new_context(base_url=site, locale="zh-CN", viewport=SCREEN)
    page = context.new_page()
    page.set_default_timeout(10_000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    assert failures == []
