# Starts an interpreter without the tracer, and goes on there.
import os
import sys

os.execv(sys.executable, [sys.executable, "-I", "-S", "-E", "-c", "print('held')"])
