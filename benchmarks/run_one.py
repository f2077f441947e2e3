"""Run one command and print what it took: seconds, processor seconds, bytes at most.

A process of its own, and a small one: Linux counts a child's memory from its parent's
on.  What the command prints goes to standard error.
"""

import os
import sys
import time

command = sys.argv[1:]
to_stderr = [(os.POSIX_SPAWN_DUP2, 2, 1)]
began = time.perf_counter()
pid = os.posix_spawn(command[0], command, os.environ, file_actions=to_stderr)
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - began
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
sys.exit(min(os.waitstatus_to_exitcode(status) % 256, 255))
