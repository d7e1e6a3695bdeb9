"""The one way into the inbox: call it inside the transaction of the act. Knows no case beyond its id and agency."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import table_of, uuid7
from server.casework.inbox.models import NoticeRow
from server.casework.inbox.rules import Kind, To
from server.clock import now

_NOTICE = insert(table_of(NoticeRow))


@dataclass(frozen=True)
class Notice:
    """What to tell whom about which case; ``facts`` are JSON values, times as the wire writes them."""

    kind: Kind
    to: To
    agency_id: UUID
    case_id: UUID | None = None
    by_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def tell(session: Session, notice: Notice) -> None:
    """Write a notice; it is committed or rolled back together with what it tells of."""
    row = {
        "id": uuid7(),
        "agency_id": notice.agency_id,
        "officer_id": notice.to.officer_id,
        "squad_id": notice.to.squad_id,
        "permission": notice.to.permission and notice.to.permission.value,
        "kind": notice.kind.value,
        "case_id": notice.case_id,
        "by_id": notice.by_id,
        "at": now(),
        "facts": json.dumps(dict(notice.facts), ensure_ascii=False, sort_keys=True),
    }
    session.execute(_NOTICE, row)
