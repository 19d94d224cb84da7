"""What stack hooks written in Python may import. It needs nothing but the standard library.

Files are read and written as YAML by laconic-so itself, on the other end of a pipe.
"""
