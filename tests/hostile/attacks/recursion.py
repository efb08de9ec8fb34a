# Recurses until the stack is over. The process dies or raises; nothing else does.
# outcome: killed, raised
import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __repr__(self):
        return repr(self)


repr(Deep())
