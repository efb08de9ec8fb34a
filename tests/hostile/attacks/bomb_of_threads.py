# Starts threads until it can't. That is at the limit of processes and threads, and the program may say so.
# limits: processes=40
# outcome gvisor: raised, out_of_memory
import threading

gate = threading.Event()
started = 0
try:
    while started < 1000:
        threading.Thread(target=gate.wait, daemon=True).start()
        started += 1
except (RuntimeError, MemoryError):
    pass
gate.set()
assert 10 < started <= 40, started
print("held")
