"""asyncio: tasks, their steps, what they wait on and who woke them."""

from __future__ import annotations

import itertools

import pytest

from app.core.timeline import ENDINGS, RESOURCES, STATES
from app.tracer import wire

from .conftest import Run, Seen, Tracer, Wait
from .stories import same, sound

MAIN = """
    import asyncio

    async def main():
        {body}

    asyncio.run(main())
"""


def program(body: str, before: str = "") -> str:
    """A program whose main coroutine has this body."""
    lines = body.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    inside = "\n".join(f"        {line[indent:]}" for line in lines).lstrip()
    return before + MAIN.format(body=inside)


def tasks(seen: Seen) -> list[str]:
    return [lane.name for lane in seen.lanes("task") if not lane.internal]


def kinds(seen: Seen, name: str) -> list[str]:
    return [wait.kind for wait in seen.waits(name)]


def ending(seen: Seen, name: str) -> tuple[str, str]:
    lane = seen.lane(name)
    return ENDINGS[lane.ending], lane.error


def test_every_task_is_a_lane_under_its_loops_thread_and_knows_its_starter(run: Run) -> None:
    seen = run(
        program("""
        async def child():
            await asyncio.sleep(0.01)
        one = asyncio.create_task(child(), name="one")
        two = asyncio.create_task(child())
        two.set_name("two")
        await one
        await two
        """)
    )
    assert tasks(seen) == ["Task-1", "one", "two"]
    main = seen.lane("Task-1")
    assert {lane.parent for lane in seen.lanes("task")} == {seen.lane("MainThread").id}
    assert main.starter == seen.lane("MainThread").id
    assert seen.lane("one").starter == seen.lane("two").starter == main.id
    assert seen.states("one") == ["ready", "running", "waiting", "ready", "running"]
    assert [span.by for span in seen.lane("one").spans][:1] == [main.id]
    assert seen.waits("one") == [Wait("sleep", "sleep", seen.waits("one")[0].line)]
    assert ending(seen, "one") == ("returned", "")
    assert ("one", "Task-1") in seen.links("join")
    assert ("Task-1", "one") in seen.links("start")


def test_a_thread_under_a_loop_waits_on_the_selector_while_nothing_runs(run: Run) -> None:
    seen = run(program("await asyncio.sleep(0.05)"))
    [wait] = [wait for wait in seen.waits("MainThread") if wait.kind == "io"][:1]
    assert wait.name == "event loop"
    thread, task = seen.lane("MainThread"), seen.lane("Task-1")
    running = [span for span in thread.spans if span.state == wire.RUNNING]
    for step in (span for span in task.spans if span.state == wire.RUNNING):
        assert any(span.start_ns <= step.start_ns and step.end_ns <= span.end_ns for span in running)


def test_tasks_take_turns_and_never_run_at_once(run: Run) -> None:
    seen = run(
        program("""
        async def count():
            for _ in range(20):
                await asyncio.sleep(0)
        await asyncio.gather(count(), count(), count())
        """)
    )
    steps = sorted(
        (span.start_ns, span.end_ns) for lane in seen.lanes("task") for span in lane.spans if span.state == wire.RUNNING
    )
    assert len(steps) >= 60
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(steps))
    assert set(seen.states("Task-2")) == {"running", "ready"}
    assert kinds(seen, "Task-1") == ["future"]
    assert seen.waits("Task-1")[0].name == "gather"


