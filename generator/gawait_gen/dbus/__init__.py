"""C++ of D-Bus interfaces: a reader of introspection XML, what it is in C++, and a writer of headers."""
