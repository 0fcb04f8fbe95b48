"""From one version of a lifecycle to the next.

`succession` decides where leads in a removed stage continue, `difference` lists in words what
changed, and `diagram` draws a version.
"""
