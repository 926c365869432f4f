"""Tasks that run while a test looks at them."""

import asyncio

import gawait


async def while_they_run(works, look, rounds):
    """What look() returns after so many rounds of tasks that run these, which are cancelled then."""
    tasks = [gawait.create_task(work, name=f"work-{i}") for i, work in enumerate(works, 1)]
    for _ in range(rounds):
        await asyncio.sleep(0)
    seen = look()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return seen
