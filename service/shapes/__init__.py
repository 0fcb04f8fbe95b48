"""The bodies of responses as pydantic models, one module per subject; routes refer to them."""
