"""What is known about a lead or a company, and how an event changes it.

`state` holds the values, `evolve` applies one event to them without judging it, and `evolve_move`
does the same for moves between stages. `stays` lists the periods that a lead spent in each stage.
`identity` maps identifiers to leads, and `absorption` follows those that forward to others. `score`
counts points, `owners` decides who works on a lead. `readings` supplies the values that conditions
read; `state_json` is the stored form of a state.

Begin with `state`, then `evolve`.
"""
