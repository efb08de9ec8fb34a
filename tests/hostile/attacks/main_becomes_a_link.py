# Replaces its own program and its folders by links to the host's secrets and to devices.
import os

os.unlink("main.py")
os.symlink("/etc/shadow", "main.py")
os.symlink("/proc/self/mem", "/tmp/link")
os.symlink("/", "/tmp/root")
try:
    open("main.py").read()
except FileNotFoundError:
    print("held")
