# Leaves its dead children unreaped until there is room for no more, then ends.
# outcome gvisor: timed_out, out_of_memory, completed
import os

born = 0
try:
    while born < 1000:
        if not os.fork():
            os._exit(0)
        born += 1
except BlockingIOError:
    pass
assert born < 1000
print("held")
