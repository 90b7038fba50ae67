"""`gridpact gate …` and `gridpact serve` at the shell."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gridpact.cli.gate import gate_folder
from gridpact.errors import InvalidUsage
from tests.example import write_example
from tests.gate.served import command, environment, moment, served


def test_without_the_extra_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "granian", None)
    with pytest.raises(InvalidUsage, match=r"pip install 'gridpact\[gate\]'"):
        gate_folder._need_libraries(Path())


def test_the_command_line_does_not_import_the_libraries_of_the_gate() -> None:
    pytest.importorskip("granian")
    libraries = "{'fastapi', 'sqlalchemy', 'cryptography'}"
    program = f"import sys, gridpact.cli; print(sorted({libraries} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_gate_is_made_once_and_only_its_owner_reads_its_key(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    folder = tmp_path / "g"
    done = command("gate", "init", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert set(made) == {"gate", "database", "operator_key"}
    assert (folder / "gate.key").stat().st_mode & 0o777 == 0o600
    assert made["operator_key"].encode() not in (folder / "gate.db").read_bytes()
    again = command("gate", "init", str(folder))
    assert again.returncode == 2 and "already" in again.stderr and not again.stdout


def test_tables_of_a_later_version_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    folder = tmp_path / "g"
    command("gate", "init", str(folder))
    assert command("gate", "migrate", str(folder)).returncode == 0
    with sqlite3.connect(folder / "gate.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (("gate", "migrate", str(folder)), ("serve", str(folder))):
        done = command(*words)
        assert done.returncode == 2 and "version 9999" in done.stderr, done.stderr


def test_what_sqlite_cannot_do_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    with served(tmp_path / "g") as gate:
        for words in (
            ("serve", str(gate.folder), "--port", "1"),
            ("serve", str(gate.folder), "--workers", "2"),
            ("gate", "work", str(gate.folder)),
        ):
            done = command(*words)
            assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert gate.stop() == 0


def test_a_case_becomes_a_market(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    case = write_example(tmp_path / "example")
    with served(tmp_path / "g") as gate:
        done = command("gate", "import", str(gate.folder), str(case), "--market", "street")
        assert done.returncode == 0, done.stderr
        market = gate.operator.get("/markets/street").json()
        assert market["network"]["builtin"] and market["limits"]["voltage_max_pu"]
        rows = gate.operator.get("/markets/street/participants").json()["items"]
        assert f"market street: {len(rows)} participants\n" == done.stdout


def test_the_shell_does_what_the_api_does_and_the_log_has_it(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    with served(tmp_path / "g") as gate:
        folder = str(gate.folder)
        assert (
            command("gate", "import", folder, str(write_example(tmp_path / "e")), "--market", "m").returncode
            == 0
        )
        participant = gate.operator.get("/markets/m/participants").json()["items"][0]["participant"]
        assert command("gate", "user", "put", folder, "ann").returncode == 0
        secret = command("gate", "key", "make", folder, "ann", "k").stdout.strip()
        assert command("gate", "mandate", "put", folder, "m", "ann", participant).returncode == 0
        me = gate.client(secret).get("/me").json()
        assert me["mandates"] == [{"market": "m", "participant": participant, "rights": ["read", "trade"]}]
        document = {"delivery_start": "2030-06-21T00:00:00Z", "periods": 2, "gate_opens": moment(-1)}
        (tmp_path / "s.json").write_text(json.dumps(document))
        done = command("gate", "session", "put", folder, "m", "s", str(tmp_path / "s.json"))
        assert done.returncode == 2 and "/gate_closes '' is missing" in done.stderr, done.stderr
        (tmp_path / "s.json").write_text(json.dumps({**document, "gate_closes": moment(60)}))
        assert command("gate", "session", "put", folder, "m", "s", str(tmp_path / "s.json")).returncode == 0
        assert command("gate", "session", "cancel", folder, "s", "--reason", "rain").returncode == 0
        assert json.loads(command("gate", "session", "show", folder, "s").stdout)["state"] == "cancelled"
        assert command("gate", "key", "revoke", folder, "ann", "k").returncode == 0
        assert gate.client(secret).get("/me").status_code == 401
        log = gate.operator.get("/log?limit=1000").json()["items"]
        kinds = [entry["kind"] for entry in log if entry["kind"] != "opened"]  # which the gate does by itself
        assert kinds[-6:] == ["user", "key", "mandate", "session", "session-cancelled", "key-revoked"]


def test_keys_mandates_and_sessions_have_their_options_at_the_shell(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    folder, case = str(tmp_path / "g"), write_example(tmp_path / "e")
    assert command("gate", "init", folder).returncode == 0
    assert command("gate", "import", folder, str(case), "--market", "m").returncode == 0
    assert command("gate", "user", "put", folder, "ann", "--role", "auditor").returncode == 0
    narrow = ("--expires", moment(100), "--participant", "a", "--right", "read")
    assert command("gate", "key", "make", folder, "ann", "k", *narrow).stdout.startswith("gridpact_")
    done = command("gate", "key", "make", folder, "ann", "l", "--expires", "tomorrow", "--right", "write")
    assert done.returncode == 2 and "/expires" in done.stderr and "/rights" in done.stderr
    assert command("gate", "mandate", "put", folder, "m", "ann", "a", "--from", moment(-1)).returncode == 0
    backwards = ("--from", moment(100), "--until", moment(1))
    done = command("gate", "mandate", "put", folder, "m", "ann", "a", *backwards)
    assert done.returncode == 2 and "/until" in done.stderr
    document = {"delivery_start": "2030-06-21T00:00:00Z", "periods": 2, "gate_opens": moment(50)}
    file = tmp_path / "s.json"
    for seconds, reason, code in ((100, "", 0), (200, "", 2), (200, "rain", 0)):
        file.write_text(json.dumps({**document, "gate_closes": moment(seconds)}))
        words = ("gate", "session", "put", folder, "m", "s", str(file))
        done = command(*words, *(("--reason", reason) if reason else ()))
        assert done.returncode == code, done.stderr
    assert command("gate", "verify", folder).stdout == "nothing deviates\n"


def test_a_gate_signs_with_a_new_key_and_is_verified_by_the_old_one_too(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    from tests.gate.served import make_market, make_session, ok, order

    with served(tmp_path / "g") as gate:
        homes = make_market(gate)
        make_session(gate, "s", 600)
        path = "/sessions/s/orders"
        old = ok(homes["h1"].post(path, json=order("a", "h1", "sell")), 201)
        (kid,) = (key["kid"] for key in gate.client().get("/keys").json()["keys"])
        done = command("gate", "rotate", str(gate.folder))
        assert done.returncode == 0 and kid not in done.stdout, done.stderr
        assert (gate.folder / "gate.key").stat().st_mode & 0o777 == 0o600
        gate.stop()
        gate.start()
        new = ok(homes["h1"].post(path, json=order("b", "h1", "sell")), 201)
        kids = [key["kid"] for key in gate.client().get("/keys").json()["keys"]]
        assert kids[0] == kid and len(kids) == 2
        assert ok(homes["h1"].post(path, json=order("a", "h1", "sell")), 200) == old
        for receipt in (old, new):
            (tmp_path / "r.json").write_text(json.dumps(receipt))
            words = ("gate", "verify", str(gate.folder), "--receipt", str(tmp_path / "r.json"))
            assert command(*words).stdout == "nothing deviates\n"


def test_settings_are_checked_all_at_once_and_metrics_have_a_port_of_their_own(tmp_path: Path) -> None:
    pytest.importorskip("granian")
    from urllib.request import urlopen

    from tests.gate.served import free_port, make_gate

    folder, port = tmp_path / "g", free_port()
    make_gate(folder, settings='colour = "red"\nmetrics_port = 70000\ndrain_seconds = "x"\n')
    done = command("serve", str(folder))
    assert done.returncode == 2
    for word in ("colour", "metrics_port", "drain_seconds", "requests_per_second"):
        assert word in done.stderr
    (folder / "gate.toml").write_text(f"metrics_port = {port}\n")
    with served(folder), urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert b"gridpact_gate_workers 1.0" in answer.read()


def test_a_serving_process_is_ready_without_the_engine() -> None:
    """Which takes half a second to import, and is for the processes that clear."""
    words = "import sys, gridpact.gate.running.application; print(*sys.modules)"
    call = [sys.executable, "-c", words]
    done = subprocess.run(call, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert not {"gridpact.clearing.ac", "scipy.optimize", "highspy", "pandas"} & set(done.stdout.split())
