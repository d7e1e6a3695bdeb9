"""Identity: agencies, squads, officers and their roles, sessions, handsets and their enrolment."""
