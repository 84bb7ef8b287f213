"""The store's file as a file: where it may lie, who has it open, and moving it aside when it is broken."""

from __future__ import annotations

import os
import re
from errno import ELOOP, ENAMETOOLONG
from pathlib import Path
from stat import S_IFLNK, S_IFMT, S_IFREG

from tts_bench.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows will not rename a file that somebody has open, which is all the lock is for
    fcntl = None

MOUNTS = Path("/proc/self/mounts")
_MAGIC = b"SQLite format 3\0"
_FIRST = 2**16  # bytes: the tables are told in the first page
PARTS = ("", "-wal", "-shm")  # SQLite's own names for a database, its log and the log's index
# A log in shared memory works only among processes of one machine, and these lie about locks besides.
_NETWORK = re.compile(
    r"nfs\d*|cifs|smb\d*|smbfs|ncpfs|afs|ceph|lustre|gpfs|beegfs|pvfs2|orangefs|glusterfs|davfs\d?"
    r"|fuse\.(sshfs|glusterfs|ceph|ceph-fuse|s3fs|goofys|gcsfuse|rclone|davfs\d?|juicefs|mount-s3|smbnetfs|curlftpfs)"
)


class FolderLock:
    """A lock on the store's folder, released by the operating system however its holder ends.

    Everybody who has the store open shares it; whoever moves the file aside must be alone, because SQLite deletes a log
    by its name when it closes and would take the next file's log.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder, os.O_RDONLY) if fcntl else None

    def share(self) -> None:
        """Wait until nobody is moving the file."""
        if fcntl and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """True if nobody else has the store open; on False the share is given up too."""
        if fcntl and self._file is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def check_place(path: Path) -> None:
    """Make the folder of `path`; BadInput if the store must not lie there, OSError if the folder cannot be made."""
    if "\0" in str(path):
        raise BadInput(f"{str(path)!a}: holds a NUL byte: name another file for the store")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kinds = {part: _kind(Path(f"{path}{part}")) for part in PARTS}
    except OSError as error:
        if isinstance(error, FileExistsError | NotADirectoryError) or error.errno in (ENAMETOOLONG, ELOOP):
            raise BadInput(f"{path}: {error.strerror}: name another file for the store") from error
        raise
    for part, kind in kinds.items():
        if kind not in (0, S_IFREG):
            what = "a symbolic link, which is not followed" if kind == S_IFLNK else "not a file"
            raise BadInput(f"{path}{part}: is {what}: name another file for the store")
    kind = filesystem(path.parent)
    if _NETWORK.fullmatch(kind):
        where = f"lies on a network file system ({kind}), where a store breaks"
        raise BadInput(f"{path}: {where}: put the store on a local disk")


def _kind(path: Path) -> int:
    """What lies at the path itself, as `stat` codes it; 0 for nothing."""
    try:
        return S_IFMT(path.lstat().st_mode)
    except FileNotFoundError:
        return 0


def filesystem(folder: Path) -> str:
    """The type of the file system that holds `folder`, as Linux names it; empty where that cannot be read."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    place, found, depth = folder.resolve(), "", -1
    for line in mounts.splitlines():
        _, where, kind, *_ = line.split(" ")
        mount = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), where))
        # A later line of the same depth is mounted over an earlier one.
        if place.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = kind, len(mount.parts)
    return found


def identity(path: Path) -> tuple[int, int] | None:
    """Which file a path means at the moment; None if there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def forbids_writing(path: Path) -> bool:
    """True if the header asks for read-only use, as a flipped bit of its "write version" does.

    Only for a file that was refused: opening it here drops the locks that this process may have on it.
    """
    with path.open("rb") as file:
        header = file.read(20)
    return header.startswith(_MAGIC) and header[18] not in (1, 2)


def speaks_of_a_store(path: Path) -> bool:
    """Whether anything in a file that does not open says that it was a store: the first letters of every database, the
    tables of this one, or the zeros that a file system leaves where a write was lost. True for one that is gone, which
    another process has moved aside."""
    try:
        with path.open("rb") as file:
            found = file.read(_FIRST)
    except FileNotFoundError:
        return True
    return _MAGIC.startswith(found[:16]) or b"CREATE TABLE states (number" in found or not any(found[:100])


def move_aside(path: Path) -> Path:
    """Rename the file and what belongs to it to the first free `<name>.broken-<n>`; nothing is deleted."""
    number = 1
    while any(os.path.lexists(f"{path}.broken-{number}{suffix}") for suffix in PARTS):
        number += 1
    for suffix in PARTS:
        part = Path(f"{path}{suffix}")
        if os.path.lexists(part):
            part.rename(f"{path}.broken-{number}{suffix}")
    return Path(f"{path}.broken-{number}")
