"""Opens two pseudo terminals, joins them byte for byte, and links them to the two paths given, until it is ended."""
import os
import pty
import select
import sys
import tty

ends = []
for path in sys.argv[1:3]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    # The slave stays open here, so that a reader that closes and comes back finds the line as it was.
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(os.ttyname(slave), path)
    ends.append(master)
print("ready", flush=True)
while True:
    readable, _, _ = select.select(ends, [], [])
    for end in readable:
        data = os.read(end, 4096)
        other = ends[1] if end is ends[0] else ends[0]
        while data:
            data = data[os.write(other, data):]
