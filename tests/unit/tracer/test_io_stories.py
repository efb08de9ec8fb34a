"""Every way to wait for input or output in a thread: what on, where, and who ended it."""

from __future__ import annotations

import pytest

from .conftest import Run, Tracer
from .stories import play, same

START = """
import os, select, selectors, socket, ssl, subprocess, sys, threading, time
from meeting import blocked
def start(function, **options):
    thread = threading.Thread(target=function, name=function.__name__, **options)
    thread.start()
    return thread
def after(*threads):
    for thread in threads:
        thread.join()
"""

STORIES = {
    "os.read": """
        r, w = os.pipe()
        def reader():
            print(os.read(r, 3))  #: reader pipe - <- item MainThread
            print(os.read(r, 3))
        thread = start(reader)
        blocked(thread)
        os.write(w, b"onetwo")
        after(thread)
    """,
    "os.write": """
        r, w = os.pipe()
        def writer():
            print(os.write(w, b"x" * 200_000))  #: writer pipe - <- wake MainThread
        thread = start(writer)
        blocked(thread)
        left = 200_000
        while left: left -= len(os.read(r, 1 << 20))
        after(thread)
        os.write(w, b"there already")
        print(os.read(r, 99))
    """,
    "os.fdopen": """
        r, w = os.pipe()
        ours, theirs = os.fdopen(r), os.fdopen(w, "w")
        def reader():
            print(ours.readline())  #: reader pipe - <- item MainThread
        thread = start(reader)
        blocked(thread)
        theirs.write("line\\n")
        theirs.flush()
        after(thread)
        theirs.close()
        print(list(ours))
    """,
    "a named pipe": """
        os.mkfifo("fifo")
        def reader():
            fd = os.open("fifo", os.O_RDONLY)  #: reader pipe fifo <- wake MainThread
            print(os.read(fd, 9))  #: reader pipe fifo <- item MainThread
            os.close(fd)
        thread = start(reader)
        blocked(thread)
        fd = os.open("fifo", os.O_WRONLY)
        blocked(thread)
        os.write(fd, b"x")
        after(thread)
        os.unlink("fifo")
    """,
    "select, poll, epoll": """
        one, two = socket.socketpair()
        def selects():
            print(select.select([one], [], [], 0), select.select([one], [two], [], 0.5)[1] == [two])  #: selects io select
            select.select([one], [], [])  #: selects io select
        def polls():
            ready = select.poll()
            ready.register(one, select.POLLIN)
            print(ready.poll(0), ready.poll(20))  #: polls io ready
            print(ready.poll() == [(one.fileno(), select.POLLIN)])  #: polls io ready
        def epolls():
            with select.epoll() as ready:
                ready.register(one, select.EPOLLIN)
                print(ready.poll(0), ready.poll(timeout=0.02))  #: epolls io ready
                print(ready.poll() == [(one.fileno(), select.EPOLLIN)], ready.fileno() > 0, ready.closed)  #: epolls io ready
            print(ready.closed)
        for waits in selects, polls, epolls:
            thread = start(waits)
            thread.join(0.3)
            blocked(thread)
            two.send(b"x")
            after(thread)
            one.recv(1)
    """,
    "selectors": """
        one, two = socket.socketpair()
        def selects():
            for selector in (selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector, selectors.DefaultSelector):
                with selector() as ready:
                    ready.register(one, selectors.EVENT_READ, "data")
                    print(ready.select(0), ready.select(0.01))  #: selects io ready
                    two.send(b"x")  #: selects io two
                    print([(key.data, events) for key, events in ready.select()])  #: selects io ready
                    one.recv(1)  #: selects io one
        after(start(selects))
    """,
    "sockets": """
        listener = socket.create_server(("127.0.0.1", 0))
        def server():
            found, _ = listener.accept()  #: server io listener
            with found:
                print(found.recv(99))  #: server io found
                buffer = bytearray(9)
                print(found.recv_into(buffer, nbytes=1), found.recvfrom(1)[0])  #: server io found
                found.sendall(bytes(10_000_000))  #: server io found
        thread = start(server)
        blocked(thread)
        client = socket.create_connection(listener.getsockname())
        blocked(thread)
        client.send(b"hello")
        blocked(thread)
        client.sendall(b"12")
        blocked(thread)
        left = 10_000_000
        with client.makefile("rb") as file:
            while left: left -= len(file.read(min(left, 1 << 20)))
        after(thread)
        client.settimeout(0.01)
        one, two = socket.socketpair()
        def hasty():
            two.settimeout(0.01)
            try: two.recv(1)  #: hasty io two
            except TimeoutError as error: print(repr(error))
            one.setblocking(False)
            try: one.recv(1)
            except BlockingIOError: print("nothing")
        after(start(hasty))
        for each in client, listener, one, two: each.close()
    """,
    "TLS": """
        proving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        proving.load_cert_chain("cert.pem", "key.pem")
        trusting = ssl.create_default_context(cafile="cert.pem")
        one, two = socket.socketpair()
        def server():
            with proving.wrap_socket(one, server_side=True) as found:  #: server io found
                print(found.recv(9))  #: server io found
                found.sendall(b"answer")  #: server io found
        thread = start(server)
        blocked(thread)
        with trusting.wrap_socket(two, server_hostname="localhost") as client:
            blocked(thread)
            client.sendall(b"question")
            print(client.recv(9))
        after(thread)
    """,
    "subprocess": """
        child = subprocess.Popen(["sh", "-c", "read line; sleep 0.02; echo got $line; sleep 0.1"], stdin=-1, stdout=-1, text=True)
        def reader():
            print(child.stdout.readline())  #: reader pipe stdout
            child.wait()  #: reader process sh <- join sh
        thread = start(reader)
        blocked(thread)
        child.stdin.write("line\\n")
        child.stdin.flush()
        after(thread)
        child.stdin.close(), child.stdout.close()
    """,
    "standard input": """
        # The child's waits: #: @1 python/MainThread pipe stdin <- item MainThread
        os.environ.pop("PYTHONUNBUFFERED", None)  # it prints as its interpreter ends
        child = subprocess.Popen([sys.executable, "-c", "import sys; print(input(), sys.stdin.read())"], stdin=-1, stdout=-1)
        class reader: native_id = child.pid
        for line in b"one\\n", b"two\\n":
            blocked(reader)
            child.stdin.write(line)
            child.stdin.flush()
        blocked(reader)
        child.stdin.close()
        print(child.stdout.read(), child.wait())
        child.stdout.close()
    """,
}


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("name", STORIES)
def test_what_threads_wait_for(tracer: Tracer, name: str) -> None:
    _, seen, told = play(tracer, START + STORIES[name].replace("\n        ", "\n"))
    assert seen == told


