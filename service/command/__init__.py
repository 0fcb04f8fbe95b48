"""The command `leadledger`: each command parses, calls one function, prints."""

from service.command.application import main

__all__ = ["main"]
