"""The link that an enrolment code travels in, and its picture. Standard library and segno only."""

from urllib.parse import urlencode

import segno


def enrolment_link(server: str, code: str) -> str:
    """Return ``xuncha://enrol?server=…&code=…``, which the handset's app opens; ``server`` is its public address."""
    return "xuncha://enrol?" + urlencode({"server": server, "code": code})


def picture(link: str) -> segno.QRCode:
    """Return the link's QR code, which bears a scratch (15 per cent of it may be unreadable)."""
    return segno.make_qr(link, error="m")
