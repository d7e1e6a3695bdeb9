"""Evidence: photographs, their uploads, what they prove for whom, and the reviewer's verdict.

Lies below casework: rows name their owner by (kind, id) and carry agency, class, stage and squad as columns,
because closing a case and the gallery's paging need them.
"""
