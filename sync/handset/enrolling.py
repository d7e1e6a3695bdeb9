"""Enrolment: the first one, and the one after a server was restored to a time before it.

The second keeps install and keys, because every item of the outbox is signed for them. Keys are written down before
they are sent, so a lost answer costs nothing.
"""

from dataclasses import dataclass
from typing import Any

from sync.handset.device import APP, Device
from sync.handset.key import DeviceKey
from sync.handset.line import Line, LineBroken, Refused, check_handset_answer
from sync.handset.link import CREDENTIAL, Link
from sync.handset.officers import ACTIVE, Officers

ROTATED_AT = "rotated_at"
_ENROLLED_WITH, _INSTALL = "enrolled_with", "install_id"
_OTHER_OFFICER = "other-officer"


class AlreadyEnrolled(Exception):
    """The folder belongs to another enrolment, whose outbox it keeps: use a folder of its own, or join a shift."""


@dataclass
class Enrolling:
    """Enrolments of one device."""

    device: Device
    line: Line
    link: Link
    officers: Officers

    def enrol(self, code: str, label: str, *, again: bool) -> None:
        """Post the code with a key made here and keep the credential; repeatable after a lost answer.

        In an occupied folder this is only done ``again``, which is also assumed when the server knows the handset
        no more; raises AlreadyEnrolled otherwise.
        """
        store = self.device.store
        if store.note(CREDENTIAL) is None:
            key = self.officers.key_for(code)
            answer = self._ask(code, key, label)
            with store.transaction():
                store.write_note(_INSTALL, str(answer[_INSTALL]))
                self._keep(code, key, answer)
        elif again:
            self._enrol_again(code, label)
        elif store.note(_ENROLLED_WITH) != code:
            if not self.link.is_forgotten():
                raise AlreadyEnrolled("this handset is enrolled: join with a shift code, or use a folder of its own")
            self._enrol_again(code, label)

    def _enrol_again(self, code: str, label: str) -> None:
        """Enrol under the same install with the key of the officer whom the code is for; doubt all that was told."""
        store, install_id = self.device.store, self.device.known(_INSTALL)
        key, answer = self._offer_known_keys(code, label, install_id)
        if answer[_INSTALL] != install_id:
            raise LineBroken("the server enrolled this handset as another install, so it is not our server")
        with store.transaction():
            self._keep(code, key, answer)
            store.write_note("wiped_at", None)
            self.device.doubt_everything()

    def _offer_known_keys(self, code: str, label: str, install_id: str) -> tuple[DeviceKey, dict[str, Any]]:
        """Offer each officer's key until it is the one of the code's officer; a wrong one uses no code up."""
        refusals: list[Refused] = []
        for officer_id, key in self.officers.known_keys():
            try:
                return key, self._ask(code, key, label, install_id=install_id, officer_id=officer_id)
            except Refused as error:
                if error.slug != _OTHER_OFFICER:
                    raise
                refusals.append(error)
        raise refusals[0]

    def _ask(self, code: str, key: DeviceKey, label: str, **known: str) -> dict[str, Any]:
        body = {"code": code, "public_key": key.public(), "label": label, "app": APP, **known}
        answer = self.line.ask("POST", "/enrol", body)
        check_handset_answer(answer, _INSTALL, "credential", "officer", "limits")
        return answer

    def _keep(self, code: str, key: DeviceKey, answer: dict[str, Any]) -> None:
        store = self.device.store
        self.link.replace(str(answer["credential"]))
        store.write_note(_ENROLLED_WITH, code)
        self.device.keep_limits(answer["limits"])
        self.device.heard(answer)
        store.write_note(ACTIVE, self.officers.join(code, key, answer))
        self.device.note_now(ROTATED_AT)
