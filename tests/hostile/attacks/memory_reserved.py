# Reserves more address space than there is memory anywhere.
import mmap

try:
    mmap.mmap(-1, 1 << 40)
except (OSError, MemoryError):
    print("held")
