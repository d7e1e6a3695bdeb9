"""What is published to handsets as reference documents: the category schemes, and the squads of the deployment."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Squad
from server.standards.models import Category
from server.standards.reference import publish

CATEGORY_SCHEMES = "category-schemes"
SQUADS = "squads"


def publish_schemes(session: Session) -> None:
    """Publish every minor class of every loaded scheme version under ``<scheme>/<version>/<code>``."""
    rows = session.scalars(select(Category))
    publish(
        session,
        CATEGORY_SCHEMES,
        {
            f"{row.scheme}/{row.version}/{row.code}": {
                "scheme": row.scheme,
                "version": row.version,
                "code": row.code,
                "issue_kind": row.issue_kind,
                "major": row.major,
                "name": row.name,
                "major_en": row.major_en,
                "name_en": row.name_en,
            }
            for row in rows
        },
    )


def publish_squads(session: Session) -> None:
    """Publish the squads under their ids: a handset shows to whom a task was given."""
    rows = session.execute(select(Squad.id, Squad.name, Squad.agency_id))
    squads = {str(row.id): {"id": str(row.id), "name": row.name, "agency_id": str(row.agency_id)} for row in rows}
    publish(session, SQUADS, squads)


def publish_all(session: Session) -> None:
    """Bring every document up to date; what did not change keeps its version."""
    publish_schemes(session)
    publish_squads(session)
