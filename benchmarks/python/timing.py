"""How long an operation takes."""

import time


MANY = 100_000  # operations, among which what is made once does not count


def of_one(work, operations, seconds):
    """Call work, which does so many operations, until it has used about so many seconds of
    processor time; return nanoseconds for one, of processor time and of time that passes."""
    if operations < MANY:
        work()  # what is made once
    done = 0
    begin, began = time.process_time_ns(), time.perf_counter_ns()
    end = begin + seconds * 1e9
    while time.process_time_ns() < end:
        work()
        done += operations
    # Processor time is of all threads, and nothing of what else the machine does.
    return {
        "ns": (time.process_time_ns() - begin) / done,
        "elapsed_ns": (time.perf_counter_ns() - began) / done,
    }
