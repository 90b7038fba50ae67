"""The same day as a researcher does it today: one optimisation model per hour, and one power flow per hour.

The model is the published DC formulation, written with highspy variable by variable and row by row from
pandapower's tables; `pandapower.runpp` then tells the voltages that it cannot see. Loads and generators are
made once, and given new values every hour.
"""

from typing import Any

import highspy
import numpy as np
import pandapower as pp

from gridpact.arrays import Float
from gridpact.case import Case, Trades
from gridpact.solvers.highs import SilentHighs

ANGLE_MAX_RAD = np.pi / 6


def clear_day(case: Case, trades: Trades, net: Any) -> tuple[Float, Float]:
    """Cleared power of each hour in kW, and its least voltage in pu, (T,) each; an hour may be any period."""
    cleared, lowest = [], []
    connect(case, net)
    for hour in range(case.horizon.periods):
        power_kw = clear_hour(case, trades, net, hour)
        cleared.append(sum(power_kw.values()))
        made_kw, used_kw = dispatch_hour(case, trades, hour, power_kw)
        lowest.append(float(operate_hour(case, net, made_kw, used_kw).min()))
    return np.array(cleared), np.array(lowest)


def connect(case: Case, net: Any) -> None:
    """Gives a net a load and a generator of each participant, in place of those that it has."""
    buses = case.participants.bus
    for table in ("load", "sgen", "storage"):
        net[table] = net[table].iloc[:0]
    pp.create_loads(net, buses, p_mw=0.0)
    pp.create_sgens(net, buses, p_mw=0.0)


def clear_hour(case: Case, trades: Trades, net: Any, hour: int) -> dict[int, float]:
    """Cleared power of each trade that is open in an hour, kW; surplus that is not sold is curtailed."""
    model = SilentHighs()
    infinity = highspy.kHighsInf
    load, made = case.profiles.load_kw[hour], case.profiles.generation_kw[hour]
    own = np.minimum(load, made)
    supply = set(net.ext_grid.bus)
    angle = {}
    for bus in net.bus.index:
        bound = 0.0 if bus in supply else infinity
        angle[bus] = model.addVariable(-bound, bound)
    slack = {bus: model.addVariable(-infinity, infinity) for bus in supply}
    power = {}
    for trade in range(len(trades)):
        if trades.start[trade] <= hour < trades.end[trade]:
            power[trade] = model.addVariable(0.0, float(trades.power_kw[trade]))
    flow_out = dict.fromkeys(net.bus.index, 0.0)
    for a, b, kw_per_rad, rating_kw in branches(net):
        flow = kw_per_rad * (angle[a] - angle[b])
        flow_out[a] = flow_out[a] + flow
        flow_out[b] = flow_out[b] - flow
        model.addConstr(flow <= rating_kw)
        model.addConstr(flow >= -rating_kw)
        model.addConstr(angle[a] - angle[b] <= ANGLE_MAX_RAD)
        model.addConstr(angle[a] - angle[b] >= -ANGLE_MAX_RAD)
    injected = dict.fromkeys(net.bus.index, 0.0)
    for k in range(len(case.participants)):
        bus = int(case.participants.bus[k])
        sold = [power[t] for t in power if trades.seller[t] == k]
        bought = [power[t] for t in power if trades.buyer[t] == k]
        if case.participants.firm[k]:
            injected[bus] = injected[bus] + float(own[k] - load[k]) + sum(sold)
        else:
            injected[bus] = injected[bus] + sum(sold) - sum(bought)
        if sold:
            model.addConstr(sum(sold) <= float(made[k] - own[k]))
        if bought:
            model.addConstr(sum(bought) <= float(load[k] - own[k]))
    for bus in net.bus.index:
        balance = flow_out[bus] - injected[bus] - slack.get(bus, 0.0)
        model.addConstr(balance == 0.0)
    if power:
        model.maximize(sum(power.values()))
    else:
        model.run()
    return {trade: float(model.val(one)) for trade, one in power.items()}


def branches(net: Any) -> list[tuple[int, int, float, float]]:
    """Ends, susceptance in kW per radian and rating in kW of every line and transformer."""
    found = []
    for _, line in net.line.iterrows():
        kv = net.bus.vn_kv[line.from_bus]
        r, x = line.r_ohm_per_km * line.length_km, line.x_ohm_per_km * line.length_km
        susceptance = 1000.0 * kv**2 * x / (r**2 + x**2)
        rating = 1000.0 * np.sqrt(3.0) * kv * line.max_i_ka
        found.append((int(line.from_bus), int(line.to_bus), susceptance, rating))
    for _, trafo in net.trafo.iterrows():
        r = trafo.vkr_percent / 100.0 / trafo.sn_mva
        x = np.sqrt((trafo.vk_percent / 100.0 / trafo.sn_mva) ** 2 - r**2)
        susceptance = 1000.0 * x / (r**2 + x**2)
        found.append((int(trafo.hv_bus), int(trafo.lv_bus), susceptance, 1000.0 * trafo.sn_mva))
    for _, switch in net.switch[(net.switch.et == "b") & net.switch.closed].iterrows():
        found.append((int(switch.bus), int(switch.element), 1e6, 1e6))
    return found


def dispatch_hour(case: Case, trades: Trades, hour: int, power_kw: dict[int, float]) -> tuple[Float, Float]:
    """What each participant makes and uses under a dispatch, kW, (P,) each."""
    load, made = case.profiles.load_kw[hour], case.profiles.generation_kw[hour]
    runs, uses = [], []
    for k in range(len(case.participants)):
        own = min(load[k], made[k])
        sold = sum(power_kw[t] for t in power_kw if trades.seller[t] == k)
        bought = sum(power_kw[t] for t in power_kw if trades.buyer[t] == k)
        runs.append(own + sold)
        uses.append(load[k] if case.participants.firm[k] else own + bought)
    return np.array(runs), np.array(uses)


def operate_hour(case: Case, net: Any, made_kw: Float, used_kw: Float) -> Float:
    """Voltage of each bus in the order of the net's tables, pu; the net is one that was connected."""
    people = case.participants
    net.load["p_mw"] = used_kw / 1e3
    net.load["q_mvar"] = used_kw * people.load_tan_phi / 1e3
    net.sgen["p_mw"] = made_kw / 1e3
    net.sgen["q_mvar"] = made_kw * people.generation_tan_phi / 1e3
    pp.runpp(net, numba=False)
    return net.res_bus.vm_pu.to_numpy()
