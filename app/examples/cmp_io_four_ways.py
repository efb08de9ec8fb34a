# /// example
# order = 10
# section = "comparisons"
# title.en = "Four waits: one by one, threads, asyncio, processes"
# title.ru = "Четыре ожидания: по очереди, потоки, asyncio, процессы"
# teaches.en = "Any kind of concurrency overlaps waiting; only the price differs. Waiting needs no second core."
# teaches.ru = """Ожидания накладываются при любом виде конкурентности, разная только цена. \
#   Чтобы ждать, второе ядро не нужно."""
# try.en = "Put sum(range(5_000_000)) in fetch(): threads no longer help; processes do, if a second core is free."
# try.ru = "Напишите в fetch() sum(range(5_000_000)): потоки уже не помогут, а процессы — да, если свободно второе ядро."
#
# [expect]
# processes = 5
# threads = 4
# tasks = 5
# lanes = [
#   "MainThread",
#   "Thread-1 (fetch)",
#   "Thread-2 (fetch)",
#   "Thread-3 (fetch)",
#   "Thread-4 (fetch)",
#   "Task-1",
#   "Task-2",
#   "Task-3",
#   "Task-4",
#   "Task-5",
# ]
# output = "pattern"
# lines = [
#   'one by one: \d+\.\d\d s',
#   'threads: \d+\.\d\d s',
#   'asyncio: \d+\.\d\d s',
#   'processes: \d+\.\d\d s',
#   "slowest: one by one",
# ]
# outcome = "completed"
# waits = [["MainThread", "sleep"], ["Thread-? (fetch)", "sleep"], ["Task-?", "sleep"], ["MainThread", "process"]]
# ///

import asyncio
import multiprocessing
import threading
import time


def fetch():
    time.sleep(0.3)  # stands for a slow reply from the network


def start_and_join(kind):
    workers = [kind(target=fetch) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


async def four_tasks():
    await asyncio.gather(*[asyncio.sleep(0.3) for _ in range(4)])


if __name__ == "__main__":
    ways = {
        "one by one": lambda: [fetch() for _ in range(4)],
        "threads": lambda: start_and_join(threading.Thread),
        "asyncio": lambda: asyncio.run(four_tasks()),
        "processes": lambda: start_and_join(multiprocessing.Process),
    }
    seconds = {}
    for way, run in ways.items():
        start = time.perf_counter()
        run()
        seconds[way] = time.perf_counter() - start
        print(f"{way}: {seconds[way]:.2f} s")
    print("slowest:", max(seconds, key=seconds.get))