@pytest.mark.parametrize(
    ("body", "kind", "name"),
    [
        ("await asyncio.sleep(0.02)", "sleep", "sleep"),
        ("await asyncio.wait_for(asyncio.sleep(0.02), 5)", "sleep", "sleep"),
        ("await asyncio.to_thread(__import__('time').sleep, 0.02)", "future", "to_thread"),
        ("await asyncio.get_running_loop().run_in_executor(None, __import__('time').sleep, 0.02)", "future", None),
        (
            "future = asyncio.get_running_loop().create_future()\nlater(future.set_result, 1)\nawait future",
            "future",
            None,
        ),
        ("event = asyncio.Event()\nlater(event.set)\nawait event.wait()", "event", "event"),
        ("queue = asyncio.Queue()\nlater(queue.put_nowait, 1)\nawait queue.get()", "queue", "queue"),
        (
            "queue = asyncio.Queue(1)\nqueue.put_nowait(1)\nlater(queue.get_nowait)\nawait queue.put(2)",
            "queue",
            "queue",
        ),
        ("lock = asyncio.Lock()\nawait lock.acquire()\nlater(lock.release)\nawait lock.acquire()", "lock", "lock"),
        (
            "gate = asyncio.Semaphore(1)\nawait gate.acquire()\nlater(gate.release)\nawait gate.acquire()",
            "semaphore",
            "gate",
        ),
    ],
)
def test_what_a_task_waits_on(body: str, kind: str, name: str | None, run: Run) -> None:
    later = "later = lambda *call: asyncio.get_running_loop().call_later(0.02, *call)\n"
    seen = run(program(later + body) if kind == "sleep" else program("\n".join([later.rstrip(), *body.split("\n")])))
    wait = seen.waits("Task-1")[-1]
    # wait_for runs what it waits for in a task of its own before 3.12.
    assert kind in [*kinds(seen, "Task-1"), *kinds(seen, "Task-2")] if "wait_for" in body else wait.kind == kind
    if name is not None and "wait_for" not in body:
        assert wait.name == name
    assert seen.exit_code == 0


def test_who_woke_whom(run: Run) -> None:
    seen = run(
        program("""
        event, queue = asyncio.Event(), asyncio.Queue()
        async def waiter():
            await event.wait()
            print(await queue.get())
        async def setter():
            await asyncio.sleep(0.01)
            event.set()
            await asyncio.sleep(0.01)
            queue.put_nowait("item")
        await asyncio.gather(asyncio.create_task(waiter(), name="waiter"), asyncio.create_task(setter(), name="setter"))
        """)
    )
    assert kinds(seen, "waiter") == ["event", "queue"]
    assert ("setter", "waiter") in seen.links("wake")
    assert ("setter", "waiter") in seen.links("item")
    assert seen.levels("queue") == [1, 0]


def test_who_held_a_lock(run: Run) -> None:
    seen = run(
        program("""
        lock = asyncio.Lock()
        async def enter():
            async with lock:
                await asyncio.sleep(0.01)
        await asyncio.gather(*(asyncio.create_task(enter(), name=name) for name in "abc"))
        """)
    )
    assert seen.holds("lock") == ["a", "b", "c"]
    assert seen.links("handoff") == [("a", "b"), ("b", "c")]


@pytest.mark.parametrize("kind", ["Lock", "Semaphore", "Condition"])
@pytest.mark.parametrize("enter", ["async with guard:", "await asyncio.wait_for(guard.acquire(), 9)\n    try:"])
def test_who_held_what_tasks_share(run: Run, kind: str, enter: str) -> None:
    leave = "finally:\n        guard.release()" if "try" in enter else ""
    seen = run(
        f"""
import asyncio
guard = None
async def work():
    {enter}
        await asyncio.sleep(0.01)
    {leave}
async def main():
    global guard
    guard = asyncio.{kind}()
    await asyncio.gather(*(asyncio.create_task(work(), name=name) for name in "abc"))
asyncio.run(main())
"""
    )
    assert seen.exit_code == 0, seen.stderr
    assert seen.holds("guard") == ["a", "b", "c"]
    assert not seen.open_cells
    holds = [hold for hold in seen.timeline.holds if seen.name(hold.lane) in "abc"]
    assert all(before.end_ns <= after.start_ns for before, after in itertools.pairwise(holds))


def test_a_barriers_own_lock_is_not_told(run: Run) -> None:
    seen = run(
        program("""
        gate = asyncio.Barrier(2)
        async def come():
            async with gate:
                pass
        await asyncio.gather(come(), come())
        """)
    )
    assert "barrier" in {RESOURCES[resource.kind] for resource in seen.timeline.resources.values()}
    assert seen.timeline.holds == []


def test_a_semaphore_that_counts_is_held_by_nobody(run: Run) -> None:
    seen = run(
        program("""
        items = asyncio.Semaphore(0)
        async def consume():
            for _ in range(3):
                await items.acquire()
        consumer = asyncio.create_task(consume(), name="consumer")
        await asyncio.sleep(0.01)
        for _ in range(3):
            items.release()
        await consumer
        """)
    )
    assert seen.holds("items") == []
    assert seen.levels("items")[0] == 0


