# Leaves children behind that use all of the CPU, fork and write.
# says:
# outcome gvisor: completed, out_of_memory, timed_out
import os
import time

for _ in range(6):
    if not os.fork():
        os.setsid()
        while True:
            try:
                if not os.fork():
                    os.write(1, b"x")
            except OSError:
                pass
time.sleep(0.2)
os._exit(0)
