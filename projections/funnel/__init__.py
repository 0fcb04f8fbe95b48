"""Where leads are, were, and how they moved: the funnel.

`fold` turns events into stays, `projection` stores them, `queries` answers now and then. `figures`
has the values, `figures_from_counts` computes them.
"""
