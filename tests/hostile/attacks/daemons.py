# Leaves daemons behind, in sessions and groups of their own, deaf, with its output open.
import os
import signal
import time

for _ in range(8):
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            time.sleep(1)
print("held")
