"""A small in-process server that speaks the handset and desk contract, with switches for misbehaving.

For tests of the handset and the fleet without the application; it keeps everything in memory.
"""

import base64
import gzip
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from support.field_memory import OFFICERS, FieldServer, problem

__all__ = ["OFFICERS", "FieldServer", "running_field_server"]


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Listener"

    def log_message(self, *_: object) -> None:
        pass

    def route(self) -> None:
        state = self.server.state
        split = urlsplit(self.path)
        path = split.path.removeprefix("/api/v1")
        state.requests.append(f"{self.command} {path.split('/')[1]}")
        if path.startswith("/uploads"):
            self.upload(path.removeprefix("/uploads").strip("/"))
            return
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            packed, raw = len(raw), gzip.decompress(raw)
            assert len(raw) <= 100 * packed
        credential = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if state.busy:
            self.refuse_for_now(state.busy.pop(0))
            return
        with state.lock:
            status, answer = self.answer(path, parse_qs(split.query), raw, credential)
        if state.lose_answers:
            state.lose_answers -= 1
            self.close_connection = True
            return
        if state.portal_for == path:
            self.reply(status, answer, "nobody's")
            return
        self.reply(status, answer, credential if status != 401 else "nobody's")

    def refuse_for_now(self, seconds: int) -> None:
        self.send_response(503)
        self.send_header("Retry-After", str(seconds))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, path: str, query: dict[str, list[str]], raw: bytes, credential: str) -> tuple[int, dict[str, Any]]:
        state = self.server.state
        if path.startswith(("/sync/", "/salvage/", "/reference/")):
            install = state.install_of(credential)
            return self.handset_answer(path, query, raw, install) if install else problem(401, "unknown-handset")
        body = json.loads(raw) if raw else {}
        if path.startswith("/cases"):
            return self.case_answer(path, query, body)
        return {
            "/enrol": lambda: state.enrol(body),
            "/sessions": lambda: (201, {"token": "at_1"}),
            "/officers": lambda: (200, {"officers": [each for each in OFFICERS if query["role"][0] in each["roles"]]}),
            "/enrolment-codes": lambda: (201, {"code": state.code_for(body["officer_id"])}),
        }[path]()

    def handset_answer(
        self, path: str, query: dict[str, list[str]], raw: bytes, install: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        state = self.server.state
        refused = state.refusal("/salvage" if path.startswith("/salvage/") else path)
        if refused:
            return refused
        if path.startswith("/salvage/"):
            return state.salvage(path.removeprefix("/salvage/"), raw)
        body = json.loads(raw) if raw else {}
        if path.startswith("/reference/"):
            return state.document(path.removeprefix("/reference/"), query.get("since", [None])[0])
        return {
            "/sync/push": lambda: state.push(body, install),
            "/sync/pull": lambda: state.pull(
                query.get("cursor", [None])[0], install, want_digest="want_digest" in query
            ),
            "/sync/reconcile": lambda: state.feed.reconcile(install["officer"]["id"], body),
            "/sync/verify": lambda: state.verify(body),
            "/sync/hello": lambda: state.hello(install),
            "/sync/session": lambda: state.session(body, install),
            "/sync/shift": lambda: state.join(body, install),
            "/sync/credential": lambda: state.rotate(body, install),
        }[path]()

    def case_answer(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        state = self.server.state
        if match := re.fullmatch(r"/cases/([^/]+)/actions", path):
            return state.act(match[1], body)
        if path == "/cases":
            found = [state.shown(case) for case in state.cases.values() if case["state"] == query["state"][0]]
            return 200, {"cases": found, "next": None}
        return 200, state.shown(state.cases[path.removeprefix("/cases/")])

    def reply(self, status: int, answer: dict[str, Any], credential: str = "") -> None:
        state = self.server.state
        raw = json.dumps({"protocol": 1, "epoch": state.epoch, "server_time": state.server_time, **answer}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        key = hashlib.sha256(credential.encode()).digest()
        if state.forge_macs:
            state.forge_macs -= 1
            key = b"forged"
        mac = hmac.new(key, raw, hashlib.sha256).digest()
        self.send_header("Answer-MAC", base64.urlsafe_b64encode(mac).decode().rstrip("="))
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def upload(self, upload_id: str) -> None:
        state = self.server.state
        if self.command == "POST":
            upload_id = uuid4().hex
            sha256 = base64.b64decode(self.headers["Upload-Metadata"].split()[1]).decode()
            length = int(self.headers["Upload-Length"])
            # What the server has already is finished at once.
            known = state.photos.get(sha256, b"")
            state.uploads[upload_id] = {"length": length, "sha256": sha256, "data": known}
            promised, place = int(self.headers.get("Content-Length", 0)), f"/api/v1/uploads/{upload_id}"
            if promised and not known:
                self.take(upload_id, promised, 201, Location=place)
            else:
                self.rfile.read(promised)
                self.tus(201, upload_id, Location=place)
        elif upload_id not in state.uploads:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.tus(404, None)
        elif self.command == "HEAD":
            self.tus(200, upload_id)
        else:
            self.patch(upload_id)

    def patch(self, upload_id: str) -> None:
        length = int(self.headers["Content-Length"])
        if int(self.headers["Upload-Offset"]) != len(self.server.state.uploads[upload_id]["data"]):
            self.rfile.read(length)
            self.tus(409, None)
            return
        self.take(upload_id, length, 204)

    def take(self, upload_id: str, length: int, status: int, **headers: str) -> None:
        state = self.server.state
        upload = state.uploads[upload_id]
        if state.cut_patches_at:
            upload["data"] += self.rfile.read(state.cut_patches_at.pop(0))
            self.close_connection = True
            return
        upload["data"] += self.rfile.read(length)
        if len(upload["data"]) < upload["length"]:
            self.close_connection = True
            return
        if state.refuse_images:
            del state.uploads[upload_id]
            self.reply(*problem(400, state.refuse_images))
        elif state.hash_mismatches or hashlib.sha256(upload["data"]).hexdigest() != upload["sha256"]:
            state.hash_mismatches = 0
            del state.uploads[upload_id]
            self.tus(460, None)
        else:
            state.photos[upload["sha256"]] = upload["data"]
            state.delivered.append(upload["sha256"])
            self.tus(status, upload_id, **headers)

    def tus(self, status: int, upload_id: str | None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Tus-Resumable", "1.0.0")
        if upload_id is not None:
            upload = self.server.state.uploads[upload_id]
            self.send_header("Upload-Offset", str(len(upload["data"])))
            self.send_header("Upload-Length", str(upload["length"]))
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()


for method in ("GET", "POST", "PUT", "PATCH", "HEAD"):
    setattr(Answer, f"do_{method}", Answer.route)


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, state: FieldServer) -> None:
        self.state = state
        super().__init__(("127.0.0.1", 0), Answer)

    def handle_error(self, *_: object) -> None:
        """Stay silent: a cut connection is the test's doing, not worth a traceback."""


@contextmanager
def running_field_server() -> Iterator[FieldServer]:
    state = FieldServer()
    with Listener(state) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        state.url = f"http://127.0.0.1:{listener.server_port}"
        try:
            yield state
        finally:
            listener.shutdown()
            thread.join()
