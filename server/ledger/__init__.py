"""Ledger: what must be written in the same transaction as the work itself. The bottom subject.

Scopes and marks (the change feed), rendezvous rows, custody events, and this deployment's epoch. It knows no
other subject: ids and kinds arrive as plain values.
"""
