"""What is known of a lead or a company, and how an event changes it.

`state` holds the values, `evolve` applies one event to them without judging it, `evolve_move` does
so for moves between stages. `stays` lists the periods that a lead spent at each stage. `identity`
says which identifiers belong to whom, `score` counts points, `owners` says who works on a lead.
`readings` answers what the conditions of a lifecycle ask; `state_json` is the form in which a
state is stored.

Begin with `state`, then `evolve`.
"""
