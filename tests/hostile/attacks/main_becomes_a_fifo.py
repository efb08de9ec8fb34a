# Replaces its own program by a FIFO: whoever opened it by path would hang.
import os

os.unlink("main.py")
os.mkfifo("main.py")
os.mkfifo("/dev/shm/fifo")
print("held")
