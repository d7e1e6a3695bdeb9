"""What a push costs the database: two commits, and statements that do not grow with the number of items."""

import pytest
from flask import Flask
from support.field import FieldHandset, photo, report
from support.statements import commits, statements

# Who asks; lock and look up, insert, count, note (5); lock install and officers on PostgreSQL (2); officers' keys;
# cases, timeline, waiting items, confirmation; scope and marks (2); photographs wanted; for the acceptance clocks the
# version in force, its limits, and the clocks.
MOST_STATEMENTS = 19
# The same with photographs: what was uploaded before, evidence, custody.
MOST_WITH_PHOTOS = 22
# The same where some of them were uploaded before: they are attached.
MOST_WITH_PHOTOS_THAT_ARE_HERE = 23


@pytest.mark.parametrize("number", [1, 7, 50])
def test_a_push_of_reports_takes_a_fixed_number_of_statements(app: Flask, collector: FieldHandset, number: int) -> None:
    collector.push()  # a new connection to PostgreSQL asks who the server is, once
    items = [collector.item() for _ in range(number)]
    with statements(app) as sent, commits(app) as committed:
        assert collector.states(*items) == ["applied"] * number
    assert len(sent) <= MOST_STATEMENTS, "\n".join(sent)
    assert len(committed) == 2


@pytest.mark.parametrize(("before", "most"), [(0, MOST_WITH_PHOTOS), (2, MOST_WITH_PHOTOS_THAT_ARE_HERE)])
def test_photographs_add_statements_to_the_push_not_to_each_item(
    app: Flask, collector: FieldHandset, before: int, most: int
) -> None:
    collector.push()
    collector.upload(*(photo(number) for number in (1, 2)[:before]))
    items = [collector.item(payload=report(photo(1), photo(2))) for _ in range(50)]
    with statements(app) as sent, commits(app) as committed:
        assert collector.states(*items) == ["applied"] * 50
    assert len(sent) <= most, "\n".join(sent)
    assert len(committed) == 2


def test_a_batch_that_is_known_is_answered_with_one_commit(app: Flask, collector: FieldHandset) -> None:
    items = [collector.item() for _ in range(50)]
    collector.push(*items)
    with statements(app) as sent, commits(app) as committed:
        assert collector.states(*items) == ["duplicate"] * 50
    assert len(sent) <= 8, "\n".join(sent)
    assert len(committed) == 1
