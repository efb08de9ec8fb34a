"""Four threads compute, or four processes; how much is the argument behind that."""

import multiprocessing
import sys
import threading


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


if __name__ == "__main__":
    kind = {"threads": threading.Thread, "processes": multiprocessing.Process}[sys.argv[1]]
    workers = [kind(target=fib, args=(int(sys.argv[2]),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
