"""ScriptFiles: the files of an OpenDSS folder that a script names, each read once, none from elsewhere."""

import os
import stat
from hashlib import sha256
from pathlib import Path, PurePosixPath, PureWindowsPath

FILES_MAX = 1000
BYTES_MAX = 256 * 2**20
SUFFIX = ".dss"
COPY = "copy the file into the folder of the master file, and name it by its path from this file's folder"


class NotTaken(Exception):
    """A file that is not read, and what would be right."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(what)


class ScriptFiles:
    """Reads the files of the folder of a master file.

    A folder may come from anybody: whatever a script names has to lie in it, links resolved, and nothing is
    said of what lies elsewhere. As on Windows, where OpenDSS is at home, a backslash stands between folders
    too, the case of letters does not count where no name fits to the letter, and `.dss` may be left out.

    Args:
        master: the file that all begins with.
    """

    def __init__(self, master: Path) -> None:
        self._root = master.parent
        self._bytes = 0
        self.contents: dict[str, bytes] = {}

    def read(self, name: str, beside: str = "") -> tuple[str, str]:
        """The path of a file from the root, with `/` between folders, and its text.

        Args:
            name: of the file, as the script writes it.
            beside: path of the file that names it.

        Raises:
            NotTaken: it leads elsewhere, is no plain file, cannot be read, was read before, or is too much.
        """
        path = self._path(name, beside)
        if path in self.contents:
            raise NotTaken("is read a second time", "read each file once")
        if len(self.contents) >= FILES_MAX:
            raise NotTaken(f"is more than {FILES_MAX:,} files", "join the files to fewer")
        try:
            size = (self._root / path).stat().st_size
            if self._bytes + size > BYTES_MAX:
                raise NotTaken(
                    f"is more than {BYTES_MAX // 2**20} MB of script", "leave out what is no network"
                )
            content = (self._root / path).read_bytes()
        except OSError as error:
            raise NotTaken(f"cannot be read: {error.strerror}", "") from error
        self._bytes += len(content)
        self.contents[path] = content
        return path, _text(content)

    @property
    def sha256(self) -> str:
        """Digest of the names and contents of all files that were read."""
        digest = sha256()
        for name, content in sorted(self.contents.items()):
            digest.update(name.encode() + b"\0" + sha256(content).digest())
        return digest.hexdigest()

    def _path(self, name: str, beside: str) -> str:
        """A file below the folder, by its name in a script; nothing outside of it is ever read."""
        if not name or "\0" in name:
            raise NotTaken("is no name of a file", "write the name after the command")
        if PureWindowsPath(name).anchor or name.startswith("~"):
            raise NotTaken("is not relative to the folder of this file", COPY)
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if ".." in parts or not parts:
            raise NotTaken("leads out of the folder of this file", COPY)
        folder = PurePosixPath(beside).parent if beside else PurePosixPath()
        found = self._spelt(folder, parts)
        home, real = (Path(os.path.realpath(each)) for each in (self._root, self._root / found))
        if not real.is_relative_to(home):
            raise NotTaken("leads out of the folder of the master file", COPY)
        try:
            mode = real.stat().st_mode
        except OSError:
            raise NotTaken("does not exist", "give the name of a file in the folder of this file") from None
        if not stat.S_ISREG(mode):  # reading from a pipe or a device may never end
            raise NotTaken("is no plain file", "give the name of a file in the folder of this file")
        return found.as_posix()

    def _spelt(self, folder: PurePosixPath, parts: list[str]) -> PurePosixPath:
        """The path as the names of its folders and of the file are spelt on the disk."""
        path = folder
        for part in parts[:-1]:
            path /= self._entry(path, (part,))
        return path / self._entry(path, (parts[-1], parts[-1] + SUFFIX))

    def _entry(self, folder: PurePosixPath, names: tuple[str, ...]) -> str:
        """The entry of a folder with one of some names, whatever its case; else the first name."""
        real = Path(os.path.realpath(self._root / folder))
        if not real.is_relative_to(os.path.realpath(self._root)):
            raise NotTaken("leads out of the folder of the master file", COPY)
        try:
            present = sorted(entry.name for entry in real.iterdir())
        except OSError:
            present = []
        for name in names:
            if name in present:
                return name
        wanted = [name.lower() for name in names]
        return next((each for each in present if each.lower() in wanted), names[0])


def _text(content: bytes) -> str:
    """The text of a file: UTF-8, or what Windows wrote before."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
