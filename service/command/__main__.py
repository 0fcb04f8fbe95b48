"""Run the command as `python -m service.command`, where it is not installed."""

from service.command.application import main

main()
