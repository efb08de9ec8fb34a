# /// example
# order = 60
# section = "threading"
# title.en = "Semaphore: at most N inside"
# title.ru = "Semaphore: не больше N одновременно"
# teaches.en = "A semaphore of 2 lets two threads in; the next one waits until somebody leaves."
# teaches.ru = "Семафор со значением 2 впускает двоих; следующий поток ждёт, пока кто-нибудь не выйдет."
# try.en = "Semaphore(4): nobody waits and the program is twice as fast. Semaphore(1): that is almost a Lock."
# try.ru = "Semaphore(4): никто не ждёт, и программа вдвое быстрее. Semaphore(1): это почти Lock."
#
# [expect]
# processes = 1
# threads = 4
# tasks = 0
# lanes = ["MainThread", "guest-1", "guest-2", "guest-3", "guest-4"]
# output = "ordered"
# lines = ["most seated at once: 2", "served: 4"]
# outcome = "completed"
# waits = [["guest-*", "semaphore"], ["guest-*", "sleep"], ["MainThread", "join"]]
# ///

import threading
import time

seats = threading.Semaphore(2)
seated = []
sizes = []


def dine(name):
    with seats:
        seated.append(name)
        sizes.append(len(seated))
        time.sleep(0.3)
        seated.remove(name)


names = ["guest-1", "guest-2", "guest-3", "guest-4"]
guests = [threading.Thread(target=dine, args=(n,), name=n) for n in names]
for guest in guests:
    guest.start()
for guest in guests:
    guest.join()

print("most seated at once:", max(sizes))
print("served:", len(sizes))
