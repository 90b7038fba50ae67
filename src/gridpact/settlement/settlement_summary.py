"""The figures of a settlement, as settlement.json holds them."""

from typing import Any

import numpy as np

from gridpact.case.case import Case
from gridpact.settlement.bills.bill_invariants import bills_off_micro, lines_off_micro
from gridpact.settlement.bills.billed import Billed
from gridpact.settlement.bills.issued_bill import record
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.virtual import virtual_shared_wh
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settlement_totals import Totals, unchanged_notice
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.statements.changes import Changes
from gridpact.settlement.tariffs.accounts import CONGESTION
from gridpact.version import __version__


def summarise(
    case: Case,
    energy: SettledEnergy,
    totals: Totals,
    changes: Changes | None,
    *,
    scheduled: int,
    inputs_sha256: str,
    billed: Billed | None = None,
) -> dict[str, Any]:
    """The figures, in whole watt-hours and micro-currency.

    Args:
        case: what was settled.
        energy: what it is settled as.
        totals: the figures of its ledger.
        changes: since the settlement that this one corrects, if there is one.
        scheduled: how many readings were taken from the schedule.
        inputs_sha256: digest of all that the settlement follows from.
        billed: the bills; without them there is no figure of any.
    """
    tariffs = energy.tariffs
    return {
        "name": case.name,
        "currency": case.currency,
        "network": case.network.name,
        "start": case.horizon.instant(0).isoformat(timespec="minutes"),
        "timezone": case.horizon.timezone,
        "resolution": case.horizon.resolution,
        "periods": case.horizon.periods,
        "participants": len(case.participants),
        "version": energy.version,
        "mode": str(tariffs.mode),
        "missing": str(tariffs.missing),
        "loss_allocation": str(tariffs.loss_allocation),
        "sharing_key": str(energy.keys.kind) if energy.keys else "",
        "readings": _readings(energy.meters, scheduled),
        "energy_wh": _energy(energy),
        "virtual_shared_wh": virtual_shared_wh(energy.horizon, energy.meters),
        "money_micro": _money(totals),
        "accounts": _accounts(totals),
        "entries": totals.entries,
        "entries_added": totals.entries_added,
        "changed": _changed(energy, changes),
        "ledger_sha256": totals.ledger_sha256,
        **({} if billed is None else {"bills": _bills(energy, billed)}),
        "invariants": _invariants(totals) | ({} if billed is None else _of_bills(totals, billed)),
        "notices": [*energy.notices, *unchanged_notice(energy, totals.entries_added)],
        "inputs_sha256": inputs_sha256,
        "gridpact_version": __version__,
    }


def _readings(meters: Meters, scheduled: int) -> dict[str, int]:
    """How many readings there are, and where they come from."""
    return {
        "total": int(meters.is_asked.sum()),
        "estimated": int(meters.estimated.sum()),
        "from_schedule": scheduled,
        "head": int(meters.head_given.sum()),
    }


def _energy(settlement: SettledEnergy) -> dict[str, int]:
    """Sums over all participants and periods."""
    meters, retail = settlement.meters, settlement.retail
    parts = {
        "import": meters.import_wh,
        "export": meters.export_wh,
        "cleared": settlement.positions.energy_wh,
        "traded": settlement.delivery.energy_wh,
        "shared": settlement.shared.received_wh,
        "unused": settlement.shared.unused_wh,
        "supply": retail.supply_wh,
        "feed_in": retail.feed_in_wh,
        "imbalance_long": retail.long_wh,
        "imbalance_short": retail.short_wh,
        "head_import": settlement.losses.head_import_wh,
        "losses": settlement.losses.losses_wh,
    }
    return {name: int(values.sum()) for name, values in parts.items()}


def _changed(energy: SettledEnergy, changes: Changes | None) -> dict[str, dict[str, int]]:
    """Each participant whose readings changed, in how many periods, and what that came to."""
    if changes is None:
        return {}
    figures = ("periods", "import_wh", "export_wh", "amount_micro")
    return {
        energy.participants.ids[place]: {name: int(getattr(changes, name)[place]) for name in figures}
        for place in np.flatnonzero(changes.periods).tolist()
    }


def _money(totals: Totals) -> dict[str, int]:
    """The money that entries of each kind move."""
    has_congestion = CONGESTION in totals.balances.accounts
    kinds = [kind for kind in EntryKind if has_congestion or kind is not EntryKind.CONGESTION]
    return {kind.label: int(totals.money_micro[kind]) for kind in kinds}


def _accounts(totals: Totals) -> dict[str, dict[str, int]]:
    """What the participants together and each other account are paid less what they pay."""
    balances = totals.balances
    columns = (balances.net_micro, balances.retail_only_micro, balances.gain_micro)
    return {
        name: {"net_micro": net, "retail_only_micro": alone, "gain_micro": gain}
        for name, net, alone, gain in zip(
            balances.accounts, *(column.tolist() for column in columns), strict=True
        )
    }


def _invariants(totals: Totals) -> dict[str, dict[str, int | str]]:
    """Each invariant with its figure."""
    return {each.name: {"figure": each.figure, "meaning": each.meaning} for each in totals.invariants}


def _bills(energy: SettledEnergy, billed: Billed) -> list[dict[str, Any]]:
    """Every bill, in the order of the participants."""
    ids = energy.participants.ids
    return [record(bill, ids[bill.participant]) for bill in billed.bills]


def _of_bills(totals: Totals, billed: Billed) -> dict[str, dict[str, int | str]]:
    """What must hold of bills, each with the figure by which it is off."""
    return {
        "bills_micro": {
            "figure": bills_off_micro(totals.statements, billed.bills),
            "meaning": "each bill comes, before VAT, to what the ledger says of the participant, to the cent",
        },
        "bill_lines_micro": {
            "figure": lines_off_micro(totals.statements, billed.bills),
            "meaning": "the lines of bills come, before they are rounded, to those of the statements",
        },
    }
