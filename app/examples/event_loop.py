# /// example
# order = 30
# section = "asyncio"
# title.en = "The event loop: a queue of the ready, and timers"
# title.ru = "Цикл событий: очередь готовых и таймеры"
# teaches.en = """One thread runs what is ready, in order, then sleeps until the next timer or I/O. \
#   It interrupts nobody: main keeps the thread until it awaits."""
# teaches.ru = """Один поток по порядку выполняет всё готовое, потом спит до ближайшего таймера или ввода-вывода. \
#   Цикл никого не прерывает: main занимает поток, пока не дойдёт до await."""
# try.en = "Put time.sleep(0.3) before the await: the timer is due long before, yet it must wait for main."
# try.ru = "Вставьте time.sleep(0.3) перед await: таймер давно сработал бы, но ему приходится ждать main."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 1
# lanes = ["MainThread", "Task-1"]
# output = "ordered"
# lines = ["main keeps the thread", "soon 1", "soon 2", "timer", "main is back"]
# outcome = "completed"
# waits = [["MainThread", "io"], ["Task-1", "sleep"]]
# ///

import asyncio


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0.1, print, "timer")
    loop.call_soon(print, "soon 1")
    loop.call_soon(print, "soon 2")
    print("main keeps the thread")

    await asyncio.sleep(0.3)  # only now can the loop run the others
    print("main is back")


asyncio.run(main())
