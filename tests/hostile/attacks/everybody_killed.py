# Kills whoever it can, process 1 included: itself excepted, nobody but its own is there.
import os
import signal

for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGINT, signal.SIGHUP):
    for pid in (1, -1):
        try:
            os.kill(pid, number) if pid == 1 or number == signal.SIGKILL else None
        except OSError:
            pass
assert os.path.exists("/proc/1/stat")
print("held")
