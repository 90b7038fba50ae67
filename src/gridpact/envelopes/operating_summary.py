"""The summary of operating envelopes: sums, shares, what was tried, and what a reader should know."""

from typing import Any

from gridpact.arrays import Float
from gridpact.clearing.dispatch_verification import Status
from gridpact.envelopes.envelope_arrays import EnvelopeArrays
from gridpact.fields.said import counted
from gridpact.results.decimals import figure
from gridpact.version import __version__


def summarise_envelopes(envelopes: EnvelopeArrays) -> dict[str, Any]:
    """The summary as plain numbers, texts, lists and dicts; powers in kW."""
    case, connection_kw = envelopes.case, envelopes.case.participants.connection_kw
    verification = envelopes.verification
    return {
        "name": case.name,
        "rule": str(envelopes.rule),
        "periods": case.horizon.periods,
        "participants": len(case.participants),
        "connection_kw": figure(float(connection_kw.sum())),
        "export_max_kw": figure(float(envelopes.export_max_kw[0].sum())),
        "import_max_kw": figure(float(envelopes.import_max_kw[0].sum())),
        "export_share": _range(envelopes.export_max_kw[0] / connection_kw),
        "import_share": _range(envelopes.import_max_kw[0] / connection_kw),
        "combinations_tried": envelopes.tried,
        "idle_limits_broken": envelopes.broken,
        "verification": {
            "status": "kept" if verification.status is Status.CLEARED else str(verification.status),
            "engine": verification.engine,
            "combinations": envelopes.verified,
            "max_voltage_excess_pu": verification.max_voltage_excess_pu,
            "max_loading_excess_percent": verification.max_loading_excess_percent,
            "max_unbalance_excess_percent": verification.max_unbalance_excess_percent,
            "max_difference_pu": verification.max_difference_pu,
        },
        "notices": _notices(envelopes),
        "inputs_sha256": case.inputs_sha256,
        "version": __version__,
    }


def _range(share: Float) -> dict[str, float]:
    """The least and the greatest share."""
    return {"least": figure(float(share.min())), "greatest": figure(float(share.max()))}


def _notices(envelopes: EnvelopeArrays) -> list[str]:
    """What a reader should know besides, sentence by sentence."""
    notices = [*envelopes.network.notices, *envelopes.case.warnings]
    if envelopes.broken:
        notices.append(
            f"The network breaks {counted(envelopes.broken, 'limit')} while nobody takes or feeds in "
            "anything: all envelopes are 0."
        )
    elif envelopes.verification.status is not Status.CLEARED:
        notices.append(
            "An independent power flow of the worst combinations finds limits broken or no solution: do not "
            "publish these envelopes."
        )
    return notices
