"""Selection runs: requested, surveyed at one position, recorded, carried out, verified."""
