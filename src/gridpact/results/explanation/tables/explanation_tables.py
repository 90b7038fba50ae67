"""Tables that explanations are made of: shares of cuts, loads of limits, names of places, terms of trades."""

from typing import Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.clearing.problem.cut_shares import CutShares
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network import ElementKind
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_tables import LABELS, PHASE, Columns, columns_of, element_labels
from gridpact.results.decimals import rounded
from gridpact.results.multipliers.limit_sensitivities import known_sensitivities

REASONS = ("trade", "time", "limited_by", "element", PHASE, "share", "per_kw")
LOADS = ("time", "limited_by", "element", PHASE, "participant", "injected", "drawn")
PLACES = ("kind", "element", "name", "nominal_kv", "rating_a")
TERMS = ("trade", "min_fraction", "block", "group", "link")
LOAD_MIN = 1e-3  # of the greatest sensitivity of a limit, below which a participant's is left out
LOAD_DIGITS = 9
KINDS = (ElementKind.BUS.value, ElementKind.LINE.value, ElementKind.TRANSFORMER.value)


def reasons_columns(clearance: ClearanceArrays) -> Columns:
    """Every limit and cap that cuts a trade in a period, with its share of the cut.

    Where shares are not known, what `cleared` names has all of it.
    """
    offers, trades, shares = clearance.offers, clearance.trades, all_shares(clearance)
    row, entry = _rows_of_columns(offers.column, shares.column)
    limited_by = shares.limited_by[entry]
    columns: dict[str, Any] = {
        "trade": Coded(labels=trades.ids, codes=offers.trade[row]),
        "time": Instants(horizon=clearance.case.horizon, period=offers.period[row]),
        "limited_by": Coded(labels=LABELS, codes=limited_by),
        "element": element_labels(clearance, limited_by, shares.element[entry]),
        PHASE: Coded(labels=PHASE_LABELS, codes=shares.phase[entry]),
        "share": rounded(shares.share[entry]),
        "per_kw": rounded(shares.per_kw[entry]),
    }
    return {name: columns[name] for name in columns_of(REASONS, clearance)}


def all_shares(clearance: ClearanceArrays) -> CutShares:
    """The shares of every column that is cut, each limit and cap once for each."""
    solution = clearance.solution
    is_cut = solution.limited_by != LimitedBy.NOTHING
    known = solution.shares.where(is_cut)
    unknown = np.flatnonzero(is_cut & ~np.isin(np.arange(len(is_cut)), known.column))
    named = CutShares(
        column=unknown,
        limited_by=solution.limited_by[unknown],
        element=solution.element[unknown],
        phase=solution.phase[unknown],
        share=np.ones(len(unknown)),
        per_kw=np.where(_is_cap(solution.limited_by[unknown]), 1.0, np.nan),
    )
    return _each_once(CutShares.joined(known, named))


def limit_loads_columns(clearance: ClearanceArrays) -> Columns | None:
    """How a kW of each participant moves the limits that hold trades or feed-in down; nothing if unknown.

    Participants whose kW moves a limit less than a thousandth of what moves it most are left out.
    """
    found = known_sensitivities(clearance)
    if found is None:
        return None
    binding, effects = found
    strongest = np.fmax(np.abs(effects.injected), np.abs(effects.drawn))
    most = np.fmax.reduce(strongest, axis=1, initial=0.0)
    limit, participant = np.nonzero((strongest > 0.0) & (strongest >= LOAD_MIN * most[:, None]))
    chosen = binding.at(effects.binding[limit])
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=chosen.period),
        "limited_by": Coded(labels=LABELS, codes=chosen.limited_by),
        "element": element_labels(clearance, chosen.limited_by, chosen.element),
        PHASE: Coded(labels=PHASE_LABELS, codes=chosen.phase),
        "participant": Coded(labels=clearance.case.participants.ids, codes=participant),
        "injected": np.round(effects.injected[limit, participant], LOAD_DIGITS) + 0.0,
        "drawn": np.round(effects.drawn[limit, participant], LOAD_DIGITS) + 0.0,
    }
    return {name: columns[name] for name in columns_of(LOADS, clearance)}


