"""Questions to laconic-so and its answers: one line of JSON each, one at a time."""

import json
import math
import os
import threading
from collections.abc import Mapping


class LaconicError(Exception):
    """laconic-so could not do what the hook asked for."""


_lock = threading.Lock()
_requests = None
_answers = None


def open_channel(requests, answers):
    """Takes over the two descriptors and returns the first line: the call."""
    global _requests, _answers
    _requests = os.fdopen(requests, "wb", buffering=0)
    _answers = os.fdopen(answers, "rb")
    return json.loads(_answers.readline())


def ask(operation, **details):
    """The answer's value, still encoded. Raises LaconicError with laconic-so's own words."""
    line = (json.dumps(dict(details, op=operation)) + "\n").encode("ascii")
    with _lock:
        while line:
            line = line[_requests.write(line) :]
        answer = _answers.readline()
    if not answer:
        raise LaconicError("laconic-so ended")
    answer = json.loads(answer)
    if "error" in answer:
        raise LaconicError(answer["error"])
    return answer["value"]


def decode(value):
    """The plain Python value of an encoded one (see wire.ts)."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" not in value:
        return {key: decode(item) for key, item in value.items()}
    kind, body = value["$"]
    if kind == "int":
        return int(body)
    if kind == "float":
        return float(body)
    return {decode(key): decode(item) for key, item in body}


def encode(value, place="", inside=()):
    """The encoded form of a value. Raises TypeError naming the key of what YAML cannot hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return {"$": ["int", str(int(value))]}
    if isinstance(value, float):
        return {"$": ["float", repr(float(value)) if math.isfinite(value) else str(float(value))]}
    where = "the value at " + place if place else "the value"
    if id(value) in inside:
        raise TypeError(where + " contains itself")
    below = inside + (id(value),)
    if isinstance(value, Mapping):
        pairs = []
        for key, item in value.items():
            if not (key is None or isinstance(key, (str, int, float))):
                raise TypeError("a key of {} is of type {}, which YAML cannot hold".format(where, type(key).__name__))
            pairs.append([encode(key), encode(item, "{}.{}".format(place, key) if place else str(key), below)])
        return {"$": ["map", pairs]}
    if isinstance(value, (list, tuple)):
        return [encode(item, "{}[{}]".format(place, index), below) for index, item in enumerate(value)]
    raise TypeError("{} is of type {}, which YAML cannot hold".format(where, type(value).__name__))
