# Deletes all that it can.
import os

kept = []
for top, folders, files in os.walk("/", topdown=False):
    if top.startswith("/proc"):
        continue
    for name in files + folders:
        path = os.path.join(top, name)
        try:
            os.unlink(path) if not os.path.isdir(path) or os.path.islink(path) else os.rmdir(path)
        except OSError:
            kept.append(path)
assert any(path.endswith("/os.py") for path in kept)
print("held")