def test_permits_that_are_held_at_the_end_are_told(run: Run) -> None:
    seen = run(
        program("""
        slots = asyncio.Semaphore(2)
        await slots.acquire()
        await slots.acquire()
        __import__("os")._exit(0)
        """)
    )
    assert len(seen.open_cells) >= 2


def test_how_tasks_end_and_who_cancelled_them(run: Run) -> None:
    seen = run(
        program("""
        async def fail():
            raise ValueError("bad")
        async def forever():
            await asyncio.sleep(60)
        failing = asyncio.create_task(fail(), name="failing")
        cancelled = asyncio.create_task(forever(), name="cancelled")
        await asyncio.sleep(0.01)
        cancelled.cancel()
        print(await asyncio.gather(failing, cancelled, return_exceptions=True))
        """)
    )
    assert ending(seen, "failing") == ("raised", "ValueError: bad")
    assert ending(seen, "cancelled") == ("cancelled", "")
    assert ("Task-1", "cancelled") in seen.links("cancel")
    assert "[ValueError('bad'), CancelledError" in seen.stdout


def test_a_blocking_call_blocks_the_task_and_its_thread(run: Run) -> None:
    seen = run(program("__import__('time').sleep(0.02)"))
    assert seen.states("Task-1") == ["ready", "running", "waiting", "running"]
    assert kinds(seen, "Task-1") == ["sleep"]
    assert "sleep" in kinds(seen, "MainThread")


EAGER = """
    import asyncio
    async def quick():
        return 1
    async def slow():
        await asyncio.sleep(0.01)
    async def fail():
        raise KeyError("eager")
    async def nest():
        await asyncio.create_task(slow(), name="nested")
    class Task(asyncio.Task): pass
    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        one = asyncio.create_task(quick(), name="quick")
        two = asyncio.create_task(slow(), name="slow")
        print(one.done(), two.done(), one.get_name())
        await two
        print(await asyncio.gather(asyncio.create_task(fail(), name="fail"), return_exceptions=True))
        await asyncio.create_task(nest(), name="nest")
        async with asyncio.TaskGroup() as group:
            group.create_task(quick(), name="in group")
        loop.set_task_factory(asyncio.create_eager_task_factory(Task))
        await asyncio.create_task(slow(), name="of own kind")
        renamed = asyncio.create_task(slow(), name="first name")
        renamed.set_name("second name")
        await renamed
        loop.set_task_factory(None)
        by_hand = asyncio.Task(slow(), loop=loop, eager_start=True, name="by hand")
        await by_hand
    asyncio.run(main())
"""


def test_eager_tasks_run_inside_their_makers_step(run: Run, tracer: Tracer) -> None:
    if tracer.version < (3, 12):
        source = "import asyncio\nassert not hasattr(asyncio, 'eager_task_factory')\n"
        assert run(source).exit_code == 0
        return
    seen = run(EAGER)
    assert (seen.stdout, seen.stderr) == ("True False quick\n[KeyError('eager')]\n", "")
    names = ["Task-1", "quick", "slow", "fail", "nest", "nested", "in group", "of own kind", "second name", "by hand"]
    assert tasks(seen) == names
    assert [name for name in names if seen.states(name) == ["running"]] == ["quick", "fail", "in group"]
    assert ending(seen, "fail") == ("raised", "KeyError: 'eager'")
    assert seen.states("slow") == ["running", "waiting", "ready", "running"]
    makers = {"nested": "nest", "by hand": ""}
    for name in names[1:]:
        starter = seen.lane(name).starter
        assert (seen.name(starter) if starter else "") == makers.get(name, "Task-1")
    # Its first step is not seen, only what it waits for then.
    assert seen.states("by hand") == ["waiting", "ready", "running"]
    assert {name: kinds(seen, name) for name in names if kinds(seen, name) == ["sleep"]}.keys() == {
        *("slow", "nested", "of own kind", "second name", "by hand")
    }
    assert ("by hand", "Task-1") in seen.links("join")
    sound(seen.timeline)


