"""The built-in networks of the examples, as pandapower and SimBench make them, without either of these.

Each is an archive as `grid.archive` packs it, with power-grid-model JSON of the same beside its arrays.
`python -m benchmarks.ship_networks` makes them, and a test holds them to what the libraries make.
"""

import io
from importlib.resources import files

import numpy as np

from gridpact.grid.archive import packed, unpacked
from gridpact.grid.network import Network
from gridpact.grid.network_model import NetworkModel

SHIPPED = (
    ("pandapower/cigre_lv", NetworkModel.BALANCED),
    ("pandapower/ieee_european_lv_asymmetric", NetworkModel.BALANCED),
    ("pandapower/ieee_european_lv_asymmetric", NetworkModel.THREE_PHASE),
    ("pandapower/village_1", NetworkModel.BALANCED),
    ("simbench/1-LV-rural2--0-sw", NetworkModel.BALANCED),
)
SHIPPED_NAMES = tuple(dict.fromkeys(name for name, _ in SHIPPED))
FOLDER = files("gridpact.grid.shipped") / "networks"
JSON = "power_grid_model_json"


def is_shipped(name: str, model: NetworkModel) -> bool:
    """Whether a built-in comes with the package in a model."""
    return (name, model) in SHIPPED


def shipped_network(name: str, model: NetworkModel) -> Network:
    """A built-in that comes with the package."""
    return unpacked(_content(name, model), key_of(name, model), name)


def shipped_json(name: str, model: NetworkModel) -> bytes:
    """The same as power-grid-model JSON."""
    with np.load(io.BytesIO(_content(name, model)), allow_pickle=False) as file:
        return bytes(file[JSON].tobytes())


def shipped_archive(network: Network, model: NetworkModel, json: bytes) -> bytes:
    """The archive of a built-in, from what the libraries make of it."""
    with np.load(io.BytesIO(packed(network, key_of(network.name, model))), allow_pickle=False) as file:
        arrays = {member: file[member] for member in file.files}
    archive = io.BytesIO()
    np.savez_compressed(archive, allow_pickle=False, **arrays, **{JSON: np.frombuffer(json, np.uint8)})
    return archive.getvalue()


def file_name(name: str, model: NetworkModel) -> str:
    """The file of a built-in."""
    return f"{name.replace('/', '_')}.{model}.npz"


def key_of(name: str, model: NetworkModel) -> str:
    """What its archive says that it is of."""
    return f"{model} built-in {name}"


def _content(name: str, model: NetworkModel) -> bytes:
    return (FOLDER / file_name(name, model)).read_bytes()
