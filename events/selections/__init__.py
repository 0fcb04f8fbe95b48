"""Selection runs: asked, surveyed at one position, recorded as evidence, carried out, verified."""
