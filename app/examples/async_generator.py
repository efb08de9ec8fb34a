# /// example
# order = 70
# section = "asyncio"
# title.en = "Async generator: async def with yield"
# title.ru = "Асинхронный генератор: async def и yield"
# teaches.en = """yield inside async def makes an asynchronous iterator. \
#   After a break, aclosing() runs the generator's finally at once."""
# teaches.ru = """yield внутри async def создаёт асинхронный итератор. \
#   После break aclosing() сразу же выполняет finally генератора."""
# try.en = "Iterate without aclosing(): after the break, is `cleaned up` printed at once or later?"
# try.ru = "Уберите aclosing(): после break строка `cleaned up` появится сразу или позже?"
#
# [expect]
# processes = 1
# threads = 0
# tasks = 1
# lanes = ["MainThread", "Task-1"]
# output = "ordered"
# lines = ["5", "4", "cleaned up", "main goes on", "cleaned up", "[2, 1]"]
# outcome = "completed"
# waits = [["Task-1", "sleep"]]
# ///

import asyncio
from contextlib import aclosing


async def countdown(start):
    try:
        for number in range(start, 0, -1):
            await asyncio.sleep(0.1)
            yield number
    finally:
        print("cleaned up")


async def main():
    async with aclosing(countdown(5)) as numbers:
        async for number in numbers:
            print(number)
            if number == 4:
                break
    print("main goes on")

    print([number async for number in countdown(2)])


asyncio.run(main())
