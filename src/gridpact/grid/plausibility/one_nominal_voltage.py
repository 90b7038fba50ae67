"""One nominal voltage for buses that lines and closed switches join, where the net gives them nearly one."""

from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridpact.grid.plausibility.rated_voltages import Joints

SAME = 1e-12
NAMED_MAX = 5


def with_one_nominal_voltage(net: Any, joints: tuple[Joints, ...]) -> tuple[str, ...]:
    """Gives all buses of each area that lines and switches join the nominal voltage that most of them have.

    What joins two buses has one voltage at both, so that two nominal voltages, 0.4 and 0.402 kV, have no
    exact meaning in pu. Voltages in kV stay what they are.

    Args:
        net: pandapower net, whose buses are changed; its joints join only what is nearly of one voltage.
        joints: its lines and closed switches.

    Returns:
        What was changed, for people.
    """
    pairs = np.concatenate([joint.bus for joint in joints])
    kv = net.bus.vn_kv.to_numpy().astype(float)
    if np.isclose(kv[pairs[:, 0]], kv[pairs[:, 1]], rtol=SAME, atol=0.0).all():
        return ()
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(kv),) * 2)
    area = connected_components(graph, directed=False)[1]
    notices = []
    for label in np.unique(area[pairs]):
        here = area == label
        values, counts = np.unique(kv[here], return_counts=True)
        most = values[np.argmax(counts)]
        changed = here & ~np.isclose(kv, most, rtol=SAME, atol=0.0)
        if changed.any():
            buses = net.bus.index[changed].tolist()
            named = ", ".join(map(str, buses[:NAMED_MAX])) + (", …" if len(buses) > NAMED_MAX else "")
            notices.append(
                f"nominal voltage taken as {most:g} kV, that of the buses they are joined to: bus {named}"
            )
            net.bus.loc[changed, "vn_kv"] = most
    return tuple(notices)
