# /// example
# order = 40
# section = "threading"
# title.en = "Event: one signal wakes all"
# title.ru = "Event: один сигнал будит всех"
# teaches.en = "wait() blocks until somebody calls set(). An event stays set, so latecomers do not wait at all."
# teaches.ru = """wait() ждёт, пока кто-нибудь не вызовет set(). \
#   Событие остаётся установленным, поэтому опоздавшие не ждут вовсе."""
# try.en = "Start one more runner after start.set(): it does not wait. After start.clear() it waits for ever."
# try.ru = "Запустите ещё одного бегуна после start.set(): он не ждёт. А после start.clear() ждёт вечно."
#
# [expect]
# processes = 1
# threads = 3
# tasks = 0
# lanes = ["MainThread", "runner-1", "runner-2", "runner-3"]
# output = "ordered"
# lines = ["running before the signal: 0", "running after it: 3"]
# outcome = "completed"
# waits = [["runner-1", "event"], ["runner-2", "event"], ["runner-3", "event"], ["MainThread", "sleep"]]
# ///

import threading
import time

start = threading.Event()
running = []


def run(name):
    start.wait()
    running.append(name)


names = ["runner-1", "runner-2", "runner-3"]
runners = [threading.Thread(target=run, args=(n,), name=n) for n in names]
for runner in runners:
    runner.start()

time.sleep(0.3)
print("running before the signal:", len(running))
start.set()

for runner in runners:
    runner.join()
print("running after it:", len(running))
