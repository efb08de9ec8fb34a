"""Programs that more than one test runs."""

from __future__ import annotations

QUICK = "import threading\n\nthread = threading.Thread(target=print, args=['hi'], name='helper')\nthread.start()\nthread.join()\n"
THREADS = """\
import threading
import time

lock = threading.Lock()


def work(number):
    for turn in range(4):
        with lock:
            time.sleep(0.1)
            print(f"worker {number} turn {turn}")


workers = [threading.Thread(target=work, args=[number], name=f"worker-{number}") for number in range(3)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""
LONG = THREADS.replace("range(4)", "range(1000)")
DEADLOCK = """\
import threading

a, b = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


def cross(first, second):
    with first:
        both.wait()
        with second:
            print("never")


threads = [
    threading.Thread(target=cross, args=[a, b], name="left"),
    threading.Thread(target=cross, args=[b, a], name="right"),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
CIRCLE = DEADLOCK.replace(
    'with second:\n            print("never")',
    "if second.acquire(timeout=0.4):\n            second.release()",
)
"""The same, but one of them gives up."""
