# /// example
# order = 30
# section = "definitions"
# title.en = "CPU-bound: always running"
# title.ru = "CPU-bound: процессор всегда занят"
# teaches.en = "A CPU-bound program spends its time computing: if the machine is free, CPU time is close to wall time."
# teaches.ru = """Программа, ограниченная процессором, всё время считает: \
#   если машина не занята другим, процессорное время почти равно прошедшему."""
# try.en = "Split the range between two threads: the same CPU time, and no gain from the second thread, unless Python has no GIL."
# try.ru = "Разделите диапазон между двумя потоками: процессорное время то же, а выигрыша от второго потока нет, если только это не Python без GIL."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 0
# lanes = ["MainThread"]
# output = "pattern"
# lines = ["primes below 100000: 9592", '\d+\.\d\d s passed, \d+\.\d\d s of them on the CPU']
# outcome = "completed"
# waits = []
# ///

import time
from math import isqrt


def is_prime(number):
    return all(number % divisor for divisor in range(2, isqrt(number) + 1))


wall, cpu = time.perf_counter(), time.process_time()
primes = [number for number in range(2, 100_000) if is_prime(number)]
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

print("primes below 100000:", len(primes))
print(f"{wall:.2f} s passed, {cpu:.2f} s of them on the CPU")
