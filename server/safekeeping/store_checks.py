"""The doctor's look at the photo store behind the spool, at the spool, and at the machines and files around them."""

import os
from collections.abc import Iterator, Mapping, Sequence

from photo_store.blobs import BlobStore, is_original
from server.blob_store import StoreParts
from server.clock import now
from server.config import Settings
from server.safekeeping import folder_checks
from server.safekeeping.findings import Finding, green, red, yellow
from server.safekeeping.nodes import SeenNode

_S3_FIX = "Check XUNCHA_S3_ENDPOINT, bucket and keys; until then photographs wait on this machine."


def photo_store(parts: StoreParts, blobs: BlobStore) -> Iterator[Finding]:
    """Try what every photograph needs on the store itself, never on its spool; and tell what the server enforces."""
    if parts.spool is None or parts.abilities is None:
        yield from folder_checks.photo_store(blobs)
        return
    found = list(folder_checks.photo_store(parts.spool.primary, _S3_FIX))
    yield from found
    if any(finding.fix for finding in found):
        return
    abilities = parts.abilities()
    if abilities.shortcomings():
        fix = "Use a server release that enforces it."
        yield yellow("store abilities", "; ".join(abilities.shortcomings()), fix)
    else:
        yield green("store abilities", str(abilities))
    if not abilities.keeps_versions:
        yield yellow("store versions", "off: what is deleted by mistake is gone", "Switch the bucket's versioning on.")


def spool(parts: StoreParts) -> Iterator[Finding]:
    """How many photographs wait on this machine for the store. Raises BlobUnavailable."""
    if parts.spool is None:
        return
    waiting = sum(1 for key in parts.spool.all_waiting() if is_original(key))
    if waiting:
        fix = "They move by themselves once the store answers; keep this machine's disk until then."
        yield yellow("spool", f"{waiting} photographs lie on this machine only", fix)
    else:
        yield green("spool", "no photograph waits for the store")


def machines(seen: Sequence[SeenNode], spooled: Mapping[str, int]) -> Iterator[Finding]:
    """Whether several machines share their upload segments, and whether one is silent that holds photographs."""
    live = [node for node in seen if node.is_live(now())]
    if len({node.spool_id for node in live}) > 1:
        names = ", ".join(node.name for node in live)
        fix = "Give all of them the same XUNCHA_SPOOL_DIR on shared storage, or lead each handset to one machine only."
        yield red("machines", f"{names} see different spool folders: an upload begun at one is unknown there", fix)
    elif live:
        yield green("machines", f"{len(live)} at work")
    for name in sorted(set(spooled) - {node.name for node in live}):
        fix = "Start it, so that they reach the store; handsets that still have them are asked again meanwhile."
        yield red("machines", f"{name} is silent and alone holds {spooled[name]} photographs", fix)


def files(chosen: Settings) -> Iterator[Finding]:
    """Whether the files that settings name can be used: authorities' certificates, the folder of checkpoints."""
    for name, given in (("s3_ca_file", chosen.s3_ca_file), ("time_authority_ca_file", chosen.time_authority_ca_file)):
        if given and not os.access(given, os.R_OK):
            yield red(
                name,
                f"{given} cannot be read",
                f"Put the authority's certificate there, or unset XUNCHA_{name.upper()}.",
            )
    if chosen.checkpoint_dir.exists() and not os.access(chosen.checkpoint_dir, os.W_OK):
        yield red("checkpoints", f"{chosen.checkpoint_dir} cannot be written", "Give the worker's account the folder.")
