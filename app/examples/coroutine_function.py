# /// example
# order = 20
# section = "asyncio"
# title.en = "Coroutine function and coroutine"
# title.ru = "Функция-корутина и корутина"
# teaches.en = """async def makes a coroutine function; calling it makes a coroutine. \
#   asyncio.run() wants the coroutine, and return works as in any function."""
# teaches.ru = """async def создаёт функцию-корутину, а её вызов — корутину. \
#   asyncio.run() нужна именно корутина, а return работает как в любой функции."""
# try.en = "Replace await by return in answer(): run() then gives you a coroutine that nobody has run."
# try.ru = "Замените в answer() await на return: run() вернёт корутину, которую никто не выполнил."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 1
# lanes = ["MainThread", "Task-1"]
# output = "ordered"
# lines = ["answer is a coroutine function: True", "answer() is a coroutine: True", "42", "run(answer) is refused"]
# outcome = "completed"
# waits = [["Task-1", "sleep"]]
# ///

import asyncio
import inspect


async def answer():
    await asyncio.sleep(0.1)
    return 42


coroutine = answer()
print("answer is a coroutine function:", inspect.iscoroutinefunction(answer))
print("answer() is a coroutine:", inspect.iscoroutine(coroutine))
print(asyncio.run(coroutine))

try:
    asyncio.run(answer)  # the call is missing
except (TypeError, ValueError):
    print("run(answer) is refused")
