# /// example
# order = 100
# section = "asyncio"
# title.en = "wait_for: give up and cancel"
# title.ru = "wait_for: не дождаться и отменить"
# teaches.en = "When time is up, wait_for() first cancels the task it waits for, then raises TimeoutError."
# teaches.ru = "Когда время вышло, wait_for() сначала отменяет задачу, которую ждал, а потом возбуждает TimeoutError."
# try.en = "Wait for asyncio.shield(slow) instead: the time-out comes all the same, but slow lasts until run() ends."
# try.ru = "Ждите asyncio.shield(slow): тайм-аут наступит так же, но задача проживёт до самого конца run()."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 2
# lanes = ["MainThread", "Task-1", "slow"]
# output = "ordered"
# lines = ["slow: started", "slow: cancelled", "main: no answer in 0.2 s", "slow.cancelled(): True"]
# outcome = "completed"
# waits = [["slow", "sleep"]]
# ///

import asyncio


async def answer_slowly():
    print("slow: started")
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("slow: cancelled")
        raise  # a cancelled task should end cancelled


async def main():
    slow = asyncio.create_task(answer_slowly(), name="slow")
    try:
        await asyncio.wait_for(slow, 0.2)
    except TimeoutError:
        print("main: no answer in 0.2 s")
    print("slow.cancelled():", slow.cancelled())


asyncio.run(main())
