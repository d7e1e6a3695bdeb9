"""The case bundle: everything of one case that a court needs, in one ZIP file that anybody can verify without us.

``export.prepare`` is the door; verify.py is the judge, which travels with every bundle and imports nothing of ours.
"""
