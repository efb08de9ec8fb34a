# /// example
# order = 80
# section = "asyncio"
# title.en = "Synchronous code in a thread or a process"
# title.ru = "Синхронный код в потоке или процессе"
# teaches.en = "run_in_executor() moves blocking code off the loop: to a thread if it waits, a process if it computes."
# teaches.ru = """run_in_executor() уносит блокирующий код из цикла: \
#   в поток — то, что ждёт, в процесс — то, что считает."""
# try.en = "Call read() and total(300_000) directly in main(): everything happens in one lane, one after the other."
# try.ru = "Вызовите read() и total(300_000) прямо в main(): всё произойдёт на одной дорожке, одно за другим."
#
# [expect]
# processes = 2
# threads = 1
# tasks = 1
# lanes = ["MainThread", "Task-1", "asyncio_0"]
# output = "ordered"
# lines = ["44999850000 in another process: True", "read in asyncio_0"]
# outcome = "completed"
# waits = [["asyncio_0", "sleep"]]
# ///

import asyncio
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor


def total(count):
    return sum(range(count)), os.getpid()


def read():
    time.sleep(0.3)  # stands for a blocking read
    return threading.current_thread().name


async def main():
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(max_workers=1) as processes:
        computing = loop.run_in_executor(processes, total, 300_000)
        reading = loop.run_in_executor(None, read)  # None: a thread

        result, pid = await computing
        print(result, "in another process:", pid != os.getpid())
        print("read in", await reading)


if __name__ == "__main__":
    asyncio.run(main())
