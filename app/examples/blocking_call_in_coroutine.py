# /// example
# order = 20
# section = "hazards"
# title.en = "A blocking call in a coroutine"
# title.ru = "Блокирующий вызов в корутине"
# teaches.en = """time.sleep() stops the whole thread, and the event loop with it: the tasks run one after another. \
#   async def alone makes nothing concurrent."""
# teaches.ru = """time.sleep() останавливает весь поток, а с ним и цикл событий: задачи выполняются одна за другой. \
#   Само по себе async def ничего не делает конкурентным."""
# try.en = "Replace time.sleep(0.2) by await asyncio.sleep(0.2): three starts, then three ends, 0.2 s in all."
# try.ru = "Замените time.sleep(0.2) на await asyncio.sleep(0.2): три начала, затем три конца, всего 0,2 с."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 4
# lanes = ["MainThread", "Task-1", "Task-2", "Task-3", "Task-4"]
# output = "ordered"
# lines = ["start 1", "end 1", "start 2", "end 2", "start 3", "end 3"]
# outcome = "completed"
# waits = [["*", "sleep"]]
# ///

import asyncio
import time


async def fetch(number):
    print("start", number)
    time.sleep(0.2)  # blocks the thread; nobody else can run
    print("end", number)


async def main():
    await asyncio.gather(fetch(1), fetch(2), fetch(3))


asyncio.run(main())
