"""NetworkNames: what the network file calls the branches and supplies of a compiled network."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkNames:
    """Names as problems show them, such as "trafo 3".

    Attributes:
        bus: the word for a bus, "bus" or "node".
        branch: of each branch, (M,).
        supply: of each supply, (K,).
    """

    bus: str
    branch: tuple[str, ...]
    supply: tuple[str, ...]
