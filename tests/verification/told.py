"""The one simulated server of this process for all rows that tell stories: a new one costs as much as two of them."""

import atexit
from contextlib import ExitStack
from functools import cache

from server.simulation.stories import Stories, opened_stories


@cache
def stories() -> Stories:
    """Return the application that begins every story anew; it is closed when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(opened_stories())
