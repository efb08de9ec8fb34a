# Makes its log shorter under the server's eyes: whoever had it mapped would be killed by SIGBUS,
# and the program itself is when its tracer writes on.
# outcome: completed, killed
# says:
import os
import time

log = os.open("/run/interleave/log", os.O_RDWR)
os.ftruncate(log, 0)
time.sleep(0.2)
os.write(1, b"held\n")
os._exit(0)