def test_threads_and_loops_meet(run: Run) -> None:
    seen = run("""
        import asyncio, threading
        async def ask():
            return threading.current_thread().name
        async def main():
            loop = asyncio.get_running_loop()
            answers = []
            def helper():
                answers.append(asyncio.run_coroutine_threadsafe(ask(), loop).result())
            thread = threading.Thread(target=helper, name="helper")
            thread.start()
            await asyncio.to_thread(thread.join)
            print(answers)
        asyncio.run(main())
        other = threading.Thread(target=lambda: asyncio.run(ask()), name="other loop")
        other.start()
        other.join()
        """)
    assert seen.stdout == "['MainThread']\n"
    parents = {seen.timeline.lanes[lane.parent].name for lane in seen.lanes("task") if not lane.internal}
    assert parents == {"MainThread", "other loop"}
    assert any(lane.starter == seen.lane("helper").id for lane in seen.lanes("task"))


def test_what_is_asyncios_own_is_internal(run: Run) -> None:
    seen = run(
        program("""
        async def numbers():
            yield 1
            yield 2
        async for number in numbers():
            print(number)
            break
        await asyncio.wait_for(asyncio.sleep(0), 1)
        """)
    )
    assert tasks(seen) == ["Task-1"]


def test_programs_see_nothing_of_it(run: Run) -> None:
    source = """
        import asyncio, contextvars, traceback
        variable = contextvars.ContextVar("variable", default=0)
        async def child():
            variable.set(1)
            traceback.print_stack(limit=3)
            await asyncio.sleep(0)
            raise KeyError("gone")
        async def main():
            task = asyncio.create_task(child())
            print(repr(task)[:40], task.get_coro().__name__, type(task).__module__)
            try:
                await task
            except KeyError:
                traceback.print_exc()
            print(variable.get(), len(asyncio.all_tasks()))
            handle = asyncio.get_running_loop().call_soon(print, "soon")
            print(type(handle).__name__, type(handle).__module__)
            await asyncio.sleep(0)
        asyncio.run(main(), debug=True)
        class Loop(asyncio.SelectorEventLoop):
            def call_soon(self, *args, **options):
                return super().call_soon(*args, **options)
        loop = Loop()
        loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(coro, loop=loop, **options))
        loop.run_until_complete(asyncio.wait_for(asyncio.sleep(0), 1))
        loop.close()
        async def interrupted():
            raise KeyboardInterrupt
        asyncio.run(interrupted())
        """
    seen, bare = run(source), run(source, traced=False)
    assert seen.stdout == bare.stdout
    assert seen.stderr == bare.stderr
    assert seen.exit_code == bare.exit_code


def test_a_killed_step_is_known_from_its_cell(run: Run) -> None:
    seen = run(program("__import__('os').kill(__import__('os').getpid(), 9)"))
    lane = seen.lane("Task-1")
    assert [lane_number for _, lane_number, obj in seen.open_cells if not obj] != []
    assert lane.ending == wire.UNFINISHED
    assert STATES[lane.spans[-1].state] in {"ready", "running"}


def test_what_nobody_looked_at_is_marked(run: Run) -> None:
    seen = run(
        """
        import asyncio
        async def never(): pass
        async def child():
            raise KeyError("lost")
        async def main():
            task = asyncio.create_task(child(), name="child")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del task
            never()
        asyncio.run(main())
        """
    )

    assert seen.marks("child") == [("exception", "KeyError: 'lost'", 5), ("never_retrieved", "KeyError: 'lost'", 0)]
    assert seen.marks("Task-1") == [("never_awaited", "coroutine 'never' was never awaited", 11)]
    assert "Task exception was never retrieved" in seen.stderr
    assert "program.py:11: RuntimeWarning: coroutine 'never' was never awaited" in seen.stderr


def test_a_task_that_raised_dies_as_soon_as_nobody_has_it(run: Run) -> None:
    source = """
        import asyncio, weakref
        async def child():
            raise KeyError("lost")
        async def main():
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: print("told"))
            task = weakref.ref(asyncio.Task(child()))
            await asyncio.sleep(0)
            print(task() is None)
        asyncio.run(main())
        """
    assert run(source).stdout == run(source, traced=False).stdout == "told\nTrue\n"


