"""``flask --app wsgi custody bundle``: a case's bundle as a file."""

from pathlib import Path

import click

from server.db import read
from server.progress import shown


@click.command()
@click.argument("case")
@click.option("--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The ZIP to make.")
def bundle(*, case: str, target: Path) -> None:
    """Write everything of CASE (its number or id) into a ZIP that anybody can verify; recorded as an export."""
    # What makes a bundle is imported when one is made: every web process loads this module.
    from photo_store.blobs import BlobError  # noqa: PLC0415 (see above)
    from server.casework.bundle.documents import Maker  # noqa: PLC0415 (the same)
    from server.casework.bundle.export import EVERYWHERE, prepare  # noqa: PLC0415 (the same)
    from server.casework.bundle.gathering import case_named  # noqa: PLC0415 (the same)
    from server.casework.bundle.log_document import LogUnsigned  # noqa: PLC0415 (the same)
    from server.casework.bundle.sheet import FontMissing  # noqa: PLC0415 (the same)
    from server.ledger.custody.log_key import LogKeyError  # noqa: PLC0415 (the same)
    from server.ledger.custody.sequencer import LogNotOpen  # noqa: PLC0415 (the same)
    from server.ledger.custody.tree import NodeMissing  # noqa: PLC0415 (the same)

    case_id = read(case_named, case)
    if case_id is None:
        raise click.ClickException(f"There is no case {case}.")
    draft = target.with_name(f"{target.name}.part")
    try:
        with shown() as told:
            made = prepare(case_id, EVERYWHERE, Maker(None, "command line"), told)
            with draft.open("wb") as file:
                for chunk in made.chunks:
                    file.write(chunk)
            # Named only when complete: an interrupted run leaves no file that looks like evidence.
            draft.replace(target)
    except (BlobError, FontMissing, LogUnsigned, LogNotOpen, LogKeyError, NodeMissing, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        draft.unlink(missing_ok=True)
    click.echo(f"{target}: {made.photos} photographs, {made.size} bytes.")
