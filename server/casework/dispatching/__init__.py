"""Who is to do it: the responsibility matrix for units, the nearest collector for verification and checks.

The matrix proposes, the dispatcher decides, and what was decided about a disputed case goes back into the matrix
(domain.md S-12; casework.md section 7).
"""
