"""Meters: what the meters of the participants, and the one at the supply, have read."""

from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Bool, Int, frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Readings outside memberships, whole watt-hours, (T, P) each: for losses, and for nothing else."""

    import_wh: Int
    export_wh: Int
    given: Bool


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
        member: whether each is a member, (T, P); `None` where all always are. Outside a membership all of the
            above is 0 and false.
        outside: what was read there; `None` where there is nothing.
    """

    import_wh: Int
    export_wh: Int
    given: Bool
    estimated: Bool
    head_import_wh: Int
    head_given: Bool
    member: Bool | None = None
    outside: Outside | None = None

    @property
    def is_asked(self) -> Bool:
        """Whether a reading is needed, (T, P)."""
        return np.ones(self.given.shape, np.bool_) if self.member is None else self.member

    @property
    def all_import_wh(self) -> Int:
        """Drawn by members and others, (T, P)."""
        return self.import_wh if self.outside is None else self.import_wh + self.outside.import_wh

    @property
    def all_export_wh(self) -> Int:
        """Fed in by members and others, (T, P)."""
        return self.export_wh if self.outside is None else self.export_wh + self.outside.export_wh

    @property
    def net_import_wh(self) -> Int:
        """Import less export of all meters but the one at the supply, (T,)."""
        net: Int = self.import_wh.sum(axis=1) - self.export_wh.sum(axis=1)
        if self.outside is not None:
            net = net + self.outside.import_wh.sum(axis=1) - self.outside.export_wh.sum(axis=1)
        return net


def within(meters: Meters, member: Bool) -> Meters:
    """The readings with those outside of memberships, (T, P), set apart."""
    if meters.member is not None or member.all():
        return meters
    is_out = meters.given & ~member
    outside = Outside(
        import_wh=frozen(np.where(is_out, meters.import_wh, 0), np.int64),
        export_wh=frozen(np.where(is_out, meters.export_wh, 0), np.int64),
        given=frozen(is_out, np.bool_),
    )
    return replace(
        meters,
        import_wh=frozen(np.where(member, meters.import_wh, 0), np.int64),
        export_wh=frozen(np.where(member, meters.export_wh, 0), np.int64),
        given=frozen(meters.given & member, np.bool_),
        estimated=frozen(meters.estimated & member, np.bool_),
        member=frozen(member, np.bool_),
        outside=outside if is_out.any() else None,
    )
