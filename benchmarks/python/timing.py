"""How long an operation takes."""

import time


def of_one(work, operations, seconds):
    """Call work, which does so many operations, for about so long; return nanoseconds of
    processor time."""
    work()  # what is made once
    done = 0
    begin = time.process_time_ns()
    end = begin + seconds * 1e9
    while time.process_time_ns() < end:
        work()
        done += operations
    # Of all threads, and nothing of what else the machine does.
    return (time.process_time_ns() - begin) / done
