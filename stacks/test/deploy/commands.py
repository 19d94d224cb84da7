"""Hooks of the test stack: one of each kind, each leaving something that a script can look for."""

from pathlib import Path

from stack_orchestrator.deploy.deploy_types import DeployCommandContext, LaconicStackSetupCommand
from stack_orchestrator.deploy.deploy_util import VolumeMapping, run_container_command
from stack_orchestrator.deploy.deployment_context import DeploymentContext
from stack_orchestrator.util import get_yaml

default_spec = """
config:
    test_variable_1: test-value-1
"""


def init(command_context: DeployCommandContext):
    """Adds one variable to every new spec of this stack."""
    return get_yaml().load(default_spec)


def setup(command_context: DeployCommandContext, parameters: LaconicStackSetupCommand, extra_args):
    """Runs the service's image once; what it writes ends up in `container-output-dir` of the directory given."""
    if len(extra_args) != 1:
        raise SystemExit("the setup of the test stack takes one argument: the directory to write to")
    output = Path(extra_args[0]).resolve() / "container-output-dir"
    output.mkdir(parents=True, exist_ok=True)
    run_container_command(
        command_context,
        "test",
        "echo output-data > /data/output-file",
        [VolumeMapping(str(output), "/data")],
    )


def create(deployment_context: DeploymentContext, extra_args):
    """Leaves a file in the new deployment directory."""
    marker = Path(deployment_context.deployment_dir) / "create-file"
    marker.write_text("create-command-output-data")
