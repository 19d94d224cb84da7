"""`opts.o`: the global options laconic-so was called with."""


class CommandOptions:
    """stack, quiet, verbose, dry_run, local_stack, debug, continue_on_error."""

    stack = None
    quiet = False
    verbose = False
    dry_run = False
    local_stack = False
    debug = False
    continue_on_error = False

    def __init__(self, values=()):
        for name, value in dict(values).items():
            setattr(self, name, value)


class opts:
    o = CommandOptions()
