"""Row `state_machine`: examples of verification.machine, found by Hypothesis from each portion's own seed."""

import time
import traceback

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from verification.machine import ProtocolMachine
from verification.rows.result import Result

ROW = "state_machine"


def run(count: int, start: int = 0, database: str = "sqlite", *, steps: int = 25) -> Result:
    """Try ``count`` examples; Hypothesis stops at the first failure and shrinks it."""
    chosen = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    began, failures = time.monotonic(), list[str]()
    try:
        run_state_machine_as_test(seed(start)(type("Machine", (ProtocolMachine,), {})), settings=chosen)
    except Exception as error:  # noqa: BLE001 (whatever an example ended with is a finding)
        notes = "\n".join(getattr(error, "__notes__", ()))
        failures.append(f"seed {start}: {notes}\n{traceback.format_exc(limit=-4)}")
    return Result(ROW, database, start, count, tuple(failures), time.monotonic() - began)