def places_columns(clearance: ClearanceArrays) -> Columns:
    """The buses, lines and transformers with their names, nominal voltages, and ratings of lines."""
    network, elements = clearance.network, clearance.network.elements
    buses, count = len(network.bus_ids), len(elements)
    names = (*network.bus_names, *elements.name)
    kind = [KINDS.index(each.value) for each in elements.kind]
    return {
        "kind": Coded(labels=KINDS, codes=np.array([0] * buses + kind, dtype=np.int64)),
        "element": np.concatenate([network.bus_ids, elements.id]).astype(np.int64),
        "name": Coded(labels=names, codes=np.arange(buses + count)),
        "nominal_kv": rounded(np.concatenate([network.bus_voltage_kv, np.full(count, np.nan)])),
        "rating_a": rounded(np.concatenate([np.full(buses, np.nan), _rating_a(clearance)])),
    }


def terms_columns(clearance: ClearanceArrays) -> Columns | None:
    """The terms of the trades that have any; nothing where none has."""
    trades, terms = clearance.trades, clearance.trades.terms
    chosen = np.flatnonzero(terms.given)
    if not len(chosen):
        return None
    flags = ("false", "true")
    return {
        "trade": Coded(labels=trades.ids, codes=chosen),
        "min_fraction": rounded(terms.min_fraction[chosen]),
        "block": Coded(labels=flags, codes=np.asarray(terms.block[chosen], dtype=np.int64)),
        "group": Coded.of_names(terms.group_names, terms.group[chosen]),
        "link": Coded.of_names(terms.link_names, terms.link[chosen]),
    }


def _rating_a(clearance: ClearanceArrays) -> Float:
    """The rated current of each line, NaN of transformers and of lines that have none, (E,)."""
    network, branches = clearance.network, clearance.network.branches
    kv_of_node = np.full(network.nodes, np.nan)
    kv_of_node[network.bus_nodes] = network.bus_voltage_kv[:, None]
    amperes = np.full(len(network.elements), np.nan)
    known, first = np.unique(branches.element, return_index=True)
    for element, branch in zip(known.tolist(), first.tolist(), strict=True):
        if element < 0 or network.elements.kind[element] is not ElementKind.LINE:
            continue
        kva = min(float(branches.rating_from_kva[branch]), float(branches.rating_to_kva[branch]))
        to_neutral = 1.0 / np.sqrt(3.0) if network.is_three_phase else np.sqrt(3.0)
        if np.isfinite(kva):
            amperes[element] = kva / (to_neutral * kv_of_node[branches.from_node[branch]])
    return amperes


def _is_cap(limited_by: Int) -> Any:
    return np.isin(limited_by, (LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND))


def _each_once(shares: CutShares) -> CutShares:
    """The shares with those of one limit added up, as of both ends of a line; by column, greatest first."""
    keys = np.column_stack([shares.column, shares.limited_by, shares.element, shares.phase])
    _, inverse = np.unique(keys, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    total = np.bincount(inverse, weights=shares.share).astype(np.float64)
    order = np.lexsort([-shares.share, inverse])
    _, first = np.unique(inverse[order], return_index=True)
    kept = order[first]
    by_share = np.lexsort([-total, shares.column[kept]])
    kept, total = kept[by_share], total[by_share]
    return CutShares(
        column=shares.column[kept],
        limited_by=shares.limited_by[kept],
        element=shares.element[kept],
        phase=shares.phase[kept],
        share=total,
        per_kw=shares.per_kw[kept],
    )


def _rows_of_columns(column_of_row: Int, column: Int) -> tuple[Int, Int]:
    """Each row with each entry of its column: rows, and positions in `column`, which ascends."""
    first = np.searchsorted(column, column_of_row, side="left")
    count = np.searchsorted(column, column_of_row, side="right") - first
    count = np.where(column_of_row >= 0, count, 0)
    row = np.repeat(np.arange(len(column_of_row)), count)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, first[row] + offset
