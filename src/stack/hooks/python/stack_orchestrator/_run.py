"""Loads a hook module, calls one of its functions, and tells how that went."""

import importlib.machinery
import importlib.util
import inspect
import os
import sys
import traceback
import types

from stack_orchestrator import _channel

PACKAGE = "laconic_stack_hooks"


class _FreshLoader(importlib.machinery.SourceFileLoader):
    """Always compiles the text that is there: a cached one is told apart by whole seconds and size only."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


def run_hook(requests, answers):
    """Serves one call; the message for laconic-so, or None in a process the hook forked."""
    process = os.getpid()
    call = _channel.open_channel(requests, answers)
    try:
        message = _call(call)
    except KeyboardInterrupt:
        message = {"outcome": "interrupted"}
    except SystemExit as ending:
        message = _exited(ending, call["file"])
    except BaseException as error:
        message = _failed(error, call["file"])
    if os.getpid() != process:
        os._exit(0)
    return message


def _call(call):
    from stack_orchestrator import command_types, opts

    opts.opts.o = command_types.CommandOptions(**call["options"])
    module = _load(call["file"])
    function = getattr(module, call["hook"], None)
    if not callable(function):
        return {"outcome": "returned", "called": False}
    result = _invoke(function, _arguments(call))
    if inspect.iscoroutine(result):
        import asyncio

        result = asyncio.run(result)
    return _returned(result, call["hook"])


def _load(file):
    """The module, as a member of a package that is its folder: `import helper` and `from . import helper` both work."""
    folder, name = os.path.dirname(file), os.path.splitext(os.path.basename(file))[0]
    sys.argv[:] = [file]
    sys.path.insert(1, folder)
    _provide_tomli()
    package = types.ModuleType(PACKAGE)
    package.__path__ = [folder]
    sys.modules[PACKAGE] = package
    full_name = PACKAGE + "." + name
    loader = _FreshLoader(full_name, file)
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(full_name, file, loader=loader))
    sys.modules[full_name] = sys.modules[name] = module
    loader.exec_module(module)
    return module


def _provide_tomli():
    """Python 3.11 brings what the module tomli was before, under another name."""
    if importlib.util.find_spec("tomli") is None and importlib.util.find_spec("tomllib") is not None:
        sys.modules["tomli"] = importlib.import_module("tomllib")


def _arguments(call):
    from stack_orchestrator.deploy import deploy_types
    from stack_orchestrator.opts import opts

    hook = call["hook"]
    if hook in ("create", "start"):
        from stack_orchestrator.deploy.deployment_context import DeploymentContext

        context = DeploymentContext(call["context"])
        return [context, call["extra_args"]] if hook == "create" else [context]
    facts = call["context"]
    cluster = dict(facts["cluster_context"], options=opts.o)
    cluster["config"] = _channel.decode(cluster["config"])
    context = deploy_types.DeployCommandContext(
        facts["stack"], deploy_types.ClusterContext(**cluster), deploy_types.Deployer(facts["deployer_type"])
    )
    if hook == "init":
        return [context]
    return [context, deploy_types.LaconicStackSetupCommand(**call["parameters"]), tuple(call["extra_args"])]


def _invoke(function, arguments):
    """Older hooks take fewer parameters: as many arguments are passed as the function has places for."""
    places = 0
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return function(*arguments)
    for parameter in parameters:
        if parameter.kind == parameter.VAR_POSITIONAL:
            places = len(arguments)
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            places += 1
    return function(*arguments[:places])


def _returned(result, hook):
    message = {"outcome": "returned", "called": True}
    if hook != "init" or result is None:
        return message
    from stack_orchestrator.util import source_of

    if not isinstance(result, dict):
        return {
            "outcome": "failed",
            "reason": "init must return a dict or None, it returned a value of type {}".format(type(result).__name__),
        }
    try:
        return dict(message, result=_channel.encode(result), source=source_of(result))
    except (TypeError, RecursionError) as error:
        return {"outcome": "failed", "reason": "what init returned cannot be written as YAML: {}".format(error)}


def _exited(ending, file):
    """sys.exit() and sys.exit(0) end a hook that is done; anything else is a failure."""
    if ending.code is None or ending.code == 0:
        return {"outcome": "returned", "called": True}
    said = "exit code {}".format(ending.code) if isinstance(ending.code, int) else str(ending.code)
    return dict(_places(ending, file), outcome="failed", reason="the hook called sys.exit: " + said)


def _failed(error, file):
    said = str(error).strip()
    if isinstance(error, SyntaxError) and error.filename:
        return dict(
            _syntax_place(error, file),
            outcome="failed",
            reason="{}: {}".format(type(error).__name__, error.msg),
            traceback="".join(traceback.format_exception_only(type(error), error)),
        )
    name = type(error).__name__
    if isinstance(error, _channel.LaconicError):
        reason = said
    else:
        reason = "{}: {}".format(name, said) if said else name
    message = dict(_places(error, file), outcome="failed", reason=reason)
    if isinstance(error, ModuleNotFoundError):
        message.update(kind="missing-module", module=error.name)
    return message


def _syntax_place(error, file):
    if os.path.realpath(error.filename) == os.path.realpath(file):
        return {"line": error.lineno}
    place = dict(_places(error, file))
    place["elsewhere"] = "{}:{}".format(os.path.basename(error.filename), error.lineno)
    return place


def _places(error, file):
    """The last line of the hook's file on the way to the error, the file beside it where it ended, and the traceback from there."""
    frames = traceback.extract_tb(error.__traceback__)
    folder = os.path.dirname(file)
    own = [index for index, frame in enumerate(frames) if frame.filename == file]
    if not own:
        return {"traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__))}
    place = {"line": frames[own[-1]].lineno}
    beside = [frame for frame in frames[own[-1] + 1 :] if frame.filename.startswith(folder + os.sep)]
    if beside:
        place["elsewhere"] = "{}:{}".format(os.path.relpath(beside[-1].filename, folder), beside[-1].lineno)
    start = error.__traceback__
    for _ in range(own[0]):
        start = start.tb_next
    place["traceback"] = "".join(traceback.format_exception(type(error), error, start))
    return place
