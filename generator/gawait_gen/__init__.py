"""What gawait-gen is made of: a reader of GIR files, a model of the async functions in them,
and a writer of C++ headers; and in dbus/ the same for interfaces of D-Bus.
"""
