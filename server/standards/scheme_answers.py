"""Turns what standards know of a version into the members of an answer, in the reader's language. Knows no request."""

from typing import Any

from server.i18n import _
from server.standards.content import Limits
from server.standards.versions import ClassCard, VersionPage
from server.standards.workbook.interpreting import Finding, Report


def page_told(page: VersionPage) -> dict[str, Any]:
    """Return the members of `CategoryClassesSchema`."""
    return {
        "classes": [_class(card) for card in page.classes],
        "limits": _limits(page.limits),
        "shots": page.shots,
        "next": page.next,
    }


def report_told(report: Report, *, dry_run: bool) -> dict[str, Any]:
    """Return the members of `TableReportSchema`."""
    return {
        "dry_run": dry_run,
        "rows_read": report.rows_read,
        "rows_stored": report.rows_stored,
        "bad_rows": report.bad_rows,
        "classes": len(report.content.classes),
        "bad": [{**vars(one), "column": one.column.value, "reason": reason_of(one)} for one in report.findings],
    }


def reason_of(finding: Finding) -> str:
    """Return why a row was left out, in the reader's language."""
    told: str = _(finding.reason, **finding.values)
    return told


def _class(card: ClassCard) -> dict[str, Any]:
    minor = card.minor
    return {
        "code": minor.code,
        "issue_kind": minor.issue_kind,
        "major": minor.major,
        "name": minor.name,
        "major_en": minor.major_en,
        "name_en": minor.name_en,
        "conditions": [
            {
                **vars(one.condition),
                "season": str(one.condition.season) if one.condition.season else None,
                "limits": _limits(one.limits),
            }
            for one in card.conditions
        ],
        "limits": _limits(card.limits),
        "shots": card.shots,
    }


def _limits(limits: Limits) -> dict[str, dict[str, str]]:
    return {
        stage.value: {
            "clock": written.limit.clock.value,
            "amount": f"{written.limit.amount.normalize():f}",
            "wording": written.wording,
        }
        for stage, written in limits.items()
    }
