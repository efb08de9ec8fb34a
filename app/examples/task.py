# /// example
# order = 50
# section = "asyncio"
# title.en = "Task: a coroutine under way"
# title.ru = "Task: корутина в работе"
# teaches.en = "A Task drives one coroutine and is a Future of its result. create_task() schedules it; it starts later."
# teaches.ru = """Task ведёт одну корутину и сама служит Future её результата. \
#   create_task() лишь планирует её: начнётся она позже."""
# try.en = "Call calc.cancel() instead of awaiting, then look at calc.cancelled() after asyncio.sleep(0)."
# try.ru = "Вместо await вызовите calc.cancel(), а после asyncio.sleep(0) посмотрите на calc.cancelled()."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 2
# lanes = ["MainThread", "Task-1", "calc"]
# output = "ordered"
# lines = ["created calc, done: False", "calc starts", "calc returns", "awaited 42, done: True, result: 42"]
# outcome = "completed"
# waits = [["Task-1", "task"], ["calc", "sleep"]]
# ///

import asyncio


async def compute():
    print("calc starts")
    await asyncio.sleep(0.2)
    print("calc returns")
    return 6 * 7


async def main():
    calc = asyncio.create_task(compute(), name="calc")
    print(f"created {calc.get_name()}, done: {calc.done()}")

    result = await calc
    print(f"awaited {result}, done: {calc.done()}, result: {calc.result()}")


asyncio.run(main())
