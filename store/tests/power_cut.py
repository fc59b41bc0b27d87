#!/usr/bin/env python3
"""Cuts the power under a process that writes a store, and verifies what it had acknowledged.

A disk of its own (ext4 on a loop device); a writer that says, through a pipe that is not on that
disk, what was acknowledged. After some number of acknowledgements all its threads are stopped, so
that no fsync is on its way; the file system is shut down so that everything that was not synced is
dropped (EXT4_IOC_SHUTDOWN with NOLOGFLUSH); the writer is killed; the disk is mounted again; the
store is opened and everything that was acknowledged is compared. kill -9 alone proves nothing here:
the page cache survives it.

The same for a folder of blobs. Its writer falls silent after its last step, so that no later sync
makes up for one that this step left out; each kind of step is the last one once.

Two things show that the test can fail. Each cut must lose a file that was written and not synced.
And a writer that acknowledges before it writes must be caught, of rows and of blobs.

Needs root and loop devices. Ends with 0, with 77 if this machine has no such thing, or with 1.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

SKIPPED = 77
# linux/fs/ext4: _IOR('X', 125, __u32), and what to do with the journal: nothing.
EXT4_IOC_SHUTDOWN = 0x8004587D
EXT4_GOING_FLAGS_NOLOGFLUSH = 2
DISK_BYTES = 4 << 30
THREADS = 16
CANARY_BYTES = 1 << 20
CONTROL_ATTEMPTS = 10
# The verifier's answer for "opened, but something is wrong".
WRONG = 3
# Five, where a blob takes four: so each of these cuts comes after another kind of step.
FILE_STEPS = 5
FILE_CUTS = 4


class Skip(Exception):
    """This machine cannot simulate a power cut."""


class Failed(Exception):
    """The test failed."""


def run(*command):
    """Runs a command that must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(part) for part in command)}: {done.stderr.strip()}")
    return done.stdout


