"""Casework: cases, their state machine and timeline, and the field tasks that travel to handsets."""
