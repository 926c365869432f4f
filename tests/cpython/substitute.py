"""Puts another loop class where asyncio keeps its selector loop.

CPython's tests come to their loop in many ways: `asyncio.SelectorEventLoop`,
`asyncio.EventLoop`, `asyncio.new_event_loop`, the policies' `_loop_factory`, `asyncio.run`. All
end at one class, and every name in asyncio's modules that means it is made to mean the
substitute.
"""

import functools
import importlib
import inspect
import sys
from asyncio import unix_events

stock_class = unix_events.SelectorEventLoop


class Substitute:
    """Makes loops of another class; can be derived from and asked for as that class can.

    It is no class itself, so that the loops are of exactly the class that is tested.
    """

    def __init__(self, loop_class):
        self.loop_class = loop_class

    def __call__(self, selector=None):
        # The classes of tests that choose a selector run on the loop without a choice.
        if selector is not None:
            selector.close()
        return self.loop_class()

    def __mro_entries__(self, bases):
        return (self.loop_class,)

    def __instancecheck__(self, instance):
        return isinstance(instance, self.loop_class)

    def __subclasscheck__(self, subclass):
        return issubclass(subclass, self.loop_class)

    def __getattr__(self, name):
        return getattr(self.loop_class, name)


def watch_class(loop_class, loop_made, not_for=()):
    """Calls `loop_made` for each loop of a class that is none of `not_for`."""
    initialise = loop_class.__init__

    @functools.wraps(initialise)
    def initialise_and_tell(loop, *args, **kwargs):
        if not isinstance(loop, not_for):
            loop_made()
        initialise(loop, *args, **kwargs)

    loop_class.__init__ = initialise_and_tell


def load(name):
    """The class that MODULE:CLASS names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def put(name, record):
    """Puts the class that is named in the place of the stock one, and records each loop that is
    made, of either; None if the name is "stock"."""
    stock_loop_made = functools.partial(record.write, loop="stock")
    if name == "stock":
        watch_class(stock_class, stock_loop_made)
        return None
    loop_class = load(name)
    watch_class(stock_class, stock_loop_made, not_for=loop_class)
    watch_class(loop_class, functools.partial(record.write, loop="ours"))
    install(loop_class)
    return loop_class


def install(loop_class):
    """Replaces the stock class in all of asyncio."""
    substitute = Substitute(loop_class)
    modules = [
        module
        for name, module in sys.modules.items()
        if name == "asyncio" or name.startswith("asyncio.")
    ]
    classes = [
        value for module in modules for value in vars(module).values() if inspect.isclass(value)
    ]
    for owner in modules + classes:
        for name, value in list(vars(owner).items()):
            if value is stock_class:
                setattr(owner, name, substitute)
