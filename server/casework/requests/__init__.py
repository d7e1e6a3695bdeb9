"""Requests about a case: more time, a pause, exemption from the statistics, a forced end.

One person asks and another decides (an appeal is reviewed by two). A request never moves a case by itself: what is
approved goes through the state machine and the clocks like everything else.
"""
