"""Safekeeping: the epoch of this database's history, backup, restore, and what the product checks about itself.

Stands above all other subjects (it copies their rows) and below nobody but the command line. No Flask in its logic.
"""
