"""`opts.o`: the global options laconic-so was called with."""

from stack_orchestrator.command_types import CommandOptions


class opts:
    o = CommandOptions()
