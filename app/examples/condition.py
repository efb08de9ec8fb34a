# /// example
# order = 50
# section = "threading"
# title.en = "Condition: wait until it is true"
# title.ru = "Condition: ждать, пока не станет верно"
# teaches.en = """wait() gives the lock back and sleeps until notify(). The Condition knows nothing of your condition: \
#   whoever wakes up must check it again, and wait_for() does."""
# teaches.ru = """wait() отдаёт замок и спит до notify(). Сам Condition вашего условия не знает: \
#   проснувшийся должен проверить его заново, и wait_for() это делает."""
# try.en = "Replace wait_for(...) by a single wait(): the consumer wakes too early and takes only [0]."
# try.ru = "Замените wait_for(...) одним wait(): потребитель проснётся слишком рано и возьмёт только [0]."
#
# [expect]
# processes = 1
# threads = 1
# tasks = 0
# lanes = ["MainThread", "consumer"]
# output = "ordered"
# lines = ["put 0", "put 1", "consumer takes [0, 1]"]
# outcome = "completed"
# waits = [["consumer", "condition"], ["MainThread", "sleep"]]
# ///

import threading
import time

changed = threading.Condition()
items = []


def consume():
    with changed:
        changed.wait_for(lambda: len(items) == 2)
        print("consumer takes", items)


consumer = threading.Thread(target=consume, name="consumer")
consumer.start()

for item in range(2):
    time.sleep(0.2)
    with changed:
        items.append(item)
        print("put", item)
        changed.notify()  # the first time in vain: one item is not enough

consumer.join()
