# /// example
# order = 30
# section = "article"
# title.en = "The article's program 3: three coroutines"
# title.ru = "Программа статьи №3: три корутины"
# teaches.en = """Three tasks share one thread and their sleeps overlap: 1 s, not 3. \
#   It is create_task that schedules them; gather only waits for them."""
# teaches.ru = """Три задачи делят один поток, и их ожидания накладываются: 1 с, а не 3. \
#   Планирует задачи create_task, а gather только дожидается их."""
# try.en = "Replace create_task and gather by `await say_hello()` in the loop: Hello World three times, 3 s."
# try.ru = "Вместо create_task и gather напишите в цикле `await say_hello()`: трижды Hello World, 3 с."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 4
# lanes = ["MainThread", "Task-1", "Task-2", "Task-3", "Task-4"]
# output = "ordered"
# lines = ["Hello", "Hello", "Hello", "World", "World", "World"]
# outcome = "completed"
# waits = [["Task-2", "sleep"], ["Task-3", "sleep"], ["Task-4", "sleep"], ["MainThread", "io"]]
# ///

import asyncio


async def say_hello():
    print("Hello")
    await asyncio.sleep(1)
    print("World")


async def main():
    tasks = []
    for _ in range(3):
        tasks.append(asyncio.create_task(say_hello()))

    await asyncio.gather(*tasks)


asyncio.run(main())
