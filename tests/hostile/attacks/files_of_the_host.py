# Looks for the host's files, by every path to them.
# outcome gvisor: raised
import os

for path in (
    "CANARY_FILE",
    "/etc/shadow",
    "/etc/hostname",
    "/etc/machine-id",
    "/root",
    "/work",
    "/var",
    "/boot",
    "/sys",
    "/opt",
    "/srv",
    "/mnt",
    "/media",
    "/home/user",
    "/dev/mem",
    "/dev/kmem",
    "/dev/sda",
    "/dev/vda",
    "/dev/kvm",
    "/dev/fuse",
    "/dev/shm/canary",
    "/run/docker.sock",
    "/run/interleave/64000",
    "/run/systemd",
    "/proc/1/root/CANARY_FILE",
    "/proc/self/root/CANARY_FILE",
    "/proc/self/cwd/../../CANARY_FILE",
    "/../../CANARY_FILE",
    "/tmp/interleave",
    "/usr/bin/sudo",
    "/usr/bin/mount",
    "/bin/sh",
):
    assert not os.path.lexists(path), path
found = [
    os.path.join(top, name) for top, folders, files in os.walk("/") if not top.startswith("/proc") for name in files
]
assert not [path for path in found if "canary" in path.lower()]
print("held")
