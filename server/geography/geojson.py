"""Reads GeoJSON (RFC 7946) feature by feature, so that a large file never lies in memory as objects. Pure.

Only the outer form is judged here; what a feature is worth is server/geography/incoming.py's.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from server.geography.rules import MOST_BYTES, MOST_FEATURES
from server.problems import Problem, _

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n]*")


def features(raw: bytes) -> Iterator[dict[str, Any]]:
    """Yield the features of a FeatureCollection.

    Raises validation (errors under ``file``) for another file, body-too-large for more than 50 MB.
    """
    if len(raw) > MOST_BYTES:
        raise too_large()
    try:
        yield from _Scanner(raw.decode("utf-8-sig")).features()
    except UnicodeDecodeError as error:
        raise unreadable(_("The file is not UTF-8 text: export it as GeoJSON (RFC 7946).")) from error
    except json.JSONDecodeError as error:
        where = f"{error.msg}: line {error.lineno}, column {error.colno}"
        raise unreadable(_("The file is not JSON; it breaks at the place that follows."), where) from error
    except (RecursionError, ValueError) as error:
        raise unreadable(_("The file holds a nesting or a number that cannot be read.")) from error


def unreadable(why: str, *where: str) -> Problem:
    """Return the refusal of a file that as a whole is no layer."""
    return Problem("validation", errors={"file": [why, *where]})


def too_large() -> Problem:
    """Return the refusal of a file over ``MOST_BYTES``."""
    return Problem("body-too-large", _("A layer's file may have 50 MB: divide it by area."))


class _Scanner:
    """Walks over the text once; ``features`` may stand before or after the other members."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def features(self) -> Iterator[dict[str, Any]]:
        self._demand("{")
        seen, kind = False, None
        while not self._took("}"):
            name = self._value()
            self._demand(":")
            if name == "features" and not seen:
                seen = True
                yield from self._array()
            else:
                value = self._value()
                kind = value if name == "type" else kind
            if not self._took(","):
                self._demand("}")
                break
        if kind != "FeatureCollection" or not seen:
            raise unreadable(_("The file is JSON, but no FeatureCollection with features: export it as GeoJSON."))

    def _array(self) -> Iterator[dict[str, Any]]:
        self._demand("[")
        count = 0
        while not self._took("]"):
            feature = self._value()
            count += 1
            if count > MOST_FEATURES:
                raise unreadable(_("A layer may have 200,000 features: divide the file by area."))
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise unreadable(_("Something under features is no Feature; its number follows."), str(count))
            yield feature
            if not self._took(","):
                self._demand("]")
                break

    def _value(self) -> Any:  # noqa: ANN401 (any JSON)
        self._skip()
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        return value

    def _took(self, sign: str) -> bool:
        self._skip()
        found = self._text.startswith(sign, self._at)
        self._at += found
        return found

    def _demand(self, sign: str) -> None:
        if not self._took(sign):
            raise json.JSONDecodeError(f"expected {sign}", self._text, self._at)

    def _skip(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at
