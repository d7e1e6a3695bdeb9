"""The demo city Chengpu 澄浦 (990101): invented people, places and cases, made through the product's own doors.

Stands above every subject; nothing imports it but the command line.
"""
