# Looks for other processes, and sends them signals.
import os
import signal

assert {int(name) for name in os.listdir("/proc") if name.isdigit()} <= {1, 2}
for pid in (CANARY_PID, os.getppid() + 1000, 4_000_000):
    for number in (0, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        raise AssertionError(pid)
print("held")
