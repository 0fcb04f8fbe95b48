"""From YAML to a lifecycle, or to every complaint at once, each with its line.

`load` is the entry point. `yaml_nodes` keeps the line of every value; `place` is the cursor that
sections read through, and it collects complaints. `vocabulary` lists the paths that conditions may
read. `sections` has one module per section of the text; `check` checks the lifecycle as a whole.

Begin with `load`.
"""
