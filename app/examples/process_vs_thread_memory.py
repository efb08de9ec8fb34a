# /// example
# order = 10
# section = "definitions"
# title.en = "A thread shares memory, a process does not"
# title.ru = "Поток делит память, процесс — нет"
# teaches.en = "Main sees a thread's change of a global variable; a process changes a copy of its own."
# teaches.ru = "Изменение глобальной переменной в потоке видно в main; процесс меняет собственную копию."
# try.en = 'Make counter a multiprocessing.Value("i") and use counter.value: main now sees both changes.'
# try.ru = 'Сделайте counter общим: multiprocessing.Value("i") и counter.value. Теперь main увидит оба изменения.'
#
# [expect]
# processes = 2
# threads = 1
# tasks = 0
# lanes = ["MainThread", "setter"]
# output = "ordered"
# lines = [
#   "thread sets 1, in the same process: True",
#   "main sees 1",
#   "process sets 2, in the same process: False",
#   "main sees 1",
# ]
# outcome = "completed"
# waits = []
# ///

import multiprocessing
import os
import threading

counter = 0


def set_counter(kind, value, main_pid):
    global counter
    counter = value
    same = os.getpid() == main_pid
    print(f"{kind} sets {counter}, in the same process: {same}")


if __name__ == "__main__":
    pid = os.getpid()

    args = ("thread", 1, pid)
    thread = threading.Thread(target=set_counter, args=args, name="setter")
    thread.start()
    thread.join()
    print("main sees", counter)

    args = ("process", 2, pid)
    process = multiprocessing.Process(target=set_counter, args=args)
    process.start()
    process.join()
    print("main sees", counter)
