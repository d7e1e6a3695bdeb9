"""The one catalogue of everything that can go wrong for a caller, and the error that carries an entry.

Knows no HTTP framework: server/errors.py turns a Problem into application/problem+json (RFC 9457), and
batch items embed the same body. ``type`` is stable for programs; title and detail follow the reader's language.
docs/problems.md has a section for every slug (a test compares).
"""

from dataclasses import dataclass
from typing import Any

TYPE_BASE = "https://xuncha.example/problems/"


@dataclass(frozen=True)
class Kind:
    """HTTP status, short title, and what the caller should do about it (message ids for translation)."""

    status: int
    title: str
    advice: str


def _(text: str) -> str:
    """Mark a message for the catalogue; it is translated when the problem is shown."""
    return text


CATALOGUE: dict[str, Kind] = {
    # Envelope and transport
    "bad-request": Kind(400, _("The request cannot be read"), _("Correct the request as the detail says.")),
    "validation": Kind(422, _("Some fields are not valid"), _("Correct the fields named under errors.")),
    "not-found": Kind(404, _("There is nothing here"), _("Check the address; it may also be out of your scope.")),
    "method-not-allowed": Kind(405, _("This address does not take that method"), _("See the Allow header.")),
    "wrong-content-type": Kind(
        415, _("The body has the wrong type"), _("Send the Content-Type that the detail names.")
    ),
    "body-too-large": Kind(413, _("The body is too large"), _("Send fewer items in one request.")),
    "bad-encoding": Kind(400, _("The body cannot be unpacked"), _("Send plain JSON or sound gzip.")),
    "protocol-version": Kind(400, _("This protocol version is not served"), _("Update the handset app.")),
    "internal": Kind(500, _("The server failed"), _("Try again; give the administrator the request_id.")),
    "busy": Kind(503, _("The server is busy"), _("Nothing was lost: send the same request again after Retry-After.")),
    "csrf": Kind(400, _("The page is too old"), _("Load the page again and repeat the step.")),
    # Who is asking
    "sign-in-required": Kind(401, _("You are not signed in"), _("Sign in and send the token in Authorization.")),
    "wrong-credentials": Kind(401, _("Login or password is wrong"), _("Check both; an administrator can reset it.")),
    "too-many-attempts": Kind(429, _("Too many attempts"), _("Wait as long as Retry-After says.")),
    "demo-password": Kind(403, _("Demo passwords do not work here"), _("Let an administrator set a new password.")),
    "forbidden": Kind(403, _("Your role does not allow this"), _("Ask an administrator for the role that this needs.")),
    "password-change-required": Kind(
        403, _("Choose a new password first"), _("Change the temporary password; then everything else is open.")
    ),
    "totp-required": Kind(
        401, _("A code of your second factor is needed"), _("Send login and password again, with the code in code.")
    ),
    "totp-wrong": Kind(
        401, _("This code is wrong or was used already"), _("Wait for the next code, or use a recovery code.")
    ),
    "totp-setup-required": Kind(
        403, _("Set up your second factor first"), _("Add the secret to an authenticator app and send a code of it.")
    ),
    "totp-set-up": Kind(
        409, _("The second factor is set up already"), _("Remove it first, or let a security administrator reset it.")
    ),
    "administrators-separate": Kind(
        409,
        _("The three administrators are three people"),
        _("Give the role to somebody else, or allow one administrator in the settings."),
    ),
    "last-administrator": Kind(
        409, _("Nobody else could do this person's work"), _("Give the role to somebody else first.")
    ),
    "weak-password": Kind(422, _("The password is too weak"), _("Choose at least 10 characters, not your login.")),
    "unknown-handset": Kind(
        401, _("This handset is not enrolled"), _("Enrol it with a new code; its outbox keeps everything until then.")
    ),
    "handset-revoked": Kind(
        403, _("This handset was revoked"), _("Bring it to an administrator; do not clear its outbox.")
    ),
    "unknown-code": Kind(404, _("This enrolment code is not valid"), _("Ask an administrator for a new code.")),
    "code-used": Kind(409, _("This enrolment code was used already"), _("Ask an administrator for a new code.")),
    "other-officer": Kind(
        409, _("The code is for another officer"), _("Offer that officer's key, or ask for a code for this one.")
    ),
    "foreign-install": Kind(
        409,
        _("This install does not know the key"),
        _("Enrol with the key it knows, or without install_id as a new one."),
    ),
    "session-expired": Kind(
        403, _("The officer's session is over"), _("Renew it with POST /sync/session; pushes and uploads still work.")
    ),
    "bad-session-proof": Kind(
        403,
        _("The proof that the officer is there does not fit"),
        _("Sign again with the server's time and a fresh nonce; else join with a code."),
    ),
    "officer-has-key": Kind(
        409, _("This officer has a key on this handset already"), _("Come back with POST /sync/session.")
    ),
    "bad-key": Kind(422, _("The public key is not usable"), _("Send a P-256 key as SubjectPublicKeyInfo, base64url.")),
    # Items
    "not-an-item": Kind(422, _("The item cannot be read"), _("An administrator can read it in quarantine.")),
    "head-mismatch": Kind(422, _("The item's head contradicts its body"), _("Update the handset app.")),
    "bad-signature": Kind(422, _("The item's signature does not fit"), _("An administrator must look at the handset.")),
    "foreign-officer": Kind(403, _("The item names another officer"), _("Record under the officer on shift.")),
    "fingerprint-mismatch": Kind(422, _("The item was damaged on its way"), _("It was not stored: send it again.")),
    "item-too-large": Kind(413, _("The item is too large"), _("An item may have 256 KiB; photographs go to /uploads.")),
    "item-conflict": Kind(
        409, _("Another content has this id already"), _("Both are kept; record an amendment under a new id.")
    ),
    "interpretation-failed": Kind(
        500,
        _("The item is stored but could not be applied"),
        _("Nothing to do on the handset: an administrator looks at it in quarantine."),
    ),
    "amend-target-differs": Kind(
        409,
        _("The correction was made to another content"),
        _("Correct the content that is in effect; an administrator can compare the two in quarantine."),
    ),
    "case-already-filed": Kind(
        409, _("The case was filed before the correction"), _("The desk sees the correction; nothing else is needed.")
    ),
    "not-on-shift": Kind(409, _("The officer was not on shift"), _("Clock in first; a track is kept on shift only.")),
    "item-discarded": Kind(
        409, _("The item was discarded"), _("Two people at the desk decided so; record anew what is still true.")
    ),
    "discard-not-proposed": Kind(
        409, _("Nobody has proposed to discard this item"), _("Propose it with a reason; another person confirms.")
    ),
    "second-person-needed": Kind(
        403, _("Another person must confirm"), _("Ask somebody else who manages the quarantine of this agency.")
    ),
    "request-open": Kind(
        409, _("Such a request is open already"), _("Wait for its decision, or let who asked take it back.")
    ),
    "request-impossible": Kind(
        409, _("This cannot be asked for or granted now"), _("The detail says why; nothing was changed.")
    ),
    "waited-too-long": Kind(
        409,
        _("What the item waits for has not come"),
        _("Nothing to do on the handset: an administrator looks at it in quarantine and may replay it."),
    ),
    "task-reassigned": Kind(409, _("The task was given to somebody else"), _("Your photographs are kept as evidence.")),
    "reconcile-required": Kind(410, _("The cursor is not valid any more"), _("Reconcile: send what the mirror holds.")),
    # Photographs
    "not-an-image": Kind(415, _("This is not a photograph we take"), _("Send JPEG or HEIC, as the detail says.")),
    "photo-too-large": Kind(413, _("The photograph is too large"), _("Lower the camera's resolution.")),
    "hash-mismatch": Kind(460, _("The bytes are not those that were declared"), _("Start the upload over.")),
    "wrong-offset": Kind(409, _("The upload stands at another offset"), _("Ask with HEAD and go on from there.")),
    "unknown-upload": Kind(404, _("This upload is not known"), _("Create a new upload; parts of it are gone.")),
    "upload-taken-over": Kind(423, _("Another request goes on with this upload"), _("Ask with HEAD and go on.")),
    "upload-complete": Kind(
        403, _("A complete upload is not taken back"), _("It may be evidence already; nothing else is needed.")
    ),
    "upload-too-long": Kind(413, _("More bytes than Upload-Length"), _("Create the upload with its true length.")),
    "tus-version": Kind(412, _("Tus-Resumable must be 1.0.0"), _("Send the header Tus-Resumable: 1.0.0.")),
    "store-unavailable": Kind(503, _("The photo store does not answer"), _("Try again after Retry-After.")),
    "bundle-unavailable": Kind(
        503, _("The case bundle cannot be made now"), _("The detail says what is missing; an administrator repairs it.")
    ),
    "rendition-pending": Kind(404, _("This picture is being prepared"), _("Ask again after Retry-After.")),
    "rendition-failed": Kind(404, _("This photograph cannot be shown small"), _("Download the original instead.")),
    "photo-disposed": Kind(
        410, _("This photograph was disposed of"), _("Its time was over; the case still names it and says who decided.")
    ),
    "photo-unclaimed": Kind(
        410, _("No record names this photograph any more"), _("Send it again if a record still needs it.")
    ),
    # Geography
    "layer-not-draft": Kind(
        409, _("The layer is not a draft any more"), _("What held once is kept; import another version instead.")
    ),
    "layer-unsound": Kind(409, _("The layer has errors"), _("See its findings; repair the file and import it again.")),
    # Standards
    "bad-workbook": Kind(
        422, _("The workbook cannot be read"), _("Save it as .xlsx or .csv with the columns of the exported table.")
    ),
    "version-exists": Kind(
        409, _("This version is loaded already"), _("Name another version: cases keep what they were filed under.")
    ),
    # Casework
    "illegal-transition": Kind(409, _("The case does not allow this step"), _("Load the case again; see its state.")),
    "stale-version": Kind(409, _("Somebody else was faster"), _("Load it again and decide on what it says now.")),
    "evidence-missing": Kind(
        409, _("Required photographs are missing"), _("Wait until they have arrived, or send the squad back.")
    ),
    "check-missing": Kind(
        409, _("The check has not passed"), _("Wait for the check, send the squad back, or close with a reason.")
    ),
    "task-taken": Kind(
        409, _("Somebody else of the squad has accepted the task"), _("Nothing to do: the task is in good hands.")
    ),
    "task-withdrawn": Kind(
        409, _("The task is not open any more"), _("Your photographs are kept as evidence; nothing else is needed.")
    ),
    "redaction-pending": Kind(
        503, _("The redacted picture is being made"), _("Ask again after Retry-After; nothing is shown until then.")
    ),
    "redaction-failed": Kind(
        404, _("The redacted picture could not be made"), _("Nothing of this photograph is shown outside the desk.")
    ),
    "legal-hold": Kind(
        409, _("A legal hold is open"), _("Nothing is disposed of until every hold is released, with a reason.")
    ),
    "retention-runs": Kind(
        409, _("The photographs must still be kept"), _("Wait until the retention period after the case's end is over.")
    ),
    "nothing-to-dispose": Kind(
        409, _("There are no photographs left to dispose of"), _("Nothing to do: they were disposed of, or never were.")
    ),
    "reviewed-own-photo": Kind(
        403, _("Nobody reviews photographs taken by themselves"), _("Let another reviewer decide.")
    ),
}


class Problem(Exception):
    """Raised anywhere below the web layer; ``members`` become extra members of the body."""

    def __init__(
        self,
        slug: str,
        detail: str | None = None,
        *,
        errors: dict[str, list[str]] | None = None,
        retry_after: int | None = None,
        **members: Any,  # noqa: ANN401 (JSON values)
    ) -> None:
        super().__init__(slug, detail)
        self.slug = slug
        self.detail = detail
        self.retry_after = retry_after
        self.members = members if errors is None else {"errors": errors, **members}

    @property
    def kind(self) -> Kind:
        """Return the catalogue's entry."""
        return CATALOGUE[self.slug]

    def body(self) -> dict[str, Any]:
        """Return the problem as JSON-ready dict in English (the reader's language is the web layer's business)."""
        return {
            "type": TYPE_BASE + self.slug,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail or self.kind.advice,
            **self.members,
        }
