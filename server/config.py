"""Settings: everything an operator may choose, with defaults that run on a laptop.

``Settings.from_env`` is the only reader of the environment in the code base.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from photo_store.durable import make_once
from sync.limits import LIMITS, Limits

PREFIX = "XUNCHA_"
_ALL = 100


class SettingsError(Exception):
    """Start-up stops with this one sentence, which says what to set."""


@dataclass(frozen=True)
class Settings:
    """One immutable set of choices; docs/configuration.md describes each field."""

    database_url: str = "sqlite:///var/xuncha.sqlite3"
    blob_dir: Path = Path("var/blobs")
    spool_dir: Path = Path("var/spool")
    queue_file: Path = Path("var/queue.sqlite3")
    secret_key: str = ""
    production: bool = False
    demo: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    web_processes: int = 2
    web_threads: int = 8
    public_url: str = ""
    trusted_proxies: int = 0
    log_format: str = "text"
    log_level: str = "INFO"
    timezone: str = "Asia/Shanghai"
    locale: str = "zh_Hans_CN"
    password_rounds: int = 2
    admin_totp: bool = True
    one_administrator: bool = False
    session_hours: int = 12
    field_session_days: int = 30
    revoked_grace_days: int = 30
    max_photo_bytes: int = 25 * 1024 * 1024
    upload_days: int = 7
    metrics_token: str = ""
    node: str = ""
    blob_store: str = "disk"
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_ca_file: str = ""
    rendition_cache_mb: int = 2048
    unattached_days: int = 30
    custody_key_file: Path = Path("var/custody.key")
    checkpoint_dir: Path = Path("var/checkpoints")
    time_authority_url: str = ""
    time_authority_ca_file: str = ""
    retention_years: int = 5
    due_soon_percent: int = 25
    confirmed_at: str = "receipt"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read ``XUNCHA_*``; an unknown name or a missing secret in production is an error."""
        known = {field.name: field for field in fields(cls)}
        chosen: dict[str, Any] = {}
        for variable, text in environ.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in known:
                msg = f"{variable} is not a setting of Xuncha: see docs/configuration.md for the names."
                raise SettingsError(msg)
            chosen[name] = _parse(variable, text, type(known[name].default))
        return cls(**chosen).checked()

    def checked(self) -> Self:
        """Return self, or say in one sentence what production still needs."""
        if self.production and not self.secret_key:
            msg = "XUNCHA_SECRET_KEY is missing: production needs one long random secret shared by all processes."
            raise SettingsError(msg)
        if not 0 <= self.due_soon_percent < _ALL:
            msg = f"XUNCHA_DUE_SOON_PERCENT must be from 0 to 99, not {self.due_soon_percent}."
            raise SettingsError(msg)
        if self.confirmed_at not in {"receipt", "capture"}:
            msg = f"XUNCHA_CONFIRMED_AT must be receipt or capture, not {self.confirmed_at!r}."
            raise SettingsError(msg)
        if self.blob_store not in {"disk", "s3"}:
            msg = f"XUNCHA_BLOB_STORE must be disk or s3, not {self.blob_store!r}."
            raise SettingsError(msg)
        if self.blob_store == "s3":
            needed = ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key")
            lacking = [f"{PREFIX}{name.upper()}" for name in needed if not getattr(self, name)]
            if lacking:
                msg = f"XUNCHA_BLOB_STORE=s3 also needs {', '.join(lacking)}."
                raise SettingsError(msg)
        if self.production and self.demo:
            msg = "XUNCHA_DEMO and XUNCHA_PRODUCTION exclude each other: demo passwords are public."
            raise SettingsError(msg)
        if self.production and not self.public_url.startswith("https://"):
            msg = "XUNCHA_PUBLIC_URL must be the https address that handsets use: tokens never travel in the clear."
            raise SettingsError(msg)
        return self

    @property
    def field_session(self) -> timedelta:
        """Return how long an officer may pull before proving to be still there."""
        return timedelta(days=self.field_session_days)

    @property
    def revoked_grace(self) -> timedelta:
        """Return how long a revoked handset may still deliver."""
        return timedelta(days=self.revoked_grace_days)

    @property
    def limits(self) -> Limits:
        """Return the limits that handsets are told: the protocol's, and this server's own for photographs."""
        return replace(LIMITS, max_photo_bytes=self.max_photo_bytes)

    def secret(self) -> str:
        """Return the configured secret, or one made once and kept beside the data (development only)."""
        if self.secret_key:
            return self.secret_key
        kept = self.blob_dir.parent / "secret"
        if not kept.exists():
            make_once(kept, secrets.token_urlsafe(48).encode("ascii"))
        return kept.read_text(encoding="ascii")


def _parse(variable: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() not in {"1", "0", "true", "false"}:
            msg = f"{variable} must be 1 or 0, not {text!r}."
            raise SettingsError(msg)
        return text.lower() in {"1", "true"}
    try:
        return kind(text)
    except ValueError as error:
        msg = f"{variable} must be a {kind.__name__}, not {text!r}."
        raise SettingsError(msg) from error
