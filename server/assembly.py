"""Puts the application together: database, languages, errors, jobs, subjects, in the order they need each other."""

from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, g, request
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from server.blob_store import build_store
from server.cli import register_commands
from server.config import Settings
from server.db import db
from server.errors import ProblemApi, init_errors
from server.evidence.draining import drain_waiting
from server.gateway import jobs as gateway_jobs
from server.gateway.signed_items import StoredItems
from server.health import health
from server.i18n import init_i18n
from server.jobs import enqueue, init_jobs
from server.logs import init_logs
from server.metrics import metrics
from server.safekeeping.nodes import init_nodes
from server.safekeeping.watch import init_watch
from server.subjects import register_subjects
from server.web import init_login
from server.write_queue import WriteQueue

MIGRATIONS = Path(__file__).parent / "migrations"
# The largest body outside /uploads is a push: 1 MiB as sent, and a little for the envelope's slack.
MOST_BODY_BYTES = 1024 * 1024 + 65536
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def assemble(settings: Settings) -> Flask:
    """Return the application for ``settings``."""
    app = Flask("server", root_path=str(Path(__file__).parent))
    app.extensions["xuncha_settings"] = settings
    parts = build_store(settings, recovered=lambda: enqueue(drain_waiting))
    app.extensions["xuncha_store"], app.extensions["xuncha_blobs"] = parts, parts.blobs
    app.config.update(flask_config(settings))
    # Behind a proxy every caller has the proxy's address, and all would share one count of failed sign-ins.
    hops = settings.trusted_proxies
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's own way to wrap
    init_logs(app, settings)
    db.init_app(app)
    app.extensions["xuncha_write_queue"] = write_queue(settings.database_url)
    app.extensions["xuncha_inbox"] = StoredItems()
    app.extensions["xuncha_woken"] = lambda: enqueue(gateway_jobs.interpret_ready)
    Migrate(app, db, directory=str(MIGRATIONS))
    init_i18n(app, timezone=settings.timezone, locale=settings.locale)
    api = ProblemApi(app)
    init_errors(app)
    init_login(app)
    csrf = CSRFProtect(app)
    register_subjects(app, api, csrf)
    app.register_blueprint(health)
    app.register_blueprint(metrics)
    init_jobs(app, settings)
    init_watch(app)
    init_nodes(app)
    register_commands(app)
    app.after_request(_secure)
    return app


def flask_config(settings: Settings) -> dict[str, object]:
    """Return what Flask and its extensions read from their own configuration."""
    return {
        "SECRET_KEY": settings.secret(),
        "SQLALCHEMY_DATABASE_URI": absolute_url(settings.database_url),
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": MOST_BODY_BYTES,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.production,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "WTF_CSRF_TIME_LIMIT": None,
        "JSON_AS_ASCII": False,
        "API_TITLE": "Xuncha",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }


def absolute_url(url: str) -> str:
    """Anchor a relative SQLite path at the working directory (Flask-SQLAlchemy would take its instance folder)."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith("sqlite:////") or url == prefix:
        return url
    path = Path(url.removeprefix(prefix)).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    return prefix + str(path)


def write_queue(url: str) -> WriteQueue | None:
    """Return the queue of a SQLite file's writers; PostgreSQL needs none."""
    path = make_url(absolute_url(url)).database
    return WriteQueue(Path(path)) if url.startswith("sqlite") and path and path != ":memory:" else None


def engine_options(url: str) -> dict[str, object]:
    """Return pool settings; the SQLite pragmas are set on connect in server/db.py."""
    if url.startswith("sqlite"):
        # The driver keeps 128 prepared statements by default; the product has some six hundred.
        return {"connect_args": {"timeout": 15, "cached_statements": 1024}}
    # In UTC: another zone could push an instant at the calendar's edge out of Python's years. The timeouts (in
    # milliseconds): whoever waits longer for a lock starts over, and no statement of a request takes half a minute.
    # No JIT: ours are short statements, and compiling one takes longer than all it could save.
    told = "-c timezone=UTC -c lock_timeout=5000 -c statement_timeout=30000 -c jit=off"
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 10, "connect_args": {"options": told}}


def _secure(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if "actor" in g and request.method == "GET":
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response
