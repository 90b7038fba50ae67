"""Listing: what a network holds, for people who write participants into it."""

from typing import Any

import numpy as np

from gridpact.arrays import Bool
from gridpact.grid.network import ElementKind, Network


def listing(network: Network) -> dict[str, Any]:
    """The buses, lines, transformers and notices of a network, as plain numbers, texts, lists and dicts.

    Returns:
        `name`; `buses`, each with `index`, `name`, `nominal_kv` and `supply`, whether a supply is at it;
        `lines` and `transformers`, each with `index` and `name`; `notices`. Only what a supply reaches.
    """
    elements, at_supply = network.elements, _at_supply(network)
    rated = [
        (kind, {"index": index, "name": name})
        for kind, index, name in zip(elements.kind, elements.id.tolist(), elements.name, strict=True)
    ]
    return {
        "name": network.name,
        "buses": [
            {"index": index, "name": name, "nominal_kv": nominal_kv, "supply": supply}
            for index, name, nominal_kv, supply in zip(
                network.bus_ids.tolist(),
                network.bus_names,
                network.bus_voltage_kv.tolist(),
                at_supply.tolist(),
                strict=True,
            )
        ],
        "lines": [row for kind, row in rated if kind is ElementKind.LINE],
        "transformers": [row for kind, row in rated if kind is ElementKind.TRANSFORMER],
        "notices": list(network.notices),
    }


def listed(facts: dict[str, Any]) -> str:
    """A listing as aligned lines of text."""
    lines = [facts["name"]]
    for bus in facts["buses"]:
        remark = "  supply" if bus["supply"] else ""
        lines.append(f"  bus          {bus['index']:>5}  {bus['nominal_kv']:>7g} kV  {bus['name']}{remark}")
    for kind in (ElementKind.LINE, ElementKind.TRANSFORMER):
        lines += [f"  {kind:<11}  {row['index']:>5}  {row['name']}" for row in facts[f"{kind}s"]]
    return "\n".join(line.rstrip() for line in [*lines, *(f"  notice  {text}" for text in facts["notices"])])


def _at_supply(network: Network) -> Bool:
    """Whether a supply holds each bus, at it or behind the impedance of its own, (B,)."""
    slack, branches = network.slack_node, network.branches
    behind = slack[~np.isin(slack, network.bus_node)]
    beside = [
        branches.to_node[np.isin(branches.from_node, behind)],
        branches.from_node[np.isin(branches.to_node, behind)],
    ]
    return np.isin(network.bus_node, np.concatenate([slack, *beside]))
