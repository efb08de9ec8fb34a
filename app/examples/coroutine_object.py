# /// example
# order = 10
# section = "asyncio"
# title.en = "Coroutine object: paused code that you drive"
# title.ru = "Объект корутины: приостановленный код"
# teaches.en = """Calling an async function runs nothing. send(None) runs it to the next suspension; \
#   its return arrives as StopIteration. No event loop is needed."""
# teaches.ru = """Вызов async-функции ничего не выполняет. send(None) ведёт её до следующей приостановки, \
#   а return приходит как StopIteration. Цикл событий для этого не нужен."""
# try.en = "Give pause() two yields: the coroutine needs one more send(None) to get to its return."
# try.ru = "Сделайте в pause() два yield: чтобы дойти до return, понадобится ещё один send(None)."
#
# [expect]
# processes = 1
# threads = 0
# tasks = 0
# lanes = ["MainThread"]
# output = "ordered"
# lines = ["created: nothing has run yet", "started", "paused, it handed out: a break", "resumed", "returned 42"]
# outcome = "completed"
# waits = []
# ///

import types


@types.coroutine
def pause():
    yield "a break"  # this is what suspends whoever awaits


async def answer():
    print("started")
    await pause()
    print("resumed")
    return 42


coroutine = answer()
print("created: nothing has run yet")
print("paused, it handed out:", coroutine.send(None))
try:
    coroutine.send(None)
except StopIteration as stop:
    print("returned", stop.value)
