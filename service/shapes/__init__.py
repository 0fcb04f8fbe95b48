"""The bodies of responses, one module per subject: what is built and what is documented."""
