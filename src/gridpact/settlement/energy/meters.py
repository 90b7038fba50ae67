"""Meters: what the meters of the participants, and the one at the supply, have read."""

from dataclasses import dataclass

from gridpact.arrays import Bool, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """Readings of P participants in T periods, whole watt-hours.

    Attributes:
        import_wh: drawn from the network, (T, P), not negative.
        export_wh: fed into it, (T, P), not negative.
        given: whether there is a reading at all, (T, P).
        estimated: whether it is an estimate, by the reading's own quality or from the schedule, (T, P).
        head_import_wh: drawn at the supply less what is fed back there, (T,).
        head_given: whether there is a reading at the supply, (T,).
    """

    import_wh: Int
    export_wh: Int
    given: Bool
    estimated: Bool
    head_import_wh: Int
    head_given: Bool
