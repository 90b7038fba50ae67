"""The figures of a settlement, as settlement.json holds them."""

from typing import Any

import numpy as np

from gridpact.case.case import Case
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.invariants.invariants import account_balance_micro, invariants
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.ledger.ledger_digest import ledger_sha256
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.balances import make_balances
from gridpact.settlement.statements.residuals import make_residuals
from gridpact.settlement.statements.statements import make_statements
from gridpact.settlement.tariffs.accounts import CONGESTION
from gridpact.version import __version__


def summarise(case: Case, settlement: Settlement, *, scheduled: int, inputs_sha256: str) -> dict[str, Any]:
    """The figures, in whole watt-hours and micro-currency.

    Args:
        case: what was settled.
        settlement: what it is settled as.
        scheduled: how many readings were taken from the schedule.
        inputs_sha256: digest of all that the settlement follows from.
    """
    tariffs, ledger = settlement.tariffs, settlement.ledger
    return {
        "name": case.name,
        "currency": case.currency,
        "network": case.network.name,
        "start": case.horizon.instant(0).isoformat(timespec="minutes"),
        "timezone": case.horizon.timezone,
        "resolution": case.horizon.resolution,
        "periods": case.horizon.periods,
        "participants": len(case.participants),
        "version": settlement.version,
        "mode": str(tariffs.mode),
        "missing": str(tariffs.missing),
        "loss_allocation": str(tariffs.loss_allocation),
        "sharing_key": str(settlement.keys.kind) if settlement.keys else "",
        "readings": _readings(settlement.meters, scheduled),
        "energy_wh": _energy(settlement),
        "money_micro": _money(settlement),
        "accounts": _accounts(settlement),
        "entries": len(ledger.kind),
        "entries_added": int((ledger.version == settlement.version).sum()),
        "ledger_sha256": ledger_sha256(ledger),
        "invariants": _invariants(settlement),
        "notices": list(settlement.notices),
        "inputs_sha256": inputs_sha256,
        "gridpact_version": __version__,
    }


def _readings(meters: Meters, scheduled: int) -> dict[str, int]:
    """How many readings there are, and where they come from."""
    return {
        "total": int(meters.given.size),
        "estimated": int(meters.estimated.sum()),
        "from_schedule": scheduled,
        "head": int(meters.head_given.sum()),
    }


def _energy(settlement: Settlement) -> dict[str, int]:
    """Sums over all participants and periods."""
    meters, retail = settlement.meters, settlement.retail
    parts = {
        "import": meters.import_wh,
        "export": meters.export_wh,
        "cleared": settlement.positions.energy_wh,
        "traded": settlement.delivery.energy_wh,
        "shared": settlement.shared.received_wh,
        "supply": retail.supply_wh,
        "feed_in": retail.feed_in_wh,
        "imbalance_long": retail.long_wh,
        "imbalance_short": retail.short_wh,
        "head_import": settlement.losses.head_import_wh,
        "losses": settlement.losses.losses_wh,
    }
    return {name: int(values.sum()) for name, values in parts.items()}


def _money(settlement: Settlement) -> dict[str, int]:
    """The money that entries of each kind move."""
    ledger = settlement.ledger
    sums = sum_at(ledger.kind, ledger.amount_micro, len(EntryKind))
    has_congestion = CONGESTION in ledger.accounts
    kinds = [kind for kind in EntryKind if has_congestion or kind is not EntryKind.CONGESTION]
    return {kind.label: int(sums[kind]) for kind in kinds}


def _accounts(settlement: Settlement) -> dict[str, dict[str, int]]:
    """What the participants together and each other account are paid less what they pay."""
    balances = make_balances(settlement)
    columns = (balances.net_micro, balances.retail_only_micro, balances.gain_micro)
    return {
        name: {"net_micro": net, "retail_only_micro": alone, "gain_micro": gain}
        for name, net, alone, gain in zip(
            balances.accounts, *(column.tolist() for column in columns), strict=True
        )
    }


def _invariants(settlement: Settlement) -> dict[str, dict[str, int | str]]:
    """Each invariant with its figure, those of the tables beside the ledger among them."""
    found: dict[str, dict[str, int | str]] = {
        each.name: {"figure": each.figure, "meaning": each.meaning} for each in invariants(settlement)
    }
    balance, count = account_balance_micro(settlement.ledger), len(settlement.participants)
    statements, residuals = make_statements(settlement), make_residuals(settlement)
    retailers = balance[count : count + len(settlement.tariffs.retailers)]
    found["statements_micro"] = {
        "figure": int(np.abs(statements.total_micro + balance[:count]).max(initial=0)),
        "meaning": "each statement comes to what the ledger says of the participant",
    }
    found["residuals_micro"] = {
        "figure": int(np.abs(residuals.amount_micro.sum(axis=0) - retailers).max(initial=0)),
        "meaning": "each retailer's residuals come to what the ledger says of the retailer",
    }
    return found
