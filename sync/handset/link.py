"""The link of an enrolled handset to its server: every request carries the credential, every answer must be proved.

An answer counts only with an Answer-MAC made with the credential that was sent; a problem too, and above all a
``wipe``. While a credential is renewed there may be two; the one that the server does not know costs one more request.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any

import httpx

from sync.handset.device import Device
from sync.handset.line import (
    Line,
    Refused,
    UnknownHandset,
    check_answer_mac,
    check_handset_answer,
    is_proved,
    read_answer,
)

CREDENTIAL, NEXT, FORMER = "credential", "next_credential", "former_credential"
REVOKED = "handset-revoked"
_WORTH_PACKING = 2048
# The server refuses what unpacks to more than 100 times its size: a text of one letter goes plain.
_MOST_RATIO = 90


class Link:
    """Trusted requests of one device."""

    def __init__(self, device: Device, line: Line) -> None:
        self._device = device
        self._store = device.store
        self._line = line
        line.credential = self._store.note(CREDENTIAL)

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, members: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Send JSON (or nothing) and return the object of a proved 2xx answer that has these members.

        Raises Refused on a proved problem (a wipe has then been carried out), LineBroken on anything unproved.
        """
        content, headers = None, {}
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
            headers["Content-Type"] = "application/json"
            packed = gzip.compress(content, compresslevel=6, mtime=0) if len(content) > _WORTH_PACKING else content
            if len(content) // _MOST_RATIO < len(packed) < len(content):
                content, headers["Content-Encoding"] = packed, "gzip"
        answer = self.exchange(method, path, content, headers)
        check_handset_answer(answer, *members)
        return answer

    def exchange(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        """Send bytes as they are and return the object of a proved 2xx answer; an empty one for 304."""
        self._device.known(CREDENTIAL)
        response = self._sent(method, path, content, headers)
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return {}
        credential = str(self._line.credential)
        if response.status_code == httpx.codes.UNAUTHORIZED and not is_proved(response, credential):
            raise UnknownHandset(
                "whoever answered does not know this handset, and cannot prove to be our server (if this goes on, "
                "enrol again with a new code: nothing is lost)"
            )
        check_answer_mac(response, credential)
        try:
            answer = read_answer(response)
        except Refused as error:
            if error.slug == REVOKED:
                self.obey(error.problem)
            self._device.heard(error.problem)
            raise
        check_handset_answer(answer)
        self._device.heard(answer)
        return answer

    def obey(self, problem: Mapping[str, Any]) -> None:
        """Carry out the ``wipe`` of a proved problem."""
        if problem.get("wipe") is True and not self._device.is_wiped:
            self._device.wipe()

    def is_forgotten(self) -> bool:
        """Ask whether the server knows this handset no more; raises LineBroken when nobody can tell."""
        try:
            self.ask("GET", "/sync/hello")
        except UnknownHandset:
            return True
        except Refused:
            return False
        return False

    def replace(self, credential: str) -> None:
        """Keep the credential of another enrolment; call inside a transaction."""
        self._store.write_note(FORMER, self._store.note(CREDENTIAL))
        self._store.write_note(NEXT, None)
        self._store.write_note(CREDENTIAL, credential)
        self._line.credential = credential

    def _sent(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> httpx.Response:
        response = self._line.send(method, path, content=content, headers=headers)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return response
        for name in (NEXT, FORMER):
            other = self._store.note(name)
            if other is None:
                continue
            self._line.credential = other
            again = self._line.send(method, path, content=content, headers=headers)
            if again.status_code != httpx.codes.UNAUTHORIZED and is_proved(again, other):
                self.adopt(name)
                return again
        self._line.credential = self._store.note(CREDENTIAL)
        return response

    def adopt(self, name: str) -> None:
        """Make the next credential (or, after a restore, the former one) the one to use; the other one stays behind."""
        with self._store.transaction():
            chosen, left = self._device.known(name), self._device.known(CREDENTIAL)
            self._store.write_note(name, None)
            self._store.write_note(CREDENTIAL, chosen)
            self._store.write_note(FORMER, left)
        self._line.credential = chosen
