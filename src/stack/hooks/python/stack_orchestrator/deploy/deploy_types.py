"""What `init` and `setup` hooks are called with."""

from dataclasses import dataclass
from typing import Any, List, Optional

from stack_orchestrator.command_types import CommandOptions


@dataclass
class ClusterContext:
    options: CommandOptions
    cluster: str
    compose_files: List[str]
    pre_start_commands: List[str]
    post_start_commands: List[str]
    config: Any
    env_file: Optional[str]
    job_compose_files: Optional[List[str]] = None


@dataclass
class Deployer:
    """Tells the kind of target. Containers are run through deploy_util.run_container_command."""

    type: str

    def __getattr__(self, name):
        raise AttributeError(
            "a hook cannot use deployer.{}: only deployer.type is offered; "
            "run containers with stack_orchestrator.deploy.deploy_util.run_container_command".format(name)
        )


@dataclass
class DeployCommandContext:
    stack: str
    cluster_context: ClusterContext
    deployer: Deployer


@dataclass
class LaconicStackSetupCommand:
    """The options of `deploy setup`. One that was not given is None."""

    chain_id: Optional[str] = None
    node_moniker: Optional[str] = None
    key_name: Optional[str] = None
    initialize_network: bool = False
    join_network: bool = False
    connect_network: bool = False
    create_network: bool = False
    gentx_file_list: Optional[str] = None
    gentx_address_list: Optional[str] = None
    genesis_file: Optional[str] = None
    network_dir: Optional[str] = None
