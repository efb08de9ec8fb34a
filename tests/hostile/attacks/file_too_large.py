# Makes one file larger than allowed by writing, by seeking, by truncating and by reserving.
# limits: file_bytes=1048576
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for number, deed in enumerate(
    (
        lambda file: os.write(file, bytes(2 << 20)) - (2 << 20) or 0,
        lambda file: os.pwrite(file, b"x", 64 << 20),
        lambda file: os.ftruncate(file, 64 << 20),
        lambda file: os.posix_fallocate(file, 0, 64 << 20),
    )
):
    file = os.open(f"/tmp/{number}", os.O_RDWR | os.O_CREAT)
    try:
        deed(file)
    except OSError as error:
        assert error.errno == 27, error
    assert os.fstat(file).st_size <= 1 << 20
print("held")
