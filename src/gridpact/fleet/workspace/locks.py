"""File locks, which the operating system takes back from a process that is killed.

They need `fcntl`, and a file system that has locks; where there is none of these, nothing is locked.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF, errno.ENOSYS}


@contextmanager
def locked(file: Path, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Holds the lock of a file, made where it does not exist, and tells whether it could be had.

    Args:
        file: stands for what is locked.
        shared: with others that share it too, or alone.
        wait: until it is free, or give up at once.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _lock(descriptor, shared=shared, wait=wait)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, shared: bool, wait: bool) -> bool:
    """Locks a file that is open; whether that worked, or the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return True
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    try:
        fcntl.flock(descriptor, mode)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