def test_a_step_of_a_task_that_is_done_is_told_to_the_loop(run: Run) -> None:
    source = """
        import asyncio
        async def child():
            return 1
        async def main():
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: print(context["message"][:21]))
            task = asyncio.create_task(child())
            asyncio.Future.set_result(task, 2)
            print(await task)
            await asyncio.sleep(0)
        asyncio.run(main())
        """
    assert run(source).stdout == run(source, traced=False).stdout == "2\nException in callback\n"


def test_a_thread_waits_for_the_task_of_the_coroutine_that_it_handed_over(run: Run) -> None:
    seen = run(
        """
        import asyncio, threading
        async def work():
            await asyncio.sleep(0.05)
            return "done"
        def hand(loop):
            print(asyncio.run_coroutine_threadsafe(work(), loop).result())
        async def main():
            thread = threading.Thread(target=hand, args=[asyncio.get_running_loop()], name="outside")
            thread.start()
            await asyncio.to_thread(thread.join)
        asyncio.run(main())
        """
    )
    assert seen.stdout == "done\n", seen.stderr
    [wait] = [span for span in seen.lane("outside").spans if span.state == wire.WAITING]
    target = seen.timeline.lanes[seen.timeline.resources[wait.on].target]
    assert target.kind == wire.TASK
    assert seen.timeline.lanes[target.starter].name == "MainThread" or target.starter == seen.lane("outside").id


def test_a_loop_that_is_blocked_is_what_a_handed_coroutine_waits_for(run: Run) -> None:
    seen = run(
        """
        import asyncio, os, threading, time
        def hand(loop):
            time.sleep(0.05)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop).result()
        async def main():
            thread = threading.Thread(target=hand, args=[asyncio.get_running_loop()], name="outside")
            thread.start()
            threading.Timer(0.5, os._exit, [0]).start()
            thread.join()
        asyncio.run(main())
        """
    )
    wait = seen.lane("outside").spans[-1]
    assert seen.timeline.lanes[seen.timeline.resources[wait.on].target].name == "MainThread"


def test_what_is_no_coroutine_is_refused_as_ever(run: Run) -> None:
    seen = run("import asyncio\nasyncio.run_coroutine_threadsafe(print, asyncio.new_event_loop())\n")
    assert "TypeError: A coroutine object is required" in seen.stderr
    assert "interleave" not in seen.stderr


def test_factories_and_loops_of_the_programs_own(run: Run) -> None:
    source = """
        import asyncio, contextvars
        number = contextvars.ContextVar("number", default=0)
        class Task(asyncio.Task): pass
        class Loop(asyncio.SelectorEventLoop):
            def call_soon(self, callback, *args, context=None):
                return super().call_soon(callback, *args, context=context)
            def create_task(self, coro, **options):
                return super().create_task(coro, **options)
        async def child():
            number.set(number.get() + 1)
            await asyncio.sleep(0.01)
            return number.get()
        async def main():
            number.set(5)
            loop = asyncio.get_running_loop()
            loop.set_task_factory(lambda loop, coro, **options: Task(coro, loop=loop, **options))
            task = asyncio.create_task(child(), name="made by a factory")
            print(type(task).__name__, await task, number.get())
            other = contextvars.Context()
            print(await loop.create_task(child(), name="elsewhere", context=other), other[number])
            loop.set_task_factory(None)
            print(await asyncio.tasks._PyTask(child(), loop=loop, name="in Python"))
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(main())
    """
    seen, bare = run(source), run(source, traced=False)
    same(seen, bare)
    names = ["made by a factory", "elsewhere", "in Python"]
    assert tasks(seen) == ["Task-1", *names]
    for name in names:
        assert seen.states(name) == ["ready", "running", "waiting", "ready", "running"]
        assert (kinds(seen, name), seen.name(seen.lane(name).starter)) == (["sleep"], "Task-1")
        assert (name, "Task-1") in seen.links("join")
    sound(seen.timeline)


def test_a_future_that_nobody_looked_at_is_marked(run: Run) -> None:
    seen = run(
        program("""
        future = asyncio.get_running_loop().create_future()
        future.set_exception(KeyError("lost"))
        del future
        """)
    )
    assert seen.marks("Task-1") == [("never_retrieved", "KeyError: 'lost'", 0)]
    assert "Future exception was never retrieved" in seen.stderr
