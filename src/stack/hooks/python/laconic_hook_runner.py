"""Runs one function of a stack's commands.py for laconic-so.

Descriptor 5 brings the call and the answers, 4 takes requests, 3 takes the result; standard input, output and error
belong to the hook. Everything before the version check must be readable by any Python.
"""

import json
import os
import sys

RESULT, REQUESTS, ANSWERS = 3, 4, 5
OLDEST = (3, 8)


def send(message):
    data = (json.dumps(message) + "\n").encode("ascii")
    while data:
        data = data[os.write(RESULT, data) :]


def main():
    if sys.version_info[:2] < OLDEST:
        send({"outcome": "too-old", "version": ".".join(str(part) for part in sys.version_info[:3]), "oldest": "3.8"})
        return
    for descriptor in (RESULT, REQUESTS, ANSWERS):
        os.set_inheritable(descriptor, False)
    # Python puts this folder there itself, unless PYTHONSAFEPATH is set.
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path[:1] != [here]:
        sys.path.insert(0, here)
    from stack_orchestrator import _run

    message = _run.run_hook(REQUESTS, ANSWERS)
    if message is not None:
        send(message)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        send({"outcome": "interrupted"})
