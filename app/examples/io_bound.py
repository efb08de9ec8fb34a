# /// example
# order = 40
# section = "definitions"
# title.en = "I/O-bound: mostly waiting"
# title.ru = "I/O-bound: в основном ожидание"
# teaches.en = "An I/O-bound program spends its time waiting for data; the CPU stays free for others."
# teaches.ru = "Программа, ограниченная вводом-выводом, в основном ждёт данных, а процессор свободен для других."
# try.en = "Ask three such servers one after another, then from three threads: 1.2 s against 0.4 s."
# try.ru = "Опросите три таких сервера по очереди, а потом из трёх потоков: 1,2 с против 0,4 с."
#
# [expect]
# processes = 1
# threads = 1
# tasks = 0
# lanes = ["MainThread", "server"]
# output = "pattern"
# lines = ["got b'data'", '\d+\.\d\d s passed, \d+\.\d\d s of them on the CPU']
# outcome = "completed"
# waits = [["MainThread", "io"], ["server", "sleep"]]
# ///

import socket
import threading
import time


def serve(connection):
    with connection:
        time.sleep(0.4)  # a slow server thinks, then answers
        connection.sendall(b"data")


ours, theirs = socket.socketpair()
wall, cpu = time.perf_counter(), time.process_time()

server = threading.Thread(target=serve, args=(theirs,), name="server")
server.start()
with ours:
    print("got", ours.recv(100))
server.join()

wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(f"{wall:.2f} s passed, {cpu:.2f} s of them on the CPU")
