# /// example
# order = 60
# section = "asyncio"
# title.en = "Async iterator: __aiter__ and __anext__"
# title.ru = "Асинхронный итератор: __aiter__ и __anext__"
# teaches.en = """async for may suspend between items, so other tasks run meanwhile; \
#   the items themselves still come one after another."""
# teaches.ru = """async for может приостановиться между элементами, и тогда работают другие задачи; \
#   сами же элементы по-прежнему приходят по одному."""
# try.en = "Replace asyncio.sleep in __anext__ by time.sleep: the ticker gets no turn until the countdown is over."
# try.ru = "Замените asyncio.sleep в __anext__ на time.sleep: ticker не получит управления до конца отсчёта."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 2
# lanes = ["MainThread", "Task-1", "ticker"]
# output = "ordered"
# lines = ["tick", "item 2", "tick", "item 1", "tick", "item 0"]
# outcome = "completed"
# waits = [["Task-1", "sleep"], ["ticker", "sleep"]]
# ///

import asyncio


class Countdown:
    def __init__(self, start):
        self.left = start

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.left == 0:
            raise StopAsyncIteration
        await asyncio.sleep(0.1)
        self.left -= 1
        return self.left


async def tick():
    for _ in range(3):
        print("tick")
        await asyncio.sleep(0.1)


async def main():
    ticker = asyncio.create_task(tick(), name="ticker")
    async for item in Countdown(3):
        print("item", item)
    await ticker


asyncio.run(main())
