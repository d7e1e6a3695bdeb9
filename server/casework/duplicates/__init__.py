"""Duplicates and recurrence: several reports of one problem become one case, problems that come back are linked.

Source: domain.md S-07 and casework.md section 5. Everything here runs in a job after interpretation, never while a
handset waits.
"""