MISUSE = """
    import _io, copy, os, pickle, select, selectors, shutil, socket, sys, traceback
    r, w = os.pipe()
    one, two = socket.socketpair()
    poll, epoll = select.poll(), select.epoll()
    for text in '''os.read(r); os.read(r, -1); os.read("r", 1); os.read(63, 1); os.read(fd=r, length=1); os.read(r, 1, 2)
        os.write(w); os.write(w, "text"); os.write(63, b""); os.write(w, memoryview(b"ab")); os.write(w, bytearray(b"cd")); os.read(r, 4)
        os.open("missing", os.O_RDONLY); os.open(); os.open("/dev/null"); os.close(os.open("/dev/null", flags=os.O_RDONLY))
        os.close(os.open(b"/dev/null", os.O_RDWR, 0o600, dir_fd=None)); os.open(1, 2); os.read(os.open("/dev/zero", 0), 2)
        os.open in os.supports_dir_fd; shutil.rmtree.avoids_symlink_attacks; os.read.__module__; os.open.__name__; os.write.__doc__
        pickle.loads(pickle.dumps(os.read)) is os.read; copy.copy(os.open) is os.open; os.fdopen("x"); os.fdopen(63); os.fdopen(w, "q")
        os.fdopen(r, "rb", 0).closed; os.fdopen(w, "w+"); select.select(); select.select([], [], [], "x"); select.select([63], [], [], 0)
        select.select([], [], [], -1); select.select([one], [two], [], 0)[1] == [two]; poll.poll("x"); poll.register("x"); poll.unregister(63)
        poll.register(one, select.POLLOUT); poll.modify(two, 1); len(poll.poll()); poll.poll(timeout=0); pickle.dumps(poll); copy.copy(epoll)
        type(poll).__name__; type(poll).__module__; isinstance(epoll, select.epoll); type(epoll).__name__; select.epoll; issubclass(bool, select.epoll)
        select.epoll(sizehint=0); select.epoll(1, 2, 3); select.epoll(flags=63); type("E", (select.epoll,), {}); epoll.poll(-2, 0)
        epoll.register(63); epoll.register(one); epoll.poll(0.01, maxevents=1); epoll.close(); epoll.closed; epoll.fileno(); epoll.poll(0)
        epoll.__enter__(); select.epoll.fromfd(63).fileno(); type(select.epoll.fromfd(63)) is select.epoll; repr(poll)[:24]
        two.recv_into(); two.recv_into(bytearray(1), flags=socket.MSG_DONTWAIT); two.connect("x"); one.sendall(); one.sendall("x"); one.send(b"x", 0)
        two.recvmsg(9)[0]; one.connect_ex(("127.0.0.1", 1)) > 0; sys.stdin.read(); type(sys.stdin.buffer.raw); sys.stdin.closed'''.replace(";", chr(10)).splitlines():
        try:
            print(text, eval(text))
        except BaseException as error:
            print(text, type(error), error)
    def fails(call, *args):
        try:
            call(*args)
        except Exception:
            traceback.print_exc()
    fails(os.read, 63, 1)
    fails(os.write, 63, b"")
    fails(os.open, "missing", 0)
    fails(os.fdopen, 63)
    fails(select.select, [63], [], [], 0)
    fails(select.select, [63], [], [], 0.1)
    fails(poll.poll, "x")
    two.settimeout(0.001)
    fails(two.recv, 1)
    two.close()
    fails(two.recv, 1)
    fails(selectors.DefaultSelector().register, 63, 1)
"""


def test_input_and_output_refuse_as_ever(run: Run) -> None:
    seen, bare = run(MISUSE, stdin="some text"), run(MISUSE, stdin="some text", traced=False)
    same(seen, bare)
    assert (seen.exit_code, "Traceback" in seen.stderr) == (0, True)
