"""1000 tasks give way 100 times each."""

import asyncio


async def work():
    for _ in range(100):
        await asyncio.sleep(0)


async def main():
    await asyncio.gather(*(work() for _ in range(1000)))


asyncio.run(main())
