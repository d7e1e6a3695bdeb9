"""How a backup or a restore ends when it cannot go on. Knows nothing else."""


class SafekeepingError(Exception):
    """Nothing was replaced and no promise was raised; the text says why, and what to do."""
