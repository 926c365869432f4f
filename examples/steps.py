"""What the demos in Python tell with: a line for each step, or what was wrong with one."""

import time


class StepFailed(Exception):
    pass


def require(condition, what):
    if not condition:
        raise StepFailed(what)


async def step(name, work):
    """Awaits a step, which returns what to say about it, and prints that with its time."""
    begin = time.perf_counter()
    print_line(name, await work, time.perf_counter() - begin)


def print_line(name, came, seconds):
    print(f"  {name:<18} {came:<64} {seconds * 1000:8.1f} ms", flush=True)
