# Changes the interpreter, its library, its caches and the tracer for the next run.
import os
import sys

places = [
    os.__file__,
    sys.executable,
    "/usr/local/lib/evil.pth",
    "/etc/passwd",
    "/run/interleave/init.py",
    "/run/interleave/new",
]
for folder in {
    os.path.dirname(os.__file__),
    *(path for path in sys.path if "site-packages" in path),
    "/lib",
    "/usr",
    "/",
}:
    places += [
        f"{folder}/evil.pth",
        f"{folder}/__pycache__/os.pyc",
        f"{folder}/sitecustomize.py",
        f"{folder}/usercustomize.py",
    ]
for module in list(sys.modules.values()):
    if path := getattr(module, "__file__", None):
        if not path.startswith("/home/sandbox"):
            places.append(path)
for path in places:
    try:
        with open(path, "ab") as file:
            file.write(b"import evil")
    except OSError:
        continue
    raise AssertionError(path)
print("held")
