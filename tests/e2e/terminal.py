#!/usr/bin/env python3
"""Runs a command in a pseudo terminal and drives it by the lines of standard input.

usage: terminal.py COMMAND... < STEPS

    expect TEXT     wait until the output has TEXT behind what was expected before
    type TEXT       type it; \\x03 and the like are bytes
    size ROWS COLS  change the terminal's size
    signal NAME     send it to the command (TERM, TSTP, ...)
    raw, cooked     wait until the terminal is in raw mode, or as it was before the command
    run COMMAND     run it by sh, outside the terminal
    stopped         wait until the command is stopped
    end STATUS      wait for the end with that exit status; 128+N: by signal N

Ends with 0, or with 1 and what was seen. The terminal is 20 rows of 70 columns at the start.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

signal.alarm(90)


def resize(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


class Terminal:
    def __init__(self, command):
        self.master, self.slave = pty.openpty()
        resize(self.master, 20, 70)
        self.before = termios.tcgetattr(self.slave)
        self.out = b""
        self.at = 0
        begun, begin = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.dup2(begin, 3, inheritable=False)
            os.closerange(4, 256)
            signal.alarm(0)
            os.execvp(command[0], command)
        # Before the command itself is there, what is typed has nobody to interrupt.
        os.close(begin)
        os.read(begun, 1)
        os.close(begun)

    def read(self):
        if select.select([self.master], [], [], 0.05)[0]:
            self.out += os.read(self.master, 65536)

    def wait(self, what, condition):
        end = time.monotonic() + 40
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("waited in vain for " + what)
            self.read()

    def state(self):
        with open("/proc/%d/stat" % self.pid, encoding="utf-8", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def step(self, word, rest):
        if word == "expect":
            text = rest.encode().decode("unicode_escape").encode("latin-1")
            self.wait(repr(rest), lambda: text in self.out[self.at:])
            self.at = self.out.index(text, self.at) + len(text)
        elif word == "type":
            os.write(self.master, rest.encode().decode("unicode_escape").encode("latin-1"))
        elif word == "size":
            resize(self.master, *map(int, rest.split()))
        elif word == "signal":
            os.kill(self.pid, getattr(signal, "SIG" + rest))
        elif word == "run":
            assert os.system(rest) == 0, "it failed"
        elif word == "raw":
            self.wait("raw mode", lambda: not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ISIG))
        elif word == "cooked":
            self.wait("the old mode", lambda: termios.tcgetattr(self.slave) == self.before)
        elif word == "stopped":
            self.wait("the stop", lambda: self.state() == "T")
        elif word == "end":
            self.wait("the end", lambda: self.state() == "Z")
            status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            status = 128 - status if status < 0 else status
            assert status == int(rest), "status %d, not %s" % (status, rest)
            assert termios.tcgetattr(self.slave) == self.before, "the terminal was not restored"
        else:
            raise AssertionError("no such step: " + word)


terminal = Terminal(sys.argv[1:])
try:
    for line in sys.stdin:
        line = line.strip()
        if line:
            terminal.step(*(line.split(" ", 1) + [""])[:2])
except AssertionError as e:
    terminal.read()
    sys.exit("%s: %s\n%r" % (line, e, terminal.out))
