# /// example
# order = 30
# section = "threading"
# title.en = "Lock: one at a time"
# title.ru = "Lock: по одному"
# teaches.en = "Only one thread at a time is inside `with lock`; the others wait. It protects only from those who ask."
# teaches.ru = """Внутри `with lock` в каждый момент только один поток, остальные ждут. \
#   Замок — это договорённость: он защищает лишь от тех, кто тоже его берёт."""
# try.en = "Replace `with lock:` by `if True:`: all three are inside at once and the staircase becomes a block."
# try.ru = "Замените `with lock:` на `if True:`: все трое окажутся внутри сразу, и лесенка исчезнет."
#
# [expect]
# processes = 1
# threads = 3
# tasks = 0
# lanes = ["MainThread", "worker-1", "worker-2", "worker-3"]
# output = "ordered"
# lines = ["most inside at once: 1", "visits: 3"]
# outcome = "completed"
# waits = [["worker-*", "lock"], ["worker-*", "sleep"], ["MainThread", "join"]]
# ///

import threading
import time

lock = threading.Lock()
inside = []
sizes = []


def visit(name):
    with lock:
        inside.append(name)
        sizes.append(len(inside))
        time.sleep(0.2)
        inside.remove(name)


names = ["worker-1", "worker-2", "worker-3"]
workers = [threading.Thread(target=visit, args=(n,), name=n) for n in names]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()

print("most inside at once:", max(sizes))
print("visits:", len(sizes))
