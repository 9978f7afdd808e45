"""What an HDF5 file declares, looked at before anything of it is read.

A few bytes of HDF5 can declare terabytes, or a chunk that inflates without end, or that its data
lie in another file. A library has none of that: every dataset is plain numbers, uncompressed and in
one piece of the file itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from library.errors import LibraryBombError
from library.findings import TABLE
from library.layout import ALL

if TYPE_CHECKING:
    import h5py

MOST_ATTRIBUTES = 64
LARGEST_ATTRIBUTE = 2**16
NAMES = frozenset({*ALL, TABLE})
GROUPS = frozenset(name.partition("/")[0] for name in NAMES if "/" in name)


def check_attributes(file: h5py.File, path: Path) -> None:
    """Check that the attributes of a file are few and small, and no lists of pointers.

    Raises
    ------
    LibraryBombError
        When they are not.
    """
    from h5py import h5a, h5s

    count = h5a.get_num_attrs(file.id)
    if count > MOST_ATTRIBUTES:
        raise _bomb(path, f"{count:,} attributes")
    for number in range(count):
        attribute = h5a.open(file.id, index=number)
        space = attribute.get_space()
        single = space.get_simple_extent_type() == h5s.SCALAR or not attribute.dtype.hasobject
        if not single or attribute.get_storage_size() > LARGEST_ATTRIBUTE:
            raise _bomb(path, f"the attribute {attribute.name!r} of {attribute.shape} values")


def check_datasets(file: h5py.File, path: Path) -> None:
    """Check that a file holds the datasets of a library only, each plain and no larger than it.

    Raises
    ------
    LibraryBombError
        When it holds or declares anything else.
    """
    import h5py

    size, declared = path.stat().st_size, 0
    for name in _names(file, path):
        dataset = file[name]
        if not isinstance(dataset, h5py.Dataset):
            raise _bomb(path, f"{name[:60]!r}, which is no dataset")
        plan = dataset.id.get_create_plist()
        plain = plan.get_layout() == h5py.h5d.CONTIGUOUS and plan.get_external_count() == 0
        if not plain or plan.get_nfilters() or dataset.dtype.hasobject:
            raise _bomb(path, f"{name}, which is compressed, in pieces, elsewhere or pointers")
        declared += int(dataset.size) * int(dataset.dtype.itemsize)
        if declared > size:
            raise _bomb(path, f"data of {declared:,} bytes in a file of {size:,}")


def _names(file: h5py.File, path: Path) -> list[str]:
    """Return the names of all datasets; groups are flat and links lead nowhere else."""
    import h5py

    if len(file) > len(GROUPS) + 1:
        raise _bomb(path, f"{len(file):,} groups")
    names: list[str] = []
    for name in file:
        if not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise _bomb(path, f"{name[:60]!r}, a link to somewhere else")
        group = file[name]
        if not isinstance(group, h5py.Group):
            names.append(name)
            continue
        if len(group) > len(NAMES):
            raise _bomb(path, f"{len(group):,} datasets")
        for inner in group:
            if not isinstance(group.get(inner, getlink=True), h5py.HardLink):
                raise _bomb(path, f"{inner[:60]!r}, a link to somewhere else")
            names.append(f"{name}/{inner}")
    strangers = sorted(set(names) - NAMES)
    if strangers:
        raise _bomb(path, f"{strangers[0][:60]!r}")
    return names


def _bomb(path: Path, what: str) -> LibraryBombError:
    return LibraryBombError(
        f"it declares what no library has: {what}",
        str(path),
        "do not use it; get it again from who made it",
    )
