"""RatedVoltages: the voltages that a network file gives for its buses, its windings and what joins buses."""

from dataclasses import dataclass

from gridpact.arrays import Bool, Float, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageWords:
    """How a format calls the nominal voltage of a bus, and how it is most likely to be written wrongly.

    Attributes:
        table, tables, column: "bus", "buses" and "vn_kv", or "node", "nodes" and "u_rated".
        unit: that the values are to be in, "kV" or "V".
        unit_kv: one of that unit, in kV.
        slip: the unit that they are taken from by mistake, "V" or "kV".
        slip_factor: by which such a value is too large.
    """

    table: str
    tables: str
    column: str
    unit: str
    unit_kv: float
    slip: str
    slip_factor: float


PANDAPOWER_WORDS = VoltageWords(
    table="bus", tables="buses", column="vn_kv", unit="kV", unit_kv=1.0, slip="V", slip_factor=1e3
)
POWER_GRID_MODEL_WORDS = VoltageWords(
    table="node", tables="nodes", column="u_rated", unit="V", unit_kv=1e-3, slip="kV", slip_factor=1e-3
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Windings:
    """The windings of n transformers in service, k each.

    Attributes:
        table: what the file calls them.
        columns: names of the k rated voltages.
        id: (n,).
        bus: row of the bus at each winding, (n, k).
        rated_kv: rated voltage of each winding, (n, k).
        tap_low, tap_high: the least and the greatest of what taps make of it, as a share of it, (n, k).
    """

    table: str
    columns: tuple[str, ...]
    id: Int
    bus: Int
    rated_kv: Float
    tap_low: Float
    tap_high: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Joints:
    """What joins two buses of one voltage: n lines, links or closed switches.

    Attributes:
        table: what the file calls them.
        id: (n,).
        bus: rows of the two buses, (n, 2).
        spread: by which share their nominal voltages may differ.
    """

    table: str
    id: Int
    bus: Int
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedVoltages:
    """The rated voltages of a network file.

    Attributes:
        words: of its format.
        bus_id: (b,).
        bus_kv: nominal voltage, line to line, (b,).
        bus_in_service: (b,).
        windings, joints: of each kind that the file holds.
    """

    words: VoltageWords
    bus_id: Int
    bus_kv: Float
    bus_in_service: Bool
    windings: tuple[Windings, ...]
    joints: tuple[Joints, ...]
