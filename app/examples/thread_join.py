# /// example
# order = 20
# section = "threading"
# title.en = "join waits for one thread"
# title.ru = "join ждёт завершения потока"
# teaches.en = "join() blocks its caller until that thread ends; join(timeout) may return while it is still alive."
# teaches.ru = """join() останавливает вызвавшего, пока поток не завершится; \
#   join(timeout) может вернуться и раньше, когда поток ещё жив."""
# try.en = "Remove the last join(): main goes on at once, yet the program still ends only after the worker."
# try.ru = "Уберите последний join(): main сразу пойдёт дальше, но программа всё равно закончится только после worker."
#
# [expect]
# processes = 1
# threads = 1
# tasks = 0
# lanes = ["MainThread", "worker"]
# output = "ordered"
# lines = ["after join(0.2): alive True", "worker: done", "after join(): alive False"]
# outcome = "completed"
# waits = [["MainThread", "join"], ["worker", "event"], ["worker", "sleep"]]
# ///

import threading
import time

may_finish = threading.Event()


def work():
    may_finish.wait()
    time.sleep(0.3)
    print("worker: done")


worker = threading.Thread(target=work, name="worker")
worker.start()

worker.join(0.2)  # gives up after 0.2 s; the worker goes on
print("after join(0.2): alive", worker.is_alive())

may_finish.set()
worker.join()
print("after join(): alive", worker.is_alive())
