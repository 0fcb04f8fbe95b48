"""From one version of a lifecycle to the next.

`succession` says where leads at a removed stage continue, `difference` lists what changed in
words, `diagram` draws a version.
"""
