"""The contextvars.Context of a callback, against asyncio's own loop."""

import asyncio
import contextvars
import gc
import weakref

import hypothesis
from hypothesis import strategies

thorough = hypothesis.settings(
    deadline=None,
    database=None,
    max_examples=200,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)

VARIABLES = [contextvars.ContextVar(f"variable {index}", default=0) for index in range(2)]
variables, values = strategies.integers(0, 1), strategies.integers(1, 3)

# What is done before the loop runs, and in callbacks: a list of these.
STEPS = strategies.recursive(
    strategies.one_of(
        strategies.tuples(strategies.just("set"), variables, values),
        strategies.tuples(strategies.just("see")),
        strategies.tuples(strategies.just("ask")),
        strategies.tuples(strategies.just("cancel")),
    ),
    lambda steps: strategies.tuples(
        strategies.sampled_from(("soon", "later", "soon in a context", "within")),
        strategies.lists(steps, max_size=4),
    ),
    max_leaves=30,
)


async def play(loop, steps):
    """Do the steps, and return what callbacks saw of the variables, and what their contexts held
    when somebody asked for them."""
    seen, handles, left = [], [], [0]

    def values_in(context):
        return [context.get(each) for each in VARIABLES]

    def called(steps):
        left[0] -= 1
        seen.append([each.get() for each in VARIABLES])
        do(steps)

    def do(steps):
        for kind, *what in steps:
            if kind == "set":
                VARIABLES[what[0]].set(what[1])
            elif kind == "see":
                seen.append([each.get() for each in VARIABLES])
            elif kind == "ask" and handles:
                seen.append(values_in(asked(handles[-1])))
            elif kind == "cancel" and handles and not handles[-1].cancelled():
                handles[-1].cancel()
            elif kind == "within":
                contextvars.copy_context().run(do, what[0])
            elif kind.startswith("soon"):
                context = contextvars.copy_context() if kind != "soon" else None
                handles.append(loop.call_soon(called, what[0], context=context))
            elif kind == "later":
                handles.append(loop.call_later(0, called, what[0]))

    def asked(handle):
        get_context = getattr(handle, "get_context", None)  # of Python 3.12
        return get_context() if get_context else handle._context

    do(steps)
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    return seen, [each.get() for each in VARIABLES]


@thorough
@hypothesis.given(strategies.lists(STEPS, max_size=8))
def test_callbacks_see_what_they_see_on_asyncios_own_loop(on_both, steps):
    on_both(play, steps)


def test_what_a_handle_says_is_the_context_in_which_its_callback_runs(loop):
    variable = contextvars.ContextVar("variable")
    seen = []
    first, second = (
        loop.call_soon(lambda: (seen.append(variable.get(None)), variable.set("inner")))
        for _ in range(2)
    )
    first.get_context().run(variable.set, "outer")
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == ["outer", None]
    assert first.get_context()[variable] == second.get_context()[variable] == "inner"


def test_callbacks_that_wait_have_no_contexts_of_their_own(loop, count_objects):
    before = count_objects(contextvars.Context)
    handles = [loop.call_soon(lambda: None) for _ in range(1000)]
    assert count_objects(contextvars.Context) < before + 10
    for handle in handles:
        handle.cancel()


def test_what_a_context_holds_goes_with_the_last_callback(loop):
    class Value:
        pass

    def schedule():
        value = Value()
        variable.set(value)
        for _ in range(3):
            loop.call_soon(lambda: None)
        return weakref.ref(value)

    variable = contextvars.ContextVar("variable")
    value = contextvars.copy_context().run(schedule)
    loop.call_soon(loop.stop)
    assert value() is not None
    loop.run_forever()
    gc.collect()
    assert value() is None
