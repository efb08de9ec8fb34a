# /// example
# order = 90
# section = "asyncio"
# title.en = "to_thread: a blocking call off the loop"
# title.ru = "to_thread: блокирующий вызов в потоке"
# teaches.en = "A worker thread blocks, the loop stays responsive. Cancelling the await would not stop that thread."
# teaches.ru = """Блокируется рабочий поток, а цикл событий остаётся отзывчивым. \
#   Отмена ожидания сам поток не остановит."""
# try.en = "Call blocking_read() directly: not a single tick until it returns."
# try.ru = "Вызовите blocking_read() напрямую: до её возврата не будет ни одного тика."
#
# [expect]
# processes = 1
# threads = 1
# tasks = 2
# lanes = ["MainThread", "Task-1", "ticker", "asyncio_0"]
# output = "ordered"
# lines = ["tick 0", "tick 1", "tick 2", "tick 3", "read in asyncio_0"]
# outcome = "completed"
# waits = [["asyncio_0", "sleep"], ["ticker", "sleep"], ["MainThread", "io"]]
# ///

import asyncio
import threading
import time


def blocking_read():
    time.sleep(1)
    return threading.current_thread().name


async def tick():
    for number in range(4):
        print("tick", number)
        await asyncio.sleep(0.1)


async def main():
    ticker = asyncio.create_task(tick(), name="ticker")
    print("read in", await asyncio.to_thread(blocking_read))
    await ticker


asyncio.run(main())
