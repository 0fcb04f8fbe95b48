"""One module per section of the lifecycle: what the section does in one case.

Each module takes the decision in progress (`domain.case`) and returns what its rule adds: an
exclusion, an origin, a hand-over, a deadline, a grade. Rules do not call each other;
`domain.deciding.consequences` decides the order in which they apply.

Begin with `exclusion`, which is the shortest.
"""
