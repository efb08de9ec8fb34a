# Gives the tracer lies: clocks that run backwards, other identities, names that are no strings.
# outcome: completed, exited
# says:
import os
import threading
import time

time.monotonic_ns = lambda: -1
time.monotonic = lambda: float("nan")
threading.get_native_id = lambda: -5
os.getpid = lambda: 10**30
threading.get_ident = lambda: "me"


class Evil(str):
    def __str__(self):
        raise SystemExit("no")

    def encode(self, *_):
        raise SystemExit("no")


thread = threading.Thread(target=print, args=("there",), name=Evil("evil"))
thread.start()
thread.join()
os.write(1, b"held\n")
os._exit(0)
