"""The written reason that an act on evidence needs. Pure."""

from server.problems import Problem, _

MOST_REASON = 500


def written(reason: str | None) -> str:
    """Return the reason without the blanks around it; raises ``validation`` for none, or one that is too long."""
    text = (reason or "").strip()
    if not text:
        raise Problem("validation", errors={"reason": [_("This step needs a written reason.")]})
    if len(text) > MOST_REASON:
        raise Problem("validation", errors={"reason": [f"At most {MOST_REASON} characters."]})
    return text
