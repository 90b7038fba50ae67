"""To log in and out: passwords, invitations, cookies, forms, limits, mandates, export and erasure."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("granian")
pytest.importorskip("argon2")

from gridpact.gate.pages.login_limits import PAIR_AT_ONCE
from tests.gate.served import Served, command, make_market, make_session, ok, order, served
from tests.gate_pages.people import PASSWORD
from tests.gate_pages.visits import Visit, invited, logged_in, said


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    settings = "requests_per_second = 1e6\nrequests_at_once = 1e6\nlogin_hours = 2\n"
    with served(folder, settings=settings) as running:
        make_market(running)
        yield running


def rows(gate: Served, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(gate.folder / "gate.db") as connection:
        return connection.execute(query).fetchall()


def test_an_invitation_works_once_and_logs_in(gate: Served) -> None:
    path, visit = invited(gate, "h1"), Visit(gate)
    short = visit.post(path, path, password="short", again="short")
    assert short.status_code == 422 and "is too short" in said(short) and "12 to 200" in said(short)
    other = visit.post(path, path, password=PASSWORD, again="something else")
    assert other.status_code == 422 and "is another" in said(other)
    answer = visit.accept(path)
    assert answer.status_code == 303
    assert "Home h1" in visit.get("/account").text
    again = Visit(gate).get(path)
    assert again.status_code == 404
    first, second = invited(gate, "h1"), invited(gate, "h1")
    assert (Visit(gate).get(first).status_code, Visit(gate).get(second).status_code) == (404, 200)


def test_only_digests_of_passwords_logins_and_invitations_are_kept(gate: Served) -> None:
    path = invited(gate, "h2")
    visit = Visit(gate)
    visit.accept(path)
    secret = visit.client.cookies["gridpact_login"]
    invited(gate, "h2")
    content = (gate.folder / "gate.db").read_bytes() + (gate.folder / "gate.db-wal").read_bytes()
    for word in (PASSWORD, secret, path.rpartition("/")[2]):
        assert word.encode() not in content
    assert sha256(secret.encode()).hexdigest() in {row[0] for row in rows(gate, "SELECT sha256 FROM login")}
    (kept,) = rows(gate, "SELECT argon2 FROM password WHERE user = 'h2'")[0]
    assert str(kept).startswith("$argon2id$")
    log = gate.log.read_text()
    assert PASSWORD not in log and secret not in log and path not in log


def test_a_login_has_a_strict_cookie_and_ends_by_logout_by_time_and_by_a_new_password(gate: Served) -> None:
    visit = logged_in(gate, "h1")
    first = visit.client.cookies["gridpact_login"]
    answer = visit.post("/login", "/account", user="h1", password=PASSWORD)
    cookie = next(each for each in answer.headers.get_list("set-cookie") if "gridpact_login" in each)
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Max-Age=7200" in cookie
    assert "Secure" not in cookie, "on loopback there is no TLS"
    assert visit.client.cookies["gridpact_login"] != first, "it is a new one after each login"
    stale = Visit(gate)
    stale.client.cookies.set("gridpact_login", first)
    assert stale.get("/account").status_code == 303, "and the one before has ended"
    elsewhere = Visit(gate)
    elsewhere.log_in("h1")
    assert visit.post("/logout", "/account").status_code == 303
    kept = Visit(gate)
    kept.client.cookies.set("gridpact_login", visit.client.cookies.get("gridpact_login") or first)
    assert kept.get("/account").status_code == 303
    assert elsewhere.get("/account").status_code == 200, "other devices stay logged in"
    changed = elsewhere.post(
        "/account/password",
        "/account",
        old_password=PASSWORD,
        password=PASSWORD + " two",
        again=PASSWORD + " two",
    )
    assert changed.status_code == 303 and elsewhere.get("/account").status_code == 200
    logged_in(gate, "h1")
    assert elsewhere.get("/account").status_code == 303, "a password that is set ends all logins"
    with sqlite3.connect(gate.folder / "gate.db") as connection:
        late = logged_in(gate, "h1")
        connection.execute("UPDATE login SET ends_at = began_at + 1")
        connection.commit()
    assert late.get("/account").status_code == 303


def test_cookies_go_by_tls_alone_where_it_is_not_this_machine(gate: Served) -> None:
    answer = Visit(gate, Host="gate.example.org").get("/login")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-gridpact_form=") and "Secure" in cookie and "HttpOnly" in cookie


def test_a_login_is_no_key_of_the_api_and_a_key_is_no_login(gate: Served) -> None:
    visit = logged_in(gate, "h2")
    secret = visit.client.cookies["gridpact_login"]
    digest = sha256(secret.encode()).hexdigest()
    for word in (secret, digest, f"login.{digest}"):
        assert gate.client(word).get("/me").status_code == 401
    assert visit.get("/api/v1/me").status_code == 401, "the API does not look at cookies"
    stolen = Visit(gate)
    stolen.client.cookies.set("gridpact_login", (gate.folder / "operator.key").read_text().strip())
    assert stolen.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, "0" * 64),
        ({}, ""),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
        ({"Origin": "https://elsewhere.example"}, None),
        ({"Origin": "null"}, None),
    ],
)
def test_a_form_of_another_site_does_nothing(
    gate: Served, headers: dict[str, str], token: str | None
) -> None:
    visit = logged_in(gate, "h3")
    fields = {"form_token": visit.token("/account") if token is None else token, "key": "stolen"}
    answer = visit.client.post("/account/keys", data=fields, headers=headers)
    assert answer.status_code == 403 and "Nothing was done" in answer.text
    login = Visit(gate)
    fields = {
        "form_token": login.token("/login") if token is None else token,
        "user": "h3",
        "password": PASSWORD,
    }
    assert login.client.post("/login", data=fields, headers=headers).status_code == 403
    assert "stolen" not in visit.get("/account").text


def test_wrong_names_and_passwords_get_one_answer_and_are_slowed(gate: Served) -> None:
    logged_in(gate, "h3")
    wrong, nobody = (
        Visit(gate).log_in("h3", "not the password"),
        Visit(gate).log_in("nobody", "not the password"),
    )
    assert wrong.status_code == nobody.status_code == 401
    assert said(wrong).partition("You could")[2] == said(nobody).partition("You could")[2]
    for _ in range(int(PAIR_AT_ONCE) - 1):
        assert Visit(gate).log_in("h3", "not the password").status_code == 401
    slowed = Visit(gate).log_in("h3")
    assert slowed.status_code == 429 and int(slowed.headers.get("retry-after", "1")) >= 1
    assert "Too many tries" in slowed.text
    assert Visit(gate).log_in("nobody", "not the password").status_code == 401, "others are not slowed"


def test_mandates_are_handed_over_and_ended_by_users_themselves(gate: Served) -> None:
    ok(gate.operator.put("/users/pool", json={"name": "Pool", "roles": []}), 200, 201)
    key = ok(gate.operator.post("/users/pool/keys", json={"key": "k"}))["secret"]
    pool, path = gate.client(key), "/markets/elm/mandates/pool/h1"
    home = logged_in(gate, "h1")
    fields = {"market": "elm", "participant": "h1", "user": "pool"}
    nobody = home.post("/account/mandates", "/account", **{**fields, "user": "nobody"}, right=["read"])
    assert nobody.status_code == 422 and "is not a user" in said(nobody)
    assert home.post("/account/mandates", "/account", **fields, right=["read"]).status_code == 303
    (mandate,) = ok(pool.get("/me"))["mandates"]
    assert mandate == {"market": "elm", "participant": "h1", "rights": ["read"]}
    # Who has it from somebody else does not hand it on, and nobody hands over what is another's.
    ok(pool.put("/markets/elm/mandates/h3/h1", json={"rights": ["read"]}), 403)
    other = ok(gate.operator.post("/users/h1/keys", json={"key": "for-mandates"}))["secret"]
    ok(gate.client(other).put("/markets/elm/mandates/pool/h2", json={"rights": ["read"]}), 403)
    ok(gate.client(other).put("/markets/elm/mandates/h2/h2", json={"rights": ["read"]}), 403)
    # A key that is narrowed hands nothing over.
    narrow = ok(gate.operator.post("/users/h1/keys", json={"key": "narrow", "rights": ["read", "trade"]}))[
        "secret"
    ]
    ok(gate.client(narrow).put(path, json={"rights": ["read"]}), 403)
    ok(gate.client(narrow).delete(path), 403)
    assert home.post("/account/mandates/ended", "/account", **fields).status_code == 303
    assert ok(pool.get("/me"))["mandates"] == []
    # Less is taken from who handed more over: what goes beyond ends with it; and the end of all ends all.
    ok(gate.client(other).put(path, json={"rights": ["read", "trade"]}), 201)
    ok(gate.operator.put("/markets/elm/mandates/h1/h1", json={"rights": ["read"]}), 200)
    assert ok(pool.get("/me"))["mandates"] == []
    ok(gate.client(other).put(path, json={"rights": ["read", "trade"]}), 403)
    ok(gate.client(other).put(path, json={"rights": ["read"]}), 201)
    ok(gate.client(other).delete("/markets/elm/mandates/h1/h1"), 204)
    assert ok(pool.get("/me"))["mandates"] == [] == ok(gate.client(other).get("/me"))["mandates"]
    ok(gate.operator.put("/markets/elm/mandates/h1/h1", json={"rights": ["read", "trade"]}), 201)
    ok(gate.operator.put(path, json={"rights": ["read"]}), 201)
    ok(gate.client(other).put(path, json={"rights": ["read"]}), 409)
    ok(pool.delete(path), 204)


def test_a_user_takes_its_data_and_erases_itself(gate: Served) -> None:
    ok(gate.operator.put("/users/mia", json={"name": "Mia Sommer", "roles": []}))
    ok(gate.operator.put("/markets/elm/mandates/mia/h2", json={"rights": ["read", "trade"]}), 201)
    make_session(gate, "of-mia", 3000)
    mia = logged_in(gate, "mia")
    fields = {"participant": "h2", "order": "o-mia", "side": "buy", "power_kw": "1", "price_per_kwh": "0.2"}
    window = {"start": "2030-06-21T00:00:00+00:00", "end": "2030-06-21T01:00:00+00:00"}
    assert mia.post("/sessions/of-mia/orders", "/sessions/of-mia", **fields, **window).status_code == 303
    with zipfile.ZipFile(io.BytesIO(mia.get("/account/export.zip").content)) as archive:
        names = archive.namelist()
        me = json.loads(archive.read("me.json"))
        logins = json.loads(archive.read("logins.json"))
    assert me["name"] == "Mia Sommer" and logins["password_set_at"] and len(logins["logins"]) == 1
    assert sum(name.endswith("receipt.json") for name in names) == 1
    assert all("argon2" not in name for name in names)
    wrong = mia.post("/account/erased", "/account", user="somebody")
    assert wrong.status_code == 422 and mia.get("/account").status_code == 200
    assert mia.post("/account/erased", "/account", user="mia").status_code == 303
    assert mia.get("/account").status_code == 303
    assert Visit(gate).log_in("mia").status_code == 401
    tables = ("gate_user", "password", "login", "invitation", "mandate", "api_key", "identity")
    assert not [table for table in tables if rows(gate, f"SELECT 1 FROM {table} WHERE user = 'mia'")]
    for path in (gate.folder / "gate.db", gate.folder / "gate.db-wal"):
        assert rows(gate, "SELECT count(*) FROM submission WHERE name = 'o-mia'") == [(1,)], path
    actions = b"".join(bytes(row[0]) for row in rows(gate, "SELECT body FROM action"))  # type: ignore[arg-type]
    assert b"Mia Sommer" not in actions
    done = command("gate", "verify", str(gate.folder))
    assert done.returncode == 0, done.stdout


def test_the_shell_invites(gate: Served, tmp_path: Path) -> None:
    done = command("gate", "user", "invite", str(gate.folder), "h2")
    assert done.returncode == 0, done.stderr
    path = done.stdout.splitlines()[0]
    assert Visit(gate).get(path).status_code == 200
    assert command("gate", "user", "invite", str(gate.folder), "nobody").returncode == 2


def test_a_page_asks_for_a_login_and_leads_on(gate: Served) -> None:
    visit = Visit(gate)
    for path in ("/account", "/users", "/log", "/sessions/x"):
        assert visit.get(path).headers["location"].startswith("/login")
    logged_in(gate, "h2")
    fields = {"user": "h2", "password": PASSWORD}
    assert visit.post("/login", "/login", **fields, to="/account").headers["location"] == "/account"
    for place in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert visit.post("/login", "/account", **fields, to=place).headers["location"] == "/"
        assert visit.post("/language", "/account", language="de", to=place).headers["location"] == "/"


def test_pages_speak_the_language_that_is_asked_for_or_chosen(gate: Served) -> None:
    assert 'lang="de"' in Visit(gate, **{"Accept-Language": "fr, de-AT;q=0.8, en;q=0.5"}).get("/").text[:60]
    assert 'lang="en"' in Visit(gate, **{"Accept-Language": "fr"}).get("/").text[:60]
    visit = Visit(gate, **{"Accept-Language": "en"})
    visit.post("/language", "/login", language="de", to="/login")
    assert "Anmelden" in visit.get("/login").text
    assert "ist falsch" not in said(visit.log_in("nobody", "x")) and "Kein Benutzer" in said(
        visit.log_in("nobody", "x")
    )


def test_orders_of_a_page_are_those_of_the_api(gate: Served) -> None:
    make_session(gate, "same", 3000)
    visit = logged_in(gate, "h2")
    fields = {"participant": "h2", "order": "o-1", "side": "buy", "power_kw": "1,5", "price_per_kwh": "0.2"}
    window = {"start": "2030-06-21T00:00:00+00:00", "end": "2030-06-21T02:00:00+00:00"}
    for _ in range(2):  # What is sent twice is handed in once.
        assert visit.post("/sessions/same/orders", "/sessions/same", **fields, **window).status_code == 303
    key = ok(gate.operator.post("/users/h2/keys", json={"key": "same"}))["secret"]
    same = order("o-1", "h2", "buy", power_kw=1.5, start=window["start"], end=window["end"])
    ok(gate.client(key).post("/sessions/same/orders", json=same), 200)
    wrong = visit.post(
        "/sessions/same/orders", "/sessions/same", **{**fields, "order": "o-2", "power_kw": "much"}, **window
    )
    assert wrong.status_code == 422 and "Power, kW" in wrong.text and "“ much ”" in said(wrong)
    assert 'value="much"' in wrong.text, "what was typed stays"
    foreign = visit.post(
        "/sessions/same/orders", "/sessions/same", **{**fields, "participant": "h1"}, **window
    )
    assert foreign.status_code == 404
