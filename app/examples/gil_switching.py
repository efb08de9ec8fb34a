# /// example
# order = 20
# section = "definitions"
# title.en = "The GIL hands the interpreter around"
# title.ru = "GIL передаёт интерпретатор по очереди"
# teaches.en = """Two busy threads take turns of about 5 ms: neither waits for the other to end, \
#   and only one at a time runs Python code. On a Python without a GIL both run at once."""
# teaches.ru = """Два занятых потока сменяют друг друга примерно каждые 5 мс: никто не ждёт, пока другой закончит, \
#   но код Python в каждый момент исполняет только один из них. В Python без GIL исполняют его оба сразу."""
# try.en = "Begin with sys.setswitchinterval(0.05), then with 0.0005, and compare the width of the stripes."
# try.ru = "Начните программу с sys.setswitchinterval(0.05), потом с 0.0005 и сравните ширину полос."
#
# [expect]
# processes = 1
# threads = 2
# tasks = 0
# lanes = ["MainThread", "ping", "pong"]
# output = "ordered"
# lines = ["turns taken, at least 30: True", "always the other one's turn next: True"]
# outcome = "completed"
# waits = [["MainThread", "join"]]
# ///

import threading
from itertools import pairwise

turns = []


def spin(name):
    # Pure computing, no sleep and no lock: a GIL alone can pause it.
    while len(turns) < 30:
        if not turns or turns[-1] != name:
            turns.append(name)


ping = threading.Thread(target=spin, args=("ping",), name="ping")
pong = threading.Thread(target=spin, args=("pong",), name="pong")
ping.start()
pong.start()
ping.join()
pong.join()

print("turns taken, at least 30:", len(turns) >= 30)
alternated = all(one != next_one for one, next_one in pairwise(turns))
print("always the other one's turn next:", alternated)
