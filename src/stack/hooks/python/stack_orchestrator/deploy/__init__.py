"""The names stack hooks import from `stack_orchestrator.deploy`."""
