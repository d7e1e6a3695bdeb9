"""Standards: versioned category schemes (and later case standards, calendar, limits) as reference data, never enums."""
