"""The one search box over cases: number, place, words, officer. Knows how both databases index parts of words.

Each case has one text to search in. PostgreSQL indexes its trigrams (pg_trgm), SQLite keeps a trigram table of FTS5
beside it (triggers of the migration). Both find any part of a word of three characters and more; a shorter one, which
two Chinese characters are, is looked for in the texts themselves.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Select, and_, column, or_, select, table, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.base import Base, table_of
from server.casework.models import Case
from server.identity.models import Agency, Officer
from server.problems import Problem, _
from server.standards.queries import CategoryKey, category_names
from server.upsert import insert

MOST_WORDS = 8
LONGEST = 100
_TRIGRAM = 3
_FTS = table("case_text_fts", column("rowid"), column("case_text_fts"))


class CaseText(Base):
    """What a case can be found by, in lower case; ``id`` is what SQLite's trigram table refers to."""

    __tablename__ = "case_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), unique=True)
    body: Mapped[str]


def remember_all(session: Session, cells: Mapping[Case, str | None]) -> None:
    """Write what cases can be found by, each with its unit grid; called when cases are settled."""
    officers = select(Officer.id, Officer.name, Officer.login)
    reporters = {
        row.id: (row.name, row.login)
        for row in session.execute(officers.where(Officer.id.in_({case.reporter_id for case in cells})))
    }
    theirs = select(Agency.id, Agency.name).where(Agency.id.in_({case.agency_id for case in cells}))
    agencies = {row.id: row.name for row in session.execute(theirs)}
    names = category_names(session, {CategoryKey(case.scheme, case.category_code) for case in cells})
    rows = []
    for case, cell_code in cells.items():
        name = names.get(CategoryKey(case.scheme, case.category_code))
        parts = [
            case.case_no,
            case.address,
            case.description,
            *reporters[case.reporter_id],
            agencies[case.agency_id],
            cell_code,
            case.category_code,
            *((name.name, name.name_en) if name else ()),
        ]
        rows.append({"case_id": case.id, "body": "\n".join(part for part in parts if part).lower()})
    stored = insert(session, table_of(CaseText))
    replacing = {"body": stored.excluded.body}
    session.execute(stored.on_conflict_do_update(index_elements=[table_of(CaseText).c.case_id], set_=replacing), rows)


def words_of(asked: str) -> list[str]:
    """Return the words of what was typed, in lower case; raises the problem ``validation`` for too many."""
    words = asked.lower().split()
    if len(asked) > LONGEST or len(words) > MOST_WORDS:
        told = _("Type at most %(words)s words and %(letters)s characters.")
        raise Problem("validation", errors={"q": [told % {"words": MOST_WORDS, "letters": LONGEST}]})
    return words


def matching(session: Session, wanted: Select[Case], words: Sequence[str]) -> Select[Case]:
    """Narrow a select of cases to those in which every word occurs; the select's data scope stays."""
    if not words:
        return wanted
    number = Case.case_no == words[0] if len(words) == 1 else None
    texts = select(CaseText.case_id).where(and_(*(_holds(session, word) for word in words)))
    found: ColumnElement[bool] = Case.id.in_(texts)
    # A number that was issued a moment ago is found although its case waits for being settled.
    return wanted.where(found if number is None else or_(number, found))


def _holds(session: Session, word: str) -> ColumnElement[bool]:
    if len(word) >= _TRIGRAM and session.get_bind().dialect.name == "sqlite":
        phrase = '"' + word.replace('"', '""') + '"'
        return CaseText.id.in_(
            select(_FTS.c.rowid).where(text("case_text_fts MATCH :phrase").bindparams(phrase=phrase))
        )
    return CaseText.body.contains(word, autoescape=True)
