"""The reference handset's commands. Exit codes: 0 done, 1 refused (by the server or by a rule here), 2 line broken.

Knows only the handset's public face. Everything it prints is plain text, one fact a line.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import httpx

from sync.handset.album import Snap
from sync.handset.device import NotEnrolled
from sync.handset.enrolling import AlreadyEnrolled
from sync.handset.handset import Handset
from sync.handset.line import LineBroken, Refused
from sync.handset.officers import UnknownOfficer
from sync.handset.outbox import ItemTooLarge
from sync.handset.schema import NewerOutboxError
from sync.handset.tally import SyncTally

DONE, REFUSED, BROKEN = 0, 1, 2
_LINK_SCHEME = "xuncha"
_MEDIA_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_ADDRESS_FILE = "server.txt"


def main() -> None:
    """Run one command and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str], transport: httpx.BaseTransport | None = None) -> int:
    """Run one command and return its exit code; ``transport`` is for a server in the same process."""
    try:
        commands.main(arguments, prog_name="python -m sync.handset", obj=transport, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return REFUSED
    except LineBroken as error:
        click.echo(f"The line is broken: {error}. Nothing is lost; synchronise again later.", err=True)
        return BROKEN
    except (Refused, NotEnrolled, AlreadyEnrolled, UnknownOfficer, ItemTooLarge, NewerOutboxError) as error:
        click.echo(f"Refused: {error}", err=True)
        return REFUSED
    return DONE


@click.group(help="A handset of Field Sync 1, kept in one folder.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="The handset's folder.")
@click.option("--url", help="Address of the server; kept in the folder at enrolment.")
@click.pass_context
def commands(context: click.Context, folder: Path, url: str | None) -> None:
    """Keep what every command needs."""
    context.obj = {"folder": folder, "url": url, "transport": context.obj}


def opened(context: click.Context, url: str | None = None) -> Handset:
    """Return the folder's handset, closed when the command ends; a usage error when the address is not known."""
    folder: Path = context.obj["folder"]
    file = folder / _ADDRESS_FILE
    address = url or context.obj["url"] or (file.read_text("utf-8").strip() if file.is_file() else None)
    if address is None:
        raise click.UsageError("Where is the server? Give --url, or enrol with a link.")
    return context.with_resource(Handset(folder, address, transport=context.obj["transport"]))


@commands.command(help="Enrol with a code, or with the link that the QR code holds.")
@click.argument("code")
@click.option("--label", default="reference handset", show_default=True, help="What the administrator calls it.")
@click.option("--again", is_flag=True, help="Enrol this folder again as what it is, where the server forgot it.")
@click.pass_context
def enrol(context: click.Context, code: str, label: str, *, again: bool) -> None:
    """Enrol and remember the address."""
    url, code = read_link(code) if code.startswith(f"{_LINK_SCHEME}://") else (context.obj["url"], code)
    if url is None:
        raise click.UsageError("Where is the server? Give --url, or the whole link.")
    handset = opened(context, url)
    handset.enrol(code, label=label, again=again)
    (context.obj["folder"] / _ADDRESS_FILE).write_text(url, "utf-8")
    click.echo(f"Enrolled as install {handset.install_id} for {handset.officer['name']}.")


def read_link(link: str) -> tuple[str, str]:
    """Return server and code of ``xuncha://enrol?server=…&code=…``; a usage error for anything else.

    The answer to an enrolment carries no Answer-MAC, so the server must be reached by https, or be this machine.
    """
    split = urlsplit(link)
    query = parse_qs(split.query)
    if split.netloc != "enrol" or not {"server", "code"} <= query.keys():
        raise click.UsageError("This is no enrolment link: it must read xuncha://enrol?server=…&code=…")
    server = urlsplit(query["server"][0])
    if server.scheme != "https" and server.hostname not in _LOCAL:
        raise click.UsageError("The link names a server without https: ask the administrator for a new one.")
    return query["server"][0], query["code"][0]


@commands.command(help="Record one item of KIND with the payload in a JSON file (- reads standard input).")
@click.argument("kind")
@click.argument("payload", type=click.File(encoding="utf-8"))
@click.option("--photo", "photos", multiple=True, metavar="ROLE=FILE", help="A photograph, as near=street.jpg.")
@click.pass_context
def record(context: click.Context, kind: str, payload: Any, photos: tuple[str, ...]) -> None:  # noqa: ANN401 (click's file)
    """Record offline."""
    try:
        content = json.load(payload)
    except ValueError as error:
        raise click.UsageError(f"The payload is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise click.UsageError("The payload must be a JSON object.")
    click.echo(opened(context).record(kind, content, [read_photo(photo) for photo in photos]))


def read_photo(text: str) -> Snap:
    """Read ``ROLE=FILE``; a usage error says what is wrong."""
    role, _, name = text.partition("=")
    file = Path(name)
    media_type = _MEDIA_TYPES.get(file.suffix.lower())
    if not name or media_type is None:
        raise click.UsageError(f"--photo {text}: give ROLE=FILE with a .jpg, .png or .webp file.")
    try:
        return Snap(role, file.read_bytes(), media_type)
    except OSError as error:
        raise click.UsageError(f"--photo {text}: {error.strerror}") from error


@commands.command(help="Deliver what is unsent and bring the news.")
@click.pass_context
def sync(context: click.Context) -> None:
    """Synchronise once."""
    show(opened(context).sync())


@commands.command(help="Compare the whole mirror with the server.")
@click.pass_context
def reconcile(context: click.Context) -> None:
    """Reconcile once."""
    show(opened(context).reconcile())


@commands.command(help="Ask whether the server still has every acknowledged item; what it lacks is unsent again.")
@click.pass_context
def verify(context: click.Context) -> None:
    """Verify once."""
    show(opened(context).verify())


def show(tally: SyncTally) -> None:
    """Print what was done."""
    for state, count in sorted(tally.answers.items()):
        click.echo(f"{state}: {count}")
    for name in ("photos", "pages", "receipts", "needed", "salvaged", "reconciled"):
        if getattr(tally, name):
            click.echo(f"{name}: {getattr(tally, name)}")
    for sentence in tally.told:
        click.echo(sentence)


@commands.command(help="Show how many items and photographs stand where.")
@click.pass_context
def status(context: click.Context) -> None:
    """Print the standing."""
    for name, value in asdict(opened(context).standing()).items():
        click.echo(f"{name}: {'-' if value is None else value}")


@commands.command("show", help="Show one item as it lies in the outbox, with the server's answer.")
@click.argument("item")
@click.pass_context
def show_item(context: click.Context, item: str) -> None:
    """Print one item as JSON."""
    try:
        stored = opened(context).outbox.item(item)
    except KeyError as error:
        raise click.UsageError(f"There is no item {item} in this outbox.") from error
    click.echo(json.dumps({**asdict(stored), "body": json.loads(stored.body)}, ensure_ascii=False, indent=2))


@commands.command(help="Renew the credential.")
@click.pass_context
def rotate(context: click.Context) -> None:
    """Rotate once."""
    opened(context).rotate()
    click.echo("The credential is renewed.")


@commands.command(help="Let another officer work: with a new CODE, or with the id of an officer who was here before.")
@click.argument("code")
@click.option("--again", is_flag=True, help="The code is for an officer who was here, whom the server forgot.")
@click.pass_context
def shift(context: click.Context, code: str, *, again: bool) -> None:
    """Change the shift."""
    handset = opened(context)
    if any(officer["id"] == code for officer in handset.officers()):
        handset.switch_officer(code)
    else:
        handset.enrol_officer(code, again=again)
    click.echo(f"{handset.officer['name']} works with this handset now.")


@commands.command(help="List the officers who have a key on this handset.")
@click.pass_context
def officers(context: click.Context) -> None:
    """Print one officer a line."""
    for officer in opened(context).officers():
        click.echo(f"{officer['id']} {officer['name']}{' (active)' if officer['active'] else ''}")


@commands.command(help="Free the photographs that a proved backup holds; the records stay.")
@click.pass_context
def prune(context: click.Context) -> None:
    """Prune once."""
    click.echo(f"{opened(context).prune_photos()} bytes were freed.")
