"""A disk of its own for a test, small enough to be filled: a tmpfs, where this user may mount one."""
import contextlib
import os
import subprocess
import tempfile


@contextlib.contextmanager
def small_disk(size):
    """The folder where it is, of a size such as "8m"; None, once that has been said, where there can be none."""
    folder = tempfile.mkdtemp(prefix="warta-test-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False).returncode == 0
    try:
        if not mounted:
            print("        skipped: this user may not mount a tmpfs")
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


class FullDisk:
    """Another file takes all the room that is left, but for some bytes."""

    def __init__(self, folder, left=0):
        self.path = os.path.join(folder, "ballast")
        self.left = left

    def __enter__(self):
        with open(self.path, "wb", buffering=0) as ballast:
            size = 65536
            while size:
                try:
                    ballast.write(b"\0" * size)
                except OSError:
                    size //= 2
            ballast.truncate(ballast.tell() - self.left)

    def __exit__(self, *_):
        os.unlink(self.path)
