"""Stands for a Node that forks without exec and dies: prints the worker's pid and the fork's."""

import os
import time

from peer import Worker

worker = Worker()
worker.ready()
fork = os.fork()
if fork == 0:
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    time.sleep(600)
print(worker.pid, fork, flush=True)
os._exit(0)
