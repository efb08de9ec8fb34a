# Becomes itself for ever: the limits follow the process through exec.
# outcome: timed_out
# limits: wall_ns=2_000_000_000
import os
import sys

os.execv(sys.executable, [sys.executable, "-I", "-S", "main.py"])
