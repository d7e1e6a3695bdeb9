"""Nothing in our own source changes or deletes what the audit log holds."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The model, the one insert, the reads, and the migration that makes table and triggers.
KNOWN = {
    "server/ledger/models.py",
    "server/ledger/audit.py",
    "server/identity/queries/audit.py",
    "server/migrations/versions/0007_three_administrators.py",
}
CHANGES = {"update", "delete", "merge", "bulk_update_mappings", "truncate"}


def sources() -> list[Path]:
    return sorted((ROOT / "server").rglob("*.py"))


def names_the_table(tree: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == "AuditEntry")
        or (isinstance(node, ast.alias) and node.name == "AuditEntry")
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and "audit_entry" in node.value)
        for node in ast.walk(tree)
    )


def changes(tree: ast.Module) -> set[str]:
    called = {
        getattr(node.func, "attr", getattr(node.func, "id", ""))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    return called & CHANGES


def test_only_the_log_itself_knows_its_table() -> None:
    touching = {
        str(path.relative_to(ROOT)) for path in sources() if names_the_table(ast.parse(path.read_text("utf-8")))
    }
    assert touching == KNOWN


def test_what_knows_the_table_neither_updates_nor_deletes() -> None:
    assert {
        name: changes(ast.parse((ROOT / name).read_text("utf-8"))) for name in KNOWN if "migrations" not in name
    } == {name: set() for name in KNOWN if "migrations" not in name}
