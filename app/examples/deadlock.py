# /// example
# order = 10
# section = "hazards"
# title.en = "Deadlock: two locks in opposite order"
# title.ru = "Взаимная блокировка: два замка в разном порядке"
# teaches.en = """Each thread holds what the other one wants, so neither can ever go on, and main waits for both. \
#   Only the time limit ends this run."""
# teaches.ru = """Каждый поток держит то, что нужно другому, поэтому ни один не сдвинется с места, а main ждёт обоих. \
#   Этот запуск прервёт только ограничение времени."""
# try.en = "Let both threads take lock_a first: one order for all, no cycle, and the program ends."
# try.ru = "Пусть оба потока сначала берут lock_a: общий порядок — и нет цикла, программа завершается."
#
# [expect]
# processes = 1
# threads = 2
# tasks = 0
# lanes = ["MainThread", "worker-1", "worker-2"]
# output = "multiset"
# lines = ["worker-1 holds its first lock", "worker-2 holds its first lock"]
# outcome = "timed_out"
# waits = [["worker-1", "lock"], ["worker-2", "lock"], ["MainThread", "join"]]
# ///

import threading
import time

lock_a = threading.Lock()
lock_b = threading.Lock()


def work(first, second):
    name = threading.current_thread().name
    with first:
        print(name, "holds its first lock")
        time.sleep(0.5)  # time enough for the other one to take its first lock
        with second:
            print(name, "holds both locks")


ab, ba = (lock_a, lock_b), (lock_b, lock_a)
worker_1 = threading.Thread(target=work, args=ab, name="worker-1")
worker_2 = threading.Thread(target=work, args=ba, name="worker-2")
worker_1.start()
worker_2.start()
worker_1.join()
worker_2.join()
print("done")
