"""Records exchanges with the server as a document for client authors, with everything that varies made steady.

Ids, hashes, times, tokens and signatures differ in every run; each becomes a name (`id-1`, `sha256-2`, …), the same
one wherever it stands, so that a reader can follow it and a test can compare.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

# In this order: a longer kind of text must not be taken for a shorter one inside it.
VARYING = (
    # Not in the midst of a MAC, which may have these three signs anywhere.
    ("credential", re.compile(r"(?<![A-Za-z0-9_-])hc_[A-Za-z0-9_-]{20,}")),
    ("cursor", re.compile(r"[cr]1\.[A-Za-z0-9_-]{20,}")),
    ("sha256", re.compile(r"\b[0-9a-f]{64}\b")),
    ("id", re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")),
    ("hex128", re.compile(r"\b[0-9a-f]{32}\b")),
    ("tag", re.compile(r"\b[0-9a-f]{16}\b")),
    ("code", re.compile(r"\b[0-9A-Z]{4,5}(?:-[0-9A-Z]{4,5}){2,}\b")),
    ("time", re.compile(r"\b20\d\d-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)")),
    ("case-no", re.compile(r"\b990101\d{8}\d{5}\b")),
    ("base64", re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,}={0,2}")),
)
# Whether two of these are alike depends on the millisecond.
UNNUMBERED = frozenset({"time", "cursor"})
_NUMBERS = re.compile(r'"(offset_ms|sync_after_s)": -?\d+')
MOST_SHOWN = 3
# No answer of the protocol has so many members of its own: such an object is a list by key.
MOST_MEMBERS = 24
SHOWN_HEADERS = ("Content-Type", "ETag", "Location", "Upload-Offset", "Upload-Length", "Retry-After", "Answer-MAC")


@dataclass
class Recorder:
    """Collects exchanges; `document` writes them as Markdown."""

    names: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)

    def title(self, text: str, words: str) -> None:
        """Begin a section."""
        self.parts.append(f"## {text}\n\n{words}\n")

    def add(
        self,
        method: str,
        path: str,
        answer: TestResponse,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Add one request and its answer."""
        asked = [f"{method} {path}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        told = [f"HTTP {answer.status_code}"]
        told += [f"{name}: {answer.headers[name]}" for name in SHOWN_HEADERS if name in answer.headers]
        self.parts.append("\n".join(["```http", *asked, *_body(body), "```", ""]))
        self.parts.append("\n".join(["```http", *told, *_body(_content(answer)), "```", ""]))

    def document(self) -> str:
        """Return the whole document."""
        text = "\n".join(self.parts)
        for kind, pattern in VARYING:
            text = pattern.sub(lambda found, kind=kind: self._name(kind, found.group()), text)  # type: ignore[misc]
        return _NUMBERS.sub(r'"\1": 0', text)

    def _name(self, kind: str, text: str) -> str:
        if kind in UNNUMBERED:
            return kind
        known = self.names.setdefault(kind, {})
        return known.setdefault(text, f"{kind}-{len(known) + 1}")


def _content(answer: TestResponse) -> object:
    return json.loads(answer.data) if (answer.mimetype or "").endswith("json") and answer.data else None


def _body(document: object) -> list[str]:
    if document is None:
        return []
    return ["", json.dumps(_shortened(document), ensure_ascii=False, indent=2)]


def _shortened(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Cut long lists to what a reader needs."""
    if isinstance(value, dict) and len(value) > MOST_MEMBERS:
        first = dict(list(value.items())[:MOST_SHOWN])
        return {**_shortened(first), "…": f"{len(value) - MOST_SHOWN} more"}
    if isinstance(value, dict):
        return {name: _shortened(member) for name, member in value.items()}
    if isinstance(value, list) and len(value) > MOST_SHOWN:
        return [*map(_shortened, value[:MOST_SHOWN]), f"… {len(value) - MOST_SHOWN} more"]
    return [_shortened(member) for member in value] if isinstance(value, list) else value