class Disk:
    """An ext4 file system in a file; sparse, so it takes the room that is used."""

    def __init__(self, work):
        self.image = work / "disk.image"
        self.mount_point = work / "disk"

    def __enter__(self):
        with open(self.image, "wb") as image:
            image.truncate(DISK_BYTES)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.mount_point.mkdir(exist_ok=True)
        try:
            self.mount()
        except Failed as failure:
            raise Skip(f"cannot mount a loop device ({failure})") from failure
        return self

    def __exit__(self, *_):
        # Lazily, because a writer that is still dying may hold it.
        if os.path.ismount(self.mount_point):
            subprocess.run(["umount", "-l", str(self.mount_point)], check=False)

    def mount(self):
        run("mount", "-t", "ext4", "-o", "loop", self.image, self.mount_point)

    def unmount(self):
        run("umount", self.mount_point)

    def cut(self):
        """Drops everything that was not synced, and lets nothing through any more."""
        handle = os.open(self.mount_point, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", EXT4_GOING_FLAGS_NOLOGFLUSH))
        finally:
            os.close(handle)


class Writer:
    """A process that writes until it is killed."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.heard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.stdout.close()

    def hear(self, count):
        """Waits for so many lines."""
        for _ in range(count):
            line = self.process.stdout.readline()
            if not line:
                raise Failed(f"the writer ended by itself with {self.process.wait()}")
            self.heard.append(line)

    def stop(self):
        """Returns when no thread runs any more, and none is inside a system call."""
        os.kill(self.process.pid, signal.SIGSTOP)
        # The kernel reports the stop when the last thread has stopped: one that is inside an fsync
        # finishes it first.
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise Failed(f"the writer ended by itself (status {status})")
        deadline = time.monotonic() + 30
        while not all(state == "T" for state in self.states()):
            if time.monotonic() > deadline:
                raise Failed(f"the writer's threads do not stop: {self.states()}")
            time.sleep(0.001)

    def states(self):
        """One letter for each thread."""
        stats = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        # The state follows the name, which stands in parentheses and may contain anything.
        return [stat.read_text().rsplit(")", 1)[1].split()[0] for stat in stats]

    def kill(self):
        """Ends the process; what it had said is still in the pipe."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
            self.heard.extend(self.process.stdout.readlines())
            self.process.wait()


def cut_under_rows(disk, arguments, store, acknowledgements, *options):
    """One power cut under a store."""
    writer = [arguments.writer, "write", str(store), "--threads", str(THREADS), *options]
    verifier = [arguments.writer, "verify", str(store)]
    # Each thread first says where it goes on.
    return cut_under_writer(disk, arguments.work, writer, verifier, THREADS + acknowledgements)


def cut_under_files(disk, arguments, folder, *options):
    """One power cut under a folder of blobs, after the last of its steps."""
    writer = [arguments.writer, "write-files", str(folder), str(FILE_STEPS), *options]
    verifier = [arguments.writer, "verify-files", str(folder)]
    # It first says where it goes on.
    return cut_under_writer(disk, arguments.work, writer, verifier, 1 + FILE_STEPS)


def cut_under_writer(disk, work, writer_command, verifier_command, lines):
    """One power cut. Returns the verifier's answer and what it said."""
    canary = disk.mount_point / "canary"
    content = os.urandom(CANARY_BYTES)
    with Writer(*writer_command) as writer:
        writer.hear(lines)
        writer.stop()
        canary.write_bytes(content)
        disk.cut()
        writer.kill()
        heard = writer.heard
    disk.unmount()
    disk.mount()
    if canary.exists() and canary.read_bytes() == content:
        raise Failed("the power cut dropped nothing: a file that was never synced is still there")
    canary.unlink(missing_ok=True)

    acknowledged = work / "acknowledged"
    acknowledged.write_bytes(b"".join(heard))
    verified = subprocess.run([*verifier_command, str(acknowledged)], capture_output=True, text=True)
    return verified.returncode, (verified.stdout + verified.stderr).strip()


def control(disk, arguments, dice):
    """A writer that acknowledges too early must be caught."""
    store = disk.mount_point / "control"
    said = ""
    for attempt in range(1, CONTROL_ATTEMPTS + 1):
        shutil.rmtree(store, ignore_errors=True)
        count = dice.randrange(100, 400)
        answer, said = cut_under_rows(disk, arguments, store, count, "--ack-early")
        lost = re.search(r"\blost: (\d+)", said)
        if answer == WRONG and lost and int(lost.group(1)) > 0:
            print(f"control: early acknowledgements were caught (attempt {attempt}): {said}")
            shutil.rmtree(store)
            return
    raise Failed(f"a writer that acknowledges before it writes was never caught; last: {said}")


def rounds(disk, arguments, dice):
    """The same store is cut again and again: recovery must not wear it down."""
    store = disk.mount_point / "store"
    for number in range(1, arguments.rounds + 1):
        count = dice.randrange(200, 1500)
        began = time.monotonic()
        answer, said = cut_under_rows(disk, arguments, store, count)
        print(f"round {number}: cut after {count} answers, {time.monotonic() - began:.1f} s: {said}")
        if answer != 0:
            raise Failed(f"round {number}: the verifier ended with {answer}")


def files(disk, arguments):
    """A folder of blobs is cut after each kind of step; then early acknowledgements must be caught."""
    folder = disk.mount_point / "files"
    # The folder itself is opened, and durable, before anything is acknowledged.
    for number in range(1, FILE_CUTS + 1):
        answer, said = cut_under_files(disk, arguments, folder)
        print(f"files {number}: {said}")
        if answer != 0:
            raise Failed(f"files {number}: the verifier ended with {answer}")
    answer, said = cut_under_files(disk, arguments, folder, "--ack-early")
    if answer != WRONG or f"lost: {FILE_STEPS}," not in said:
        raise Failed(f"a writer of files that acknowledges before it writes was not caught: {said}")


def check_machine():
    """Says why this machine cannot do it, if so."""
    if os.geteuid() != 0:
        raise Skip("cutting the power needs root")
    for program in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(program) is None:
            raise Skip(f"there is no {program} here")
    if not os.path.exists("/dev/loop-control"):
        raise Skip("there are no loop devices here")


def main():
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--writer", required=True, help="the program store-writer")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="an empty folder")
    parser.add_argument("--rounds", type=int, default=5, help="how many power cuts")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    try:
        check_machine()
        with Disk(arguments.work) as disk:
            print(f"seed {arguments.seed}")
            control(disk, arguments, dice)
            rounds(disk, arguments, dice)
            files(disk, arguments)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except (Failed, OSError) as failure:
        print(f"failed: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
