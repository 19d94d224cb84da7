"""Hooks of the test-restart stack. A test edits the marker's text in the working tree and restarts."""

from pathlib import Path

from stack_orchestrator.deploy.deploy_types import DeployCommandContext
from stack_orchestrator.deploy.deployment_context import DeploymentContext
from stack_orchestrator.util import get_yaml

default_spec = ""

# Without this a start hook runs on Kubernetes only.
START_ON_COMPOSE = True


def init(command_context: DeployCommandContext):
    """Adds nothing to the spec: an empty document."""
    return get_yaml().load(default_spec)


def start(deployment_context: DeploymentContext):
    """Says which version of this hook ran last."""
    (Path(deployment_context.deployment_dir) / "marker").write_text("v1")
