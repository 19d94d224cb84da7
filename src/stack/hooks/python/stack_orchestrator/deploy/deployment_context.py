"""What `create` and `start` hooks are called with."""

import os
from pathlib import Path

from stack_orchestrator import _channel
from stack_orchestrator.deploy.spec import Spec


class Stack:
    """`name` is the spec's `stack:`, `obj` the parsed stack.yml of the deployment."""

    def __init__(self, name, obj):
        self.name = name
        self.obj = obj


class DeploymentContext:
    """A deployment directory. `mode` is "create" or "update" in a create hook, None in a start hook."""

    def __init__(self, facts):
        paths = facts["paths"]
        self.deployment_dir = Path(facts["deployment_dir"])
        self.id = facts["id"]
        self.deployment_id = facts["deployment_id"]
        self.namespace = facts["namespace"]
        self.mode = facts["mode"]
        self.spec = Spec(_channel.decode(facts["spec"]), Path(paths["spec_file"]))
        self.stack = Stack(facts["stack_name"], _channel.decode(facts["stack_obj"]))
        self._paths = paths

    def get_cluster_id(self):
        return self.id

    def get_deployment_id(self):
        return self.deployment_id

    def get_stack_file(self):
        return Path(self._paths["stack_file"])

    def get_spec_file(self):
        return Path(self._paths["spec_file"])

    def get_env_file(self):
        return Path(self._paths["env_file"])

    def get_deployment_file(self):
        return Path(self._paths["deployment_file"])

    def get_compose_dir(self):
        return Path(self._paths["compose_dir"])

    def get_compose_file(self, name):
        """The compose file of a pod."""
        return self.get_compose_dir() / "docker-compose-{}.yml".format(name)

    compose_file = get_compose_file

    def modify_yaml(self, file_path, modifier_func):
        """Lets the function change the value of a YAML file of the deployment in place; comments of the file stay."""
        path = os.fspath(file_path)
        answer = _channel.ask("yaml-read", path=path)
        value = _channel.decode(answer["value"])
        modifier_func(value)
        _channel.ask("yaml-write", token=answer["token"], value=_channel.encode(value))
