# /// example
# order = 20
# section = "multiprocessing"
# title.en = "multiprocessing.Queue: objects between processes"
# title.ru = "multiprocessing.Queue: объекты между процессами"
# teaches.en = """What is put is pickled by a helper thread and sent through a pipe: \
#   main gets copies, in the order in which this one producer put them."""
# teaches.ru = """Положенный объект упаковывает (pickle) вспомогательный поток и отправляет по каналу: \
#   main получает копии в том порядке, в каком их положил этот единственный производитель."""
# try.en = "Start two producers: each one's items keep their order, but the two mix. Mind that each one sends a None."
# try.ru = """Запустите двух производителей: порядок сохранится у каждого, но между собой они перемешаются. \
#   Учтите, что None пришлёт каждый."""
#
# [expect]
# processes = 2
# threads = 0
# tasks = 0
# lanes = ["MainThread"]
# output = "ordered"
# lines = ["got {'n': 0}", "got {'n': 1}", "got {'n': 2}", "producer's exit code: 0"]
# outcome = "completed"
# waits = [["MainThread", "queue"], ["MainThread", "sleep"]]
# ///

import multiprocessing
import time


def produce(queue):
    for n in range(3):
        time.sleep(0.1)
        queue.put({"n": n})
    queue.put(None)  # tells the consumer that nothing more will come


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    producer = multiprocessing.Process(target=produce, args=(queue,))
    producer.start()

    while (item := queue.get()) is not None:
        print("got", item)

    producer.join()
    print("producer's exit code:", producer.exitcode)
