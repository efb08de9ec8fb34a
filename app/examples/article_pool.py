# /// example
# order = 20
# section = "article"
# title.en = "The article's program 2: a pool of four processes"
# title.ru = "Программа статьи №2: пул из четырёх процессов"
# teaches.en = """Four processes sleep at the same time: 2 s in all, not 8. \
#   But sleeping at the same time is not yet computing at the same time."""
# teaches.ru = """Четыре процесса спят одновременно: всего 2 с, а не 8. \
#   Но спать одновременно — ещё не значит одновременно вычислять."""
# try.en = "Pool(2): two waves, 4 s. Or replace the sleep by a long sum(range(...)) and look at the running spans."
# try.ru = """Pool(2): две волны, 4 с. Или замените sleep на долгий sum(range(...)) \
#   и посмотрите, когда процессы действительно считают."""
#
# [expect]
# processes = 5
# threads = 0
# tasks = 0
# lanes = ["MainThread"]
# output = "multiset"
# lines = [
#   "Starting worker 0",
#   "Starting worker 1",
#   "Starting worker 2",
#   "Starting worker 3",
#   "Finishing worker 0",
#   "Finishing worker 1",
#   "Finishing worker 2",
#   "Finishing worker 3",
#   "All workers have finished",
# ]
# outcome = "completed"
# waits = [["MainThread", "sleep"], ["MainThread", "join"]]
# ///

import multiprocessing
import time


def worker(number):
    print(f"Starting worker {number}")
    time.sleep(2)
    print(f"Finishing worker {number}")


if __name__ == "__main__":
    pool = multiprocessing.Pool(4)

    for i in range(4):
        pool.apply_async(worker, args=(i,))

    pool.close()
    pool.join()
    print("All workers have finished")
