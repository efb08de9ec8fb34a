# Runs from a file that can't be read and forbids dumps, so that its memory might be hidden from who measures it.
# outcome: out_of_memory
# limits: memory_bytes=67108864
# outcome gvisor: raised
import os
import shutil
import sys

program = """
import ctypes
ctypes.CDLL(None).prctl(4, 0)
kept = []
while True:
    kept.append(bytearray(b"x") * (1 << 20))
"""
shutil.copyfile(os.path.realpath(sys.executable), "/tmp/python")
os.chmod("/tmp/python", 0o111)
os.execve(
    "/tmp/python",
    ["/tmp/python", "-S", "-c", program],
    {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"},
)
