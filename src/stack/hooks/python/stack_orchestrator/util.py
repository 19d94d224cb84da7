"""`get_yaml()`: reads and writes YAML as laconic-so does. Values are plain dict, list, str, int, float, bool and None."""

import os

from stack_orchestrator import _channel

# A document stays known with its text, so that dumping it again keeps the comments. The value is kept alive, so that
# its id is not reused.
_documents = {}


def source_of(value):
    """The YAML text this very object was loaded from, or None."""
    known = _documents.get(id(value))
    return known[1] if known is not None and known[0] is value else None


class _Yaml:
    """Also callable, so that `get_yaml.load(…)` and `get_yaml().load(…)` both work."""

    def __call__(self):
        return self

    def load(self, stream):
        """The value of YAML in a text, bytes, a file object or a path object."""
        name = getattr(stream, "name", None)
        if isinstance(stream, os.PathLike):
            name = os.fspath(stream)
            with open(stream, encoding="utf-8") as file:
                stream = file.read()
        text = stream.read() if hasattr(stream, "read") else stream
        if isinstance(text, (bytes, bytearray)):
            text = bytes(text).decode("utf-8")
        if not isinstance(text, str):
            raise TypeError("load() takes YAML as text, a file or a path, not {}".format(type(text).__name__))
        value = _channel.decode(_channel.ask("yaml-load", text=text, name=name if isinstance(name, str) else None))
        if isinstance(value, (dict, list)):
            _documents[id(value)] = (value, text)
        return value

    def dump(self, data, stream=None):
        """Writes the value as YAML to a file object or a path object; without one, returns the text."""
        text = _channel.ask("yaml-dump", value=_channel.encode(data), source=source_of(data))
        if stream is None:
            return text
        if isinstance(stream, os.PathLike):
            with open(stream, "w", encoding="utf-8") as file:
                file.write(text)
            return None
        try:
            stream.write(text)
        except TypeError:
            stream.write(text.encode("utf-8"))
        return None


get_yaml = _Yaml()
