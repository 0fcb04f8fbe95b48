"""The funnel: current and past stages of leads, and their moves.

`fold` turns events into stays, `projection` stores them, and `queries` answers for the present and
as of any moment. `figures` defines the results, `figures_from_counts` computes them.
"""
