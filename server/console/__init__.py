"""The console's shell: sign-in, account, home, navigation, and what templates need to show facts readably."""
