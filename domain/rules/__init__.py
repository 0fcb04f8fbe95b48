"""One module per section of the lifecycle: what the section does to one case.

Each module takes the decision in progress (`domain.case`) and returns what its rule adds: an
exclusion, an origin, a hand-over, a deadline, a grade. Rules do not call each other; the order in
which they apply is decided in `domain.deciding.consequences`.

Begin with `exclusion`, which is the shortest.
"""
