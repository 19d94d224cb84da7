"""Running a command in a container of the stack."""

import os
from dataclasses import dataclass
from typing import Union

from stack_orchestrator import _channel


@dataclass
class VolumeMapping:
    """A directory or file of the host, and where the container sees it."""

    host_path: Union[str, "os.PathLike[str]"]
    container_path: Union[str, "os.PathLike[str]"]


def run_container_command(ctx, service, command, mounts=()):
    """Runs `sh -c <command>` in a fresh container of the image of this service.

    Returns (standard output without its trailing line break, 0); raises when the command fails. A relative host path starts
    in the current directory.
    """
    output = _channel.ask(
        "run-container",
        service=str(service),
        command=str(command),
        mounts=[[os.path.abspath(mount.host_path), os.fspath(mount.container_path)] for mount in mounts or ()],
    )
    return output[:-1] if output.endswith("\n") else output, 0
