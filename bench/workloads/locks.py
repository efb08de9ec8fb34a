"""Two threads take one lock 100,000 times in all."""

import threading

lock = threading.Lock()
total = [0]


def work():
    for _ in range(50_000):
        with lock:
            total[0] += 1


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
