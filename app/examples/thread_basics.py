# /// example
# order = 10
# section = "threading"
# title.en = "Thread: target, args, name, subclass"
# title.ru = "Thread: target, args, name и подкласс"
# teaches.en = "There are two ways to define a thread. start() runs it in a lane of its own; run() is an ordinary call."
# teaches.ru = """Поток можно описать двумя способами. start() запускает его отдельно, \
#   на собственной дорожке, а run() — обычный вызов в текущем потоке."""
# try.en = "Call greeter.start() a second time: RuntimeError, a thread can be started only once."
# try.ru = "Вызовите greeter.start() второй раз: RuntimeError, поток можно запустить лишь однажды."
#
# [expect]
# processes = 1
# threads = 2
# tasks = 0
# lanes = ["MainThread", "greeter", "reporter"]
# output = "ordered"
# lines = [
#   "alive before start: False",
#   "hello, Ann, from greeter",
#   "run() in MainThread",
#   "run() in reporter",
#   "alive after join: False",
# ]
# outcome = "completed"
# waits = []
# ///

import threading


def greet(who):
    print(f"hello, {who}, from {threading.current_thread().name}")


class Reporter(threading.Thread):
    def run(self):
        print("run() in", threading.current_thread().name)


greeter = threading.Thread(target=greet, args=("Ann",), name="greeter")
print("alive before start:", greeter.is_alive())
greeter.start()
greeter.join()

reporter = Reporter(name="reporter")
reporter.run()  # no new thread: main itself makes this call
reporter.start()  # a new thread, which calls run()
reporter.join()
print("alive after join:", reporter.is_alive())
