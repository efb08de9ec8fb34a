# Becomes somebody else: by asking, by a file with the set-user-id bit, by capabilities.
import os
import shutil
import stat
import subprocess
import sys

for deed in (
    lambda: os.setuid(0),
    lambda: os.setgid(0),
    lambda: os.setresuid(0, 0, 0),
    lambda: os.setgroups([0]),
    lambda: os.seteuid(65534),
):
    try:
        deed()
    except OSError:
        continue
    raise AssertionError
shutil.copyfile(os.path.realpath(sys.executable), "/tmp/python")
os.chmod("/tmp/python", 0o6755)
asked = subprocess.run(
    ["/tmp/python", "-S", "-c", "import os; print(os.geteuid(), os.getegid())"],
    capture_output=True,
    text=True,
    env={"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"},
)
assert asked.stdout == "1000 1000\n", asked
for top, folders, files in os.walk("/"):
    if not top.startswith(("/proc", "/tmp")):
        for name in files:
            assert not os.lstat(os.path.join(top, name)).st_mode & (stat.S_ISUID | stat.S_ISGID), name
print("held")
