# Fills /dev/shm with files: it is as large as it was made, whatever the number of files.
written = 0
try:
    for number in range(99):
        with open(f"/dev/shm/{number}", "wb") as file:
            for _ in range(4):
                written += file.write(bytes(1 << 20))
except OSError as error:
    assert error.errno == 28, error
assert 0 < written <= 32 << 20, written
print("held")
