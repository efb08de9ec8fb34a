"""Every way to wait in a task: what on, where, and who ended it."""

from __future__ import annotations

import textwrap

import pytest

from .conftest import Tracer
from .stories import play

START = """
import asyncio, concurrent.futures, contextlib, contextvars, os, signal, socket, ssl, sys, tempfile, threading, time
from asyncio import *
from meeting import blocked

def task(coroutine, name=None):
    return create_task(coroutine, name=name or coroutine.__name__)

def contexts():
    proving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    proving.load_cert_chain("cert.pem", "key.pem")
    return proving, ssl.create_default_context(cafile="cert.pem")

async def turns(count=1):
    for _ in range(count):
        await sleep(0)

async def main():
    current_task().set_name("main")
    loop = get_running_loop()
"""

STORIES = {
    "tasks": """
        async def one(seconds=0.01): await sleep(seconds)  #: one sleep sleep; two sleep sleep; three sleep sleep
        first = task(one(0.02))
        two = ensure_future(one())
        two.set_name("two")
        three = loop.create_task(one(), name="three")
        await first  #: main task one <- join one
        await two
        await three
        await turns(3)
    """,
    "gather": """
        async def one(): await sleep(0.01); return 1  #: one sleep sleep
        async def two(): await sleep(0.02); return 2  #: two sleep sleep
        async def fails(): raise KeyError
        print(await gather(task(one()), task(two())))  #: main future gather <- wake two
        print(await gather(task(fails()), task(turns(2)), return_exceptions=True))  #: main future gather <- wake turns
    """,
    "wait": """
        async def one(): await sleep(0.01)  #: one sleep sleep
        async def two(): await event.wait()  #: two event event <- wake main
        event = Event()
        tasks = [task(one()), task(two())]
        done, rest = await wait(tasks, return_when=FIRST_COMPLETED)  #: main future wait <- wake one
        done, rest = await wait(rest, timeout=0.01)  #: main future wait
        event.set()
        await wait(rest)  #: main future wait <- wake two
    """,
    "wait_for": """
        async def one(): await sleep(0.01); return 1  #: 3.12+ main sleep sleep
        async def two(): await Event().wait()  #: 3.12+ main event -
        print(await wait_for(one(), 5))  #: 3.11 main task Task-2 <- join Task-2
        try: await wait_for(two(), 0.01)  #: 3.11 main task Task-3; 3.11 main future wait_for <- wake Task-3
        except TimeoutError: print("too late")
    """,
    "as_completed": """
        async def one(): await turns(9)
        async def two(): await turns()
        for each in as_completed([task(one()), task(two())]):
            await each  #: main future as_completed <- wake one; main future as_completed <- wake two
        if sys.version_info >= (3, 13):
            async for each in as_completed([task(one(), "three")]):  #: 3.13+ main future as_completed <- wake three
                print(each.get_name())
    """,
    "TaskGroup": """
        async def one(): await sleep(0.01)  #: one sleep sleep
        async def fails(): await sleep(0.01); raise KeyError("group")  #: fails sleep sleep
        async def forever(): await sleep(60)  #: forever sleep sleep <- cancel fails
        async with asyncio.TaskGroup() as group:  #: main future TaskGroup <- wake one
            group.create_task(one(), name="one")
        try:
            async with asyncio.TaskGroup() as group:  #: main future TaskGroup <- cancel fails; main future TaskGroup <- wake forever
                group.create_task(fails(), name="fails")
                group.create_task(forever(), name="forever")
        except* KeyError as error:
            print(repr(error))
    """,
    "timeout": """
        async def never(): await get_running_loop().create_future()  #: main future -
        try:
            async with timeout(0.01): await never()
        except TimeoutError: print("too late")
    """,
    "shield": """
        async def one(): await sleep(0.05)  #: one sleep sleep
        inner = task(one())
        async def outer(): await shield(inner)  #: outer future shield <- cancel main
        cancelled = task(outer())
        await turns()
        cancelled.cancel()
        await wait([cancelled])  #: main future wait <- wake outer
        await shield(inner)  #: main future shield <- wake one
    """,
    "cancel": """
        async def forever():
            await sleep(60)  #: victim sleep sleep <- cancel killer; inner sleep sleep <- cancel second
        async def killer(victim): victim.cancel()
        async def through(task): await task  #: through task inner <- join inner
        async def stubborn():
            try: await sleep(60)  #: stubborn sleep sleep <- cancel third
            except CancelledError: await sleep(0.01)  #: stubborn sleep sleep
        async def itself():
            current_task().cancel()
            await sleep(60)  #: itself nothing
        victim = task(forever(), "victim")
        task(killer(victim))
        await wait([victim])  #: main future wait <- wake victim
        inner = task(forever(), "inner")
        victim = task(through(inner))
        task(killer(victim), "second")
        await wait([victim])  #: main future wait <- wake through
        victim = task(stubborn())
        task(killer(victim), "third")
        await victim  #: main task stubborn <- join stubborn
        await wait([task(itself())])  #: main future wait <- wake itself
        unborn = task(forever(), "unborn")  #: unborn nothing
        unborn.cancel()
        await wait([unborn])  #: main future wait <- wake unborn
        async def endless(): await sleep(60)  #: left sleep sleep <- cancel main; right sleep sleep <- cancel main
        both = gather(task(endless(), "left"), task(endless(), "right"))
        loop.call_soon(both.cancel)
        try: await both  #: main future gather <- wake left
        except CancelledError: print("both")
    """,
    "threads": """
        async def ask(): await sleep(0.01); return 7  #: ask sleep sleep
        async def forever(): await sleep(60)  #: forever sleep sleep <- cancel worker_0
        def wait_here(): blocked(threading.main_thread())
        def asker():
            async def named():
                current_task().set_name("ask")
                return await ask()
            print(run_coroutine_threadsafe(named(), loop).result())
        def canceller():
            async def named():
                current_task().set_name("forever")
                return await forever()
            future = run_coroutine_threadsafe(named(), loop)
            blocked(threading.main_thread())
            print(future.cancel())
        def setter():
            blocked(threading.main_thread())
            loop.call_soon_threadsafe(future.set_result, 1)
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1, "worker"))
        await to_thread(wait_here)  #: main future to_thread <- wake worker_0
        await loop.run_in_executor(None, wait_here)  #: main future run_in_executor <- wake worker_0
        await to_thread(asker)  #: main future to_thread <- wake worker_0
        await to_thread(canceller)  #: main future to_thread <- wake worker_0
        future = loop.create_future()
        thread = threading.Thread(target=setter, name="setter")
        thread.start()
        await future  #: main future future <- wake setter
        while thread.is_alive(): await turns()
    """,
    "callbacks": """
        event, jobs, future = Event(), Queue(), loop.create_future()
        async def forever(): await sleep(60)  #: victim sleep sleep <- cancel MainThread
        async def setter(): loop.call_soon(future.set_result, 1)
        loop.call_later(0.01, event.set)
        await event.wait()  #: main event event <- wake MainThread
        loop.call_at(loop.time() + 0.01, lambda: jobs.put_nowait(1))
        await jobs.get()  #: main queue jobs <- item MainThread
        task(setter())
        await future  #: main future future <- wake setter
        future = loop.create_future()
        loop.call_later(0.01, future.set_result, 2)
        await future  #: main future future <- wake MainThread
        victim = task(forever(), "victim")
        loop.call_later(0.01, victim.cancel)
        await wait([victim])  #: main future wait <- wake victim
        event.clear()
        one, two = socket.socketpair()
        loop.add_reader(one, event.set)
        two.send(b"x")  #: main io two
        await event.wait()  #: main event event <- wake MainThread
        loop.remove_reader(one)
        event.clear()
        loop.add_signal_handler(signal.SIGUSR1, event.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        await event.wait()  #: main event event <- wake MainThread
        one.close(), two.close()
    """,
    "Future": """
        async def value(): future.set_result(1)
        async def error(): future.set_exception(KeyError("future"))
        async def cancel(): future.cancel()
        for setter in value, error, cancel:
            future = loop.create_future()
            task(setter())
            try: await future  #: main future future <- wake value; main future future <- wake error; main future future <- cancel cancel
            except (KeyError, CancelledError) as error_: print(repr(error_))
    """,
    "Lock": """
        lock = Lock()
        async def one():
            async with lock: await sleep(0.01)  #: one sleep sleep
        async def two():
            async with lock: await turns()  #: two lock lock <- handoff one
        async def three():
            async with lock: pass  #: three lock lock <- cancel main
        tasks = [task(one()), task(two()), task(three())]
        await turns()
        tasks[2].cancel()
        await wait(tasks)  #: main future wait <- wake two
    """,
    "Event": """
        event = Event()
        async def one(): await event.wait()  #: one event event <- wake main
        waiter = task(one())
        await turns()
        event.set()
        await waiter  #: main task one <- join one
        await event.wait()
    """,
    "Condition": """
        ready, items = Condition(), []
        async def one():
            async with ready: await ready.wait()  #: one condition ready <- wake main
        async def two():
            async with ready: await ready.wait_for(lambda: items)  #: two condition ready <- wake main
        tasks = [task(one()), task(two())]
        await turns()
        async with ready: ready.notify()
        await tasks[0]  #: main task one <- join one
        items.append(1)
        async with ready: ready.notify_all()
        await tasks[1]  #: main task two <- join two
    """,
    **{
        kind: f"""
        gate = {kind}(1)
        async def one():
            async with gate: await sleep(0.01)  #: one sleep sleep
        async def two():
            async with gate: pass  #: two semaphore gate <- wake one
        await gather(task(one()), task(two()))  #: main future gather <- wake two
        """
        for kind in ("Semaphore", "BoundedSemaphore")
    },
    "Barrier": """
        gate = Barrier(2)
        async def one():
            async with gate: pass  #: one barrier gate <- wake two
        async def two(): await gate.wait()  #: two nothing
        async def three():
            try: await gate.wait()  #: three barrier gate <- wake main
            except BrokenBarrierError: print("broken")
        await gather(task(one()), task(two()))  #: main future gather <- wake one
        waiter = task(three())
        await turns()
        await gate.abort()
        await waiter  #: main task three <- join three
    """,
    **{
        kind: f"""
        jobs = {kind}(1)
        async def producer():
            for job in range(2): await jobs.put(job)  #: producer queue jobs <- wake consumer
            await jobs.join()  #: producer queue jobs <- wake consumer
        async def consumer():
            await turns()
            print(await jobs.get(), await jobs.get())  #: consumer queue jobs <- item producer
            jobs.task_done()
            await sleep(0.01)  #: consumer sleep sleep
            jobs.task_done()
        await gather(task(producer()), task(consumer()))  #: main future gather <- wake producer
        """
        for kind in ("Queue", "LifoQueue", "PriorityQueue")
    },
    "Queue.shutdown": """
        empty, full = Queue(), Queue(1)
        full.put_nowait(1)
        async def getter():
            try: await empty.get()  #: getter queue empty <- wake main
            except QueueShutDown: print("shut")
        async def putter():
            try: await full.put(2)  #: putter queue full <- wake main
            except QueueShutDown: print("shut")
        async def joiner(): await full.join()  #: joiner queue full <- wake main
        tasks = [task(getter()), task(putter()), task(joiner())]
        await turns()
        empty.shutdown()
        full.shutdown(immediate=True)
        await wait(tasks)  #: main future wait <- wake putter
    """,
    "asynchronous iterators": """
        class Numbers:
            def __init__(self): self.left = 2
            def __aiter__(self): return self
            async def __anext__(self):
                if not self.left: raise StopAsyncIteration
                self.left -= 1
                await sleep(0.01)  #: main sleep sleep
                return self.left
        class Room:
            async def __aenter__(self): await sleep(0.01)  #: main sleep sleep
            async def __aexit__(self, *_): await sleep(0.01)  #: main sleep sleep
        async def numbers():
            for number in range(2):
                await sleep(0.01)  #: main sleep sleep
                yield number
        @contextlib.asynccontextmanager
        async def room():
            await sleep(0.01)  #: main sleep sleep
            yield
            await event.wait()  #: main event event <- wake opener
        class Awaitable:
            def __await__(self): yield from sleep(0.01).__await__()  #: main sleep sleep
        async def opener(): event.set()
        event = Event()
        async for number in Numbers(): print(number)
        async for number in numbers(): print(number)
        print([number async for number in numbers()], await anext(numbers()), await anext(numbers(), None))
        async with Room(): pass
        async with room(): task(opener())
        await Awaitable()
    """,
    "subprocesses": """
        process = await create_subprocess_exec("cat", stdin=-1)  #: main io create_subprocess_exec <- wake Task-2
        async def end():
            await turns(50)
            process.stdin.close()
        task(end())
        print(await process.wait())  #: main process cat <- join cat
        process = await create_subprocess_shell(  #: 3.11 main io create_subprocess_shell <- wake Task-4; 3.12 main io create_subprocess_shell <- wake Task-4; 3.13+ main io create_subprocess_shell <- wake Task-3
            "cat && exec >&-; while ! test -e go; do sleep 0.01; done; rm go", stdin=-1, stdout=-1)
        async def go():
            while not process.stdout.at_eof(): await turns()
            await turns(50)
            with open("go", "w"): pass
        task(go())
        print(await process.communicate(b"text"))  #: 3.11 main io Process.communicate <- wake Task-7; 3.12 main io Process.communicate <- wake Task-7; 3.13+ main io Process.communicate <- wake Task-5; main process cat <- join cat
    """,
    **{
        kind: f"""
        async def handle(reader, writer):
            current_task().set_name("server")
            ready.set()
            line = await reader.readline()  #: server io StreamReader.readline
            got.set()
            await asked.wait()  #: server event asked <- wake client
            writer.write(line)
            await writer.drain()
            writer.close()
        async def client():
            reader, writer = await {connect}  #: client io open_{unix}connection
            while not ready.is_set(): await turns()
            writer.write(b"line\\n")
            await writer.drain()
            await got.wait()  #: client event got <- wake server
            asked.set()
            print(await reader.read())  #: client io StreamReader.read
            writer.close()
            await writer.wait_closed()  #: client io StreamWriter.wait_closed
        ready, got, asked = Event(), Event(), Event()
        {before}
        server = await {serve}
        async with server: await task(client())  #: main task client <- join client
        """
        for kind, unix, connect, serve, before in (
            (
                "TCP",
                "",
                "open_connection('127.0.0.1', server.sockets[0].getsockname()[1])",
                "start_server(handle, '127.0.0.1', 0)  #: main io start_server <- wake Task-2",
                "",
            ),
            ("unix sockets", "unix_", "open_unix_connection('socket')", "start_unix_server(handle, 'socket')", ""),
            (
                "TLS",
                "",
                "open_connection('127.0.0.1', server.sockets[0].getsockname()[1], ssl=trusting, server_hostname='localhost')",
                "start_server(handle, '127.0.0.1', 0, ssl=proving)  #: main io start_server <- wake Task-2",
                "proving, trusting = contexts()",
            ),
        )
    },
    "sockets": """
        one, two = socket.socketpair()
        one.setblocking(False), two.setblocking(False)
        async def sender():
            await sleep(0.01)  #: sender sleep sleep
            await loop.sock_sendall(two, b"x")
        task(sender())
        print(await loop.sock_recv(one, 10))  #: main io BaseSelectorEventLoop.sock_recv
        one.close(), two.close()
    """,
    "loops in threads": """
        async def other():
            current_task().set_name("other")
            await sleep(0.01)  #: other sleep sleep
            loop.call_soon_threadsafe(done.set)
        done = Event()
        thread = threading.Thread(target=lambda: asyncio.run(other()), name="second")
        thread.start()
        await done.wait()  #: main event done <- wake other
        while thread.is_alive(): await turns()
    """,
}


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("name", STORIES)
def test_what_tasks_wait_for(tracer: Tracer, name: str) -> None:
    if name == "Queue.shutdown" and tracer.version < (3, 13):
        assert "no attribute 'shutdown'" in tracer.run("import asyncio; asyncio.Queue().shutdown()").stderr
        return
    body = textwrap.indent(textwrap.dedent(STORIES[name]), "    ")
    _, seen, told = play(tracer, f"{START}{body}\nasyncio.run(main())\n")
    assert seen == told
