"""A scripted month in Chengpu in small: every deadline, state and count equals what a naive twin says of it.

The 2,000 cases of the full month are the row `month` of the verification table.
"""

import ast
from datetime import timedelta
from pathlib import Path

import chinese_calendar
import pytest
from flask import Flask
from support.month import days
from support.month.compare import differences
from support.month.days import DAYS, FIRST_DAY, is_worked
from support.month.happened import EVERYTHING, happened
from support.month.stories import month

# In this month of few cases everything happens that can; on PostgreSQL a smaller one will do.
CASES, FEWER, SEED = 56, 20, 7
_OF_THE_TWIN = (
    "days",
    "script",
    "stories",
    "watch",
    "file",
    "books",
    "counter",
    "street",
    "pleas",
    "doubles",
    "naive",
    "happened",
)
_ALLOWED = ("support.month.", "collections", "dataclasses", "datetime", "random", "typing")


@pytest.mark.timeout(300)
def test_a_month_ends_as_the_naive_twin_says(app: Flask, database: str) -> None:
    cases = CASES if database.startswith("sqlite") else FEWER
    assert differences(app, cases, SEED) == []


def test_everything_happens_in_that_month() -> None:
    assert happened(month(CASES, SEED)) == EVERYTHING


def test_the_twins_holidays_are_those_of_the_notice() -> None:
    time = [FIRST_DAY + timedelta(days=day) for day in range(DAYS)]
    assert [day for day in time if is_worked(day) != chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize("name", _OF_THE_TWIN)
def test_the_twin_shares_no_code_with_the_product(name: str) -> None:
    tree = ast.parse((Path(days.__file__).parent / f"{name}.py").read_text())
    found = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    found += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert [one for one in found if not one.startswith(_ALLOWED)] == []
