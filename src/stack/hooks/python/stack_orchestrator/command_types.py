"""The global options as a type."""

from dataclasses import dataclass
from typing import Optional


@dataclass
class CommandOptions:
    """The options that laconic-so was called with before the name of its command."""

    stack: Optional[str] = None
    quiet: bool = False
    verbose: bool = False
    dry_run: bool = False
    local_stack: bool = False
    debug: bool = False
    continue_on_error: bool = False
