# /// example
# order = 40
# section = "asyncio"
# title.en = "Future: a result that is not there yet"
# title.ru = "Future: результат, которого ещё нет"
# teaches.en = "A Future is a placeholder: whoever awaits it sleeps until somebody calls set_result()."
# teaches.ru = "Future — это место для будущего результата: ожидающий спит, пока кто-нибудь не вызовет set_result()."
# try.en = "Call set_exception(ValueError()) instead; or set_result() twice: InvalidStateError."
# try.ru = "Вызовите вместо этого set_exception(ValueError()); или set_result() дважды: InvalidStateError."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 2
# lanes = ["MainThread", "Task-1", "waiter"]
# output = "ordered"
# lines = ["waiter: waiting", "main: done? False", "waiter: got a letter"]
# outcome = "completed"
# waits = [["waiter", "future"], ["Task-1", "sleep"]]
# ///

import asyncio


async def wait_for_mail(promise):
    print("waiter: waiting")
    mail = await promise
    print("waiter: got", mail)


async def main():
    promise = asyncio.get_running_loop().create_future()
    waiter = asyncio.create_task(wait_for_mail(promise), name="waiter")

    await asyncio.sleep(0.2)
    print("main: done?", promise.done())
    promise.set_result("a letter")
    await waiter


asyncio.run(main())
