# /// example
# order = 30
# section = "multiprocessing"
# title.en = "Pool.map: split, compute, keep the order"
# title.ru = "Pool.map: разделить, посчитать, сохранить порядок"
# teaches.en = "map() waits for all results and returns them in the order of the inputs, whoever finished first."
# teaches.ru = "map() дожидается всех результатов и возвращает их в порядке входных данных, кто бы ни закончил первым."
# try.en = "Use list(pool.imap_unordered(square, [3, 2, 1, 0])): results come in the order in which they are ready."
# try.ru = "Напишите list(pool.imap_unordered(square, [3, 2, 1, 0])): результаты придут по мере готовности."
#
# [expect]
# processes = 3
# threads = 0
# tasks = 0
# lanes = ["MainThread"]
# output = "ordered"
# lines = ["[9, 4, 1, 0]"]
# outcome = "completed"
# waits = [["MainThread", "sleep"]]
# ///

import multiprocessing
import time


def square(number):
    time.sleep(number / 10)  # the first number takes longest
    return number * number


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, [3, 2, 1, 0]))
