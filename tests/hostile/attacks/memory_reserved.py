# Reserves more address space than there is memory anywhere.
import mmap

NORESERVE = 0x4000
try:
    mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE, prot=mmap.PROT_READ)
except (OSError, MemoryError):
    print("held")
