"""Several things that begin at the same moment, each in a thread of its own."""

import threading
from collections.abc import Callable


def together(*works: Callable[[], object]) -> None:
    """Do things in threads that begin at once and wait for all; what fails in any of them fails here."""
    failed: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            gate.wait()
            work()
        except BaseException as error:  # noqa: BLE001 (told to the test below)
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
