"""All mutants, and those that have nothing to mutate yet."""

from mutants import casework, custody, evidence, feed, locks, photos, safekeeping, storing, trust

MUTANTS = (
    *casework.MUTANTS,
    *custody.MUTANTS,
    *evidence.MUTANTS,
    *feed.MUTANTS,
    *locks.MUTANTS,
    *storing.MUTANTS,
    *photos.MUTANTS,
    *safekeeping.MUTANTS,
    *trust.MUTANTS,
)

# Named by the design, but what they would damage does not exist: declared, so that nobody takes them for tried.
NOT_APPLICABLE: dict[str, str] = {}
