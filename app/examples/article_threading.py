# /// example
# order = 10
# section = "article"
# title.en = "The article's program 1: five threads"
# title.ru = "Программа статьи №1: пять потоков"
# teaches.en = """Five threads are started, then main waits for them. If each ends before the next one starts, \
#   that is luck: they are just very short."""
# teaches.ru = """Пять потоков запускаются, затем main их дожидается. Если каждый заканчивается раньше, \
#   чем начнётся следующий, это везение: просто они очень короткие."""
# try.en = "Put time.sleep(0.2) between the two prints: all five start before the first one exits."
# try.ru = "Вставьте time.sleep(0.2) между двумя print: все пять начнут работу раньше, чем закончит первый."
#
# [expect]
# processes = 1
# threads = 5
# tasks = 0
# lanes = [
#   "MainThread",
#   "Thread-1 (worker)",
#   "Thread-2 (worker)",
#   "Thread-3 (worker)",
#   "Thread-4 (worker)",
#   "Thread-5 (worker)",
# ]
# output = "multiset"
# lines = [
#   "Starting thread Thread-1 (worker)",
#   "Exiting thread Thread-1 (worker)",
#   "Starting thread Thread-2 (worker)",
#   "Exiting thread Thread-2 (worker)",
#   "Starting thread Thread-3 (worker)",
#   "Exiting thread Thread-3 (worker)",
#   "Starting thread Thread-4 (worker)",
#   "Exiting thread Thread-4 (worker)",
#   "Starting thread Thread-5 (worker)",
#   "Exiting thread Thread-5 (worker)",
# ]
# outcome = "completed"
# waits = []
# ///

import threading


def worker():
    name = threading.current_thread().name
    print(f"Starting thread {name}")
    print(f"Exiting thread {name}")


if __name__ == "__main__":
    threads = []
    for _ in range(5):
        threads.append(threading.Thread(target=worker))

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()
