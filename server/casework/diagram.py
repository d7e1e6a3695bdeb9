"""The state machine as a diagram (mermaid) and as a table (Markdown), made from machine.py's table. Pure.

``python -m server.casework.diagram`` writes them into docs/casework.md between its two marks; a test compares.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from server.casework.machine import FIRST_STATES, TABLE, Need, Tick, Transition
from server.casework.states import ENDED, State

DOCUMENT = Path(__file__).parents[2] / "docs" / "casework.md"
_BEGIN, _END = "<!-- made by server/casework/diagram.py -->", "<!-- end of what was made -->"
_BETWEEN = re.compile(f"(?<={re.escape(_BEGIN)}\n).*(?={re.escape(_END)})", re.DOTALL)


def diagram() -> str:
    """Return the states and what leads from one to the other, as a mermaid state diagram."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        if row.target is not None and row.target != row.source:
            arrows.setdefault((row.source, row.target), []).append(row.action)
    back = [(row.source, row.action) for row in TABLE if row.target is None]
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in FIRST_STATES]
    lines += [f"    {source} --> {target}: {', '.join(actions)}" for (source, target), actions in arrows.items()]
    lines += [f"    {source} --> before: {action}" for source, action in back]
    lines += ['    state "where it was" as before']
    lines += [f"    {state} --> [*]" for state in State if state in ENDED]
    return "\n".join(lines)


def table() -> str:
    """Return every row of the table: what leads from a state to another, who may, what is needed, what clocks do."""
    head = ["| from | action | to | who | needs | clocks |", "| --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *map(_line, TABLE)])


def made() -> str:
    """Return what stands between the marks of the document."""
    return f"\n```mermaid\n{diagram()}\n```\n\n{table()}\n\n"


def rewritten(document: str) -> str:
    """Return the document with what was made anew; raises ValueError if it has not the marks."""
    if not _BETWEEN.search(document):
        raise ValueError(f"the document has no place for the diagram: it needs {_BEGIN} and {_END}")
    return _BETWEEN.sub(lambda _found: made(), document)


def _line(row: Transition) -> str:
    who = "the field" if row.who is None else f"`{row.who}`"
    needs = ", ".join(need for need in Need if need in row.needs)
    target = "where it was" if row.target is None else row.target
    return f"| {row.source} | `{row.action}` | {target} | {who} | {needs} | {_told(row.clocks)} |"


def _told(clocks: Iterable[Tick]) -> str:
    return ", ".join(" ".join(filter(None, (tick.verb, tick.stage or "all", tick.why))) for tick in clocks)


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{DOCUMENT.name} shows the table of machine.py\n")
