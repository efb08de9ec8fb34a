# /// example
# order = 10
# section = "multiprocessing"
# title.en = "Process: start, join, exit code"
# title.ru = "Process: запуск, ожидание, код завершения"
# teaches.en = "A Process runs a function in a new process. Its return value is lost: only the exit code comes back."
# teaches.ru = """Process выполняет функцию в новом процессе. Возвращённое ею значение теряется: \
#   обратно приходит только код завершения."""
# try.en = "Raise an exception instead of calling sys.exit(3): exit code 1, and main goes on regardless."
# try.ru = "Вместо sys.exit(3) возбудите исключение: код завершения 1, а main спокойно продолжит работу."
#
# [expect]
# processes = 2
# threads = 0
# tasks = 0
# lanes = ["MainThread"]
# output = "ordered"
# lines = ["exit code before the start: None", "child: my parent is main: True", "exit code after join: 3"]
# outcome = "completed"
# waits = [["MainThread", "process"], ["MainThread", "sleep"]]
# ///

import multiprocessing
import os
import sys
import time


def work(main_pid):
    print("child: my parent is main:", os.getppid() == main_pid)
    time.sleep(0.2)
    sys.exit(3)


if __name__ == "__main__":
    child = multiprocessing.Process(target=work, args=(os.getpid(),))
    print("exit code before the start:", child.exitcode)
    child.start()
    child.join()
    print("exit code after join:", child.exitcode)
