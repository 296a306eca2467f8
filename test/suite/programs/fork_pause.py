# SPDX-License-Identifier: MIT
"""multiprocessing's fork from a parent of many MiB: fork_pause.py MIB. The child checks what it inherited, then both write."""
import multiprocessing
import os
import sys
import time
import zlib

PAGE = 4096


def child(memory, pipe):
    pipe.send(zlib.adler32(memory))
    for at in range(0, len(memory), 16 * PAGE):
        memory[at] = 7
    pipe.send(sum(memory[at] for at in range(0, len(memory), 16 * PAGE)))


def main():
    mib = int(sys.argv[1])
    block = bytes(range(256)) * (PAGE // 256)
    memory = bytearray(block * (mib * 256))
    expected = zlib.adler32(memory)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(False)
    pauses, before = [], os.fork
    def fork():
        start = time.perf_counter()
        pid = before()
        pauses.append(time.perf_counter() - start)
        return pid
    os.fork = fork
    process = context.Process(target=child, args=(memory, there))
    start = time.perf_counter()
    process.start()
    for at in range(0, len(memory), 16 * PAGE):
        memory[at] = 1  # while the child reads
    right = here.recv() == expected and here.recv() == 7 * len(range(0, len(memory), 16 * PAGE))
    process.join()
    total = time.perf_counter() - start
    right = right and process.exitcode == 0 and memory[16 * PAGE] == 1 and memory[PAGE:2 * PAGE] == block
    print(f"child of {mib} MiB: {'right' if right else 'wrong'}")
    if len(sys.argv) > 2:
        print(f"FIGURE python_pause_us {pauses[0] * 1e6:.0f}\nFIGURE python_total_ms {total * 1e3:.0f}")


main()
