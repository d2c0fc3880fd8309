"""A terminal of 80 columns and 24 lines that a program runs in, driven by lines on standard input.

usage: terminal.py COMMAND ARGUMENT...

send TEXT    types TEXT (escapes as in Python)
wait TEXT    waits until TEXT stands on the screen; ends with 1 if it does not come
at TEXT      waits until the cursor's line is TEXT; "at zoxy>" is an empty prompt
show         prints the screen between lines of dashes
end          waits for the end of the program and prints its return code
"""

import os
import pty
import select
import sys
import time

import pyte

LIMIT = 60


class Terminal:
    def __init__(self, arguments):
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.ByteStream(self.screen)
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(arguments[0], arguments)
        import fcntl, struct, termios
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def feed(self, wait):
        """Takes what the program writes; False at its end."""
        readable, _, _ = select.select([self.master], [], [], wait)
        if not readable:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.stream.feed(data)
        return bool(data)

    def line(self):
        return self.screen.display[self.screen.cursor.y].rstrip()

    def until(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition("\n".join(self.screen.display)):
            if time.monotonic() > end or not self.feed(0.1):
                print("\n".join(self.screen.display))
                sys.exit(f"not on the screen: {what}")


def main():
    terminal = Terminal(sys.argv[1:])
    for line in sys.stdin:
        verb, _, text = line.rstrip("\n").partition(" ")
        text = text.encode().decode("unicode_escape")
        if verb == "send":
            os.write(terminal.master, text.encode())
        elif verb == "wait":
            terminal.until(lambda screen: text in screen, text)
        elif verb == "at":
            terminal.until(lambda _: terminal.line() == text, f"{text} where the cursor is")
        elif verb == "show":
            print("-" * 80)
            print("\n".join(line.rstrip() for line in terminal.screen.display).rstrip("\n"))
            print("-" * 80)
        elif verb == "end":
            while terminal.feed(LIMIT):
                pass
            _, status = os.waitpid(terminal.pid, 0)
            print("RC", os.waitstatus_to_exitcode(status))
        else:
            sys.exit(f"no such verb: {verb}")


main()
