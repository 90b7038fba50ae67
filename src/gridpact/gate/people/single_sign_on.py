"""Single sign-on by an identity provider: OpenID Connect, code flow with PKCE, state and nonce."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from gridpact.extras import OIDC
from gridpact.gate.access.visitor import secret_sha256
from gridpact.gate.store.gate_settings import LOOPBACK, GateSettings
from gridpact.gate.store.gate_tables import SIGN_ON
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import Refused

RETURN_PATH = "/login/sso/return"
WELL_KNOWN = "/.well-known/openid-configuration"
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]  # Never `none`, never a shared secret.
PATIENCE_SECONDS, LEEWAY_SECONDS = 10.0, 60
WAY_MICROSECONDS = 10 * 60 * 1_000_000
SECRET_BYTES, SUBJECT_MAX = 32, 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """A way to the identity provider that was begun.

    Attributes:
        state: that the provider gives back, and the browser has in a cookie.
        nonce: that its token repeats.
        verifier: of PKCE, which shows that the code comes back to who asked for it.
        invitation: secret of the invitation that is accepted on the way, `None` where one logs in.
    """

    state: str
    nonce: str
    verifier: str
    invitation: str | None = None


def has_sign_on(settings: GateSettings) -> bool:
    """Whether a gate takes the word of an identity provider."""
    return bool(settings.oidc_issuer)


def need_sign_on_libraries(settings: GateSettings) -> None:
    """Refuses to serve a gate with single sign-on without its libraries.

    Raises:
        InvalidUsage: one of them is not installed.
    """
    if has_sign_on(settings):
        OIDC.need("single sign-on takes libraries that are not installed")


def begin_way(transaction: Transaction, invitation: str | None, now: int) -> SignOn:
    """Begins a way to the provider, and forgets those that nobody came back from."""
    transaction.write(delete(SIGN_ON).where(SIGN_ON.c.ends_at <= now))
    state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
    transaction.insert(
        SIGN_ON,
        sha256=secret_sha256(state),
        nonce=nonce,
        verifier=verifier,
        invitation=invitation,
        ends_at=now + WAY_MICROSECONDS,
    )
    return SignOn(state=state, nonce=nonce, verifier=verifier, invitation=invitation)


def end_way(transaction: Transaction, state: str, now: int) -> SignOn:
    """The way that ends with a state, which nobody can come back by again.

    Raises:
        Refused: 401, there is none.
    """
    where = SIGN_ON.c.sha256 == secret_sha256(state)
    row = transaction.row(select(SIGN_ON).where(where))
    if row is None or row.ends_at <= now:
        raise not_taken("This way to log in was begun too long ago, or elsewhere.")
    transaction.write(delete(SIGN_ON).where(where))
    return SignOn(state=state, nonce=row.nonce, verifier=row.verifier, invitation=row.invitation)


def provider_place(settings: GateSettings, way: SignOn) -> str:
    """Where the browser is sent.

    Raises:
        Refused: 503, the provider does not answer as it should.
    """
    place, _ = _client(settings).create_authorization_url(
        _endpoint(_discovered(settings), "authorization_endpoint"),
        state=way.state,
        nonce=way.nonce,
        code_verifier=way.verifier,
    )
    return str(place)


def subject_of(settings: GateSettings, way: SignOn, returned: Mapping[str, str]) -> str:
    """Whom the provider says who comes back is.

    Args:
        settings: of the gate.
        way: that was begun.
        returned: the parameters that the browser came back with.

    Raises:
        Refused: 401 where the provider did not let it in, or its word does not hold; 503 where it does not
            answer.
    """
    if "code" not in returned or returned.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise not_taken("The identity provider did not let you in.")
    from authlib.common.errors import AuthlibBaseError

    discovered = _discovered(settings)
    try:
        token = _client(settings).fetch_token(
            _endpoint(discovered, "token_endpoint"),
            grant_type="authorization_code",
            code=returned["code"],
            code_verifier=way.verifier,
        )
    except AuthlibBaseError as error:
        raise not_taken("The identity provider did not take its own code back.") from error
    except (OSError, ValueError, _http_error()) as error:
        raise _no_provider() from error
    return _subject(settings, _keys(discovered), str(token.get("id_token", "")), way.nonce)


def _subject(settings: GateSettings, keys: Mapping[str, Any], id_token: str, nonce: str) -> str:
    """The subject of a token that holds: signed by the provider, for this gate, now, and for this way."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    needed = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": settings.oidc_issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = jwt.decode(id_token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
        needed.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise not_taken("The word of the identity provider does not hold.") from error
    is_for_another = claims.get("azp", settings.oidc_client_id) != settings.oidc_client_id
    subject = claims["sub"]
    if is_for_another or not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX:
        raise not_taken("The word of the identity provider does not hold.")
    return subject


def _client(settings: GateSettings) -> Any:
    """The client of the provider, which proves with PKCE that it began the login."""
    from authlib.integrations.httpx_client import OAuth2Client

    return OAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope="openid",
        redirect_uri=settings.public_url.rstrip("/") + RETURN_PATH,
        code_challenge_method="S256",
        timeout=PATIENCE_SECONDS,
        follow_redirects=False,
        trust_env=False,
    )


def _discovered(settings: GateSettings) -> dict[str, Any]:
    """What the provider says of itself, as far as it is the one that is meant."""
    found = _fetched(settings.oidc_issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != settings.oidc_issuer:
        raise _no_provider()
    return found


def _keys(discovered: Mapping[str, Any]) -> dict[str, Any]:
    return _fetched(_endpoint(discovered, "jwks_uri"))


def _endpoint(discovered: Mapping[str, Any], name: str) -> str:
    """A place of the provider, by TLS unless it is on this machine."""
    place = str(discovered.get(name, ""))
    parts = urlsplit(place)
    if not parts.hostname or not (parts.scheme == "https" or parts.hostname in LOOPBACK):
        raise _no_provider()
    return place


def _fetched(place: str) -> dict[str, Any]:
    """A document of the provider."""
    import httpx2

    try:
        with httpx2.Client(timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False) as client:
            answer = client.get(place)
        answer.raise_for_status()
        found = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise _no_provider() from error
    if not isinstance(found, dict):
        raise _no_provider()
    return found


def _http_error() -> type[Exception]:
    import httpx2

    return httpx2.HTTPError


def not_taken(said: str) -> Refused:
    """The answer to who comes back from the provider in vain."""
    return Refused(401, "not-let-in", said)


def _no_provider() -> Refused:
    said = "The identity provider does not answer as it should."
    return Refused(503, "not-stored", said, headers={"Retry-After": "10"})
