"""The tables of a gate, as this version of it has them; `migrations/` makes them.

Moments are microseconds since 1970-01-01 UTC, digests hexadecimal digits, documents JSON text.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
NAME, DIGEST = String(200), String(64)

GATE = Table(
    "gate",
    METADATA,
    Column("gate", NAME, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)
GATE_KEY = Table(
    "gate_key",
    METADATA,
    Column("kid", NAME, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)
LOG_HEAD = Table(
    "log_head",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("chain", DIGEST, nullable=False),
    Column("changed", BigInteger, nullable=False),  # last entry that changed who may do what, or a session
)
LOG = Table(
    "log",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", NAME, nullable=False),
    Column("session", NAME),
    Column("actor", NAME, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("sha256", DIGEST, nullable=False),
    Column("chain", DIGEST, nullable=False),
)
# The entries that are events, which are found without a look at all the orders between them.
EVENT_ENTRIES = (
    "kind IN ('opened','seal','published','session-cancelled','trade','confirmation','rejection',"
    "'settled','webhook-disabled')"
)
Index(
    "log_of_events",
    LOG.c.sequence,
    sqlite_where=text(EVENT_ENTRIES),
    postgresql_where=text(EVENT_ENTRIES),
)
ACTION = Table(  # What operators and users did, as it came: the body of each log entry that is no submission.
    "action",
    METADATA,
    Column("sequence", ForeignKey("log.sequence"), primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
BATCH = Table(
    "batch",
    METADATA,
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
SUBMISSION = Table(
    "submission",
    METADATA,
    Column("submission", NAME, primary_key=True),
    Column("sequence", ForeignKey("log.sequence"), nullable=False, unique=True),
    Column("session", NAME, nullable=False),
    Column("participant", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("batch", ForeignKey("batch.batch")),
    Column("batch_index", Integer),
    Column("counterparty", NAME),
    Column("jws", Text),
    Column("receipt", Text, nullable=False),
    UniqueConstraint("session", "participant", "kind", "name", name="submission_name"),
    Index("submission_of_counterparty", "session", "counterparty"),
)
FATE = Table(  # What ended a submission, or bound it: at most one thing does.
    "fate",
    METADATA,
    Column("submission", ForeignKey("submission.submission"), primary_key=True),
    Column("state", NAME, nullable=False),
    Column("by_submission", ForeignKey("submission.submission"), nullable=False),
)
SEAL = Table(
    "seal",
    METADATA,
    Column("session", NAME, primary_key=True),
    Column("sealed_at", BigInteger, nullable=False),
    Column("submissions", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("root", DIGEST, nullable=False),
    Column("chain", DIGEST, nullable=False),
)
SEALED_CASE = Table(
    "sealed_case",
    METADATA,
    Column("session", ForeignKey("seal.session"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("case_sha256", DIGEST, nullable=False),
    Column("answer", Text, nullable=False),
)
USER = Table(
    "gate_user",
    METADATA,
    Column("user", NAME, primary_key=True),
    Column("pseudonym", NAME, nullable=False, unique=True),
    Column("document", Text, nullable=False),
)
API_KEY = Table(
    "api_key",
    METADATA,
    Column("sha256", DIGEST, primary_key=True),
    Column("user", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    Column("document", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    UniqueConstraint("user", "key", name="api_key_name"),
)
SIGNING_KEY = Table(
    "signing_key",
    METADATA,
    Column("user", NAME, primary_key=True),
    Column("kid", NAME, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("ended_at", BigInteger),
)
MANDATE = Table(
    "mandate",
    METADATA,
    Column("market", NAME, primary_key=True),
    Column("user", NAME, primary_key=True),
    Column("participant", NAME, primary_key=True),
    Column("document", Text, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("given_by", NAME),  # the user who handed it over, nothing where an operator gave it
)
PASSWORD = Table(  # Of people who log in by one; erased with its user, as all tables are that name a user.
    "password",
    METADATA,
    Column("user", NAME, primary_key=True),
    Column("argon2", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
INVITATION = Table(
    "invitation",
    METADATA,
    Column("sha256", DIGEST, primary_key=True),
    Column("user", NAME, nullable=False, index=True),
    Column("ends_at", BigInteger, nullable=False),
)
LOGIN = Table(
    "login",
    METADATA,
    Column("sha256", DIGEST, primary_key=True),
    Column("user", NAME, nullable=False, index=True),
    Column("began_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
IDENTITY = Table(  # Whom an identity provider calls `subject`.
    "identity",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user", NAME, nullable=False, index=True),
    Column("since", BigInteger, nullable=False),
)
SIGN_ON = Table(  # Ways to the identity provider that nobody has come back from yet.
    "sign_on",
    METADATA,
    Column("sha256", DIGEST, primary_key=True),
    Column("nonce", NAME, nullable=False),
    Column("verifier", NAME, nullable=False),
    Column("invitation", NAME),
    Column("ends_at", BigInteger, nullable=False),
)
MARKET = Table(
    "market",
    METADATA,
    Column("market", NAME, primary_key=True),
    Column("document", Text, nullable=False),
)
MARKET_FILE = Table(  # Every version of what operators gave for a market.
    "market_file",
    METADATA,
    Column("market", NAME, primary_key=True),
    Column("kind", NAME, primary_key=True),
    Column("sequence", ForeignKey("log.sequence"), primary_key=True, autoincrement=False),
    Column("received_at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
SESSION = Table(
    "session",
    METADATA,
    Column("session", NAME, primary_key=True),
    Column("market", NAME, nullable=False, index=True),
    Column("document", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("opens_at", BigInteger, nullable=False),
    Column("closes_at", BigInteger, nullable=False, index=True),
    Column("previous", NAME),
    Column("horizon", NAME, nullable=False),
    Column("last_received_at", BigInteger, nullable=False),
    Column("cancelled_at", BigInteger),
    Column("version", BigInteger, nullable=False),
)
OPENING = Table(  # Sessions whose opening the log has.
    "opening",
    METADATA,
    Column("session", NAME, primary_key=True),
    Column("sequence", ForeignKey("log.sequence"), nullable=False),
)
JOB = Table(
    "job",
    METADATA,
    Column("session", NAME, primary_key=True),
    Column("state", NAME, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
PUBLICATION = Table(
    "publication",
    METADATA,
    Column("session", ForeignKey("seal.session"), primary_key=True),
    Column("published_at", BigInteger, nullable=False),
    Column("answer", Text, nullable=False),
)
FAILED_FILE = Table(  # Of results that are not firm, which operators see until the session is published.
    "failed_file",
    METADATA,
    Column("session", ForeignKey("seal.session"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
SETTLEMENT = Table(  # What operators asked to be settled, with the sessions and files that it is made of.
    "settlement",
    METADATA,
    Column("settlement", NAME, primary_key=True),
    Column("market", NAME, nullable=False, index=True),
    Column("sequence", ForeignKey("log.sequence"), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
SETTLING_JOB = Table(
    "settling_job",
    METADATA,
    Column("settlement", ForeignKey("settlement.settlement"), primary_key=True),
    Column("state", NAME, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("worker", NAME, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
SETTLEMENT_PUBLICATION = Table(
    "settlement_publication",
    METADATA,
    Column("settlement", ForeignKey("settlement.settlement"), primary_key=True),
    Column("published_at", BigInteger, nullable=False),
    Column("answer", Text, nullable=False),
)
SETTLED_FILE = Table(
    "settled_file",
    METADATA,
    Column("settlement", ForeignKey("settlement_publication.settlement"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
WEBHOOK = Table(  # Where users have events sent; how far each has come, and who sends it.
    "webhook",
    METADATA,
    Column("user", NAME, primary_key=True),
    Column("webhook", NAME, primary_key=True),
    Column("document", Text, nullable=False),
    Column("key_sha256", DIGEST, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("problem", Text, nullable=False),
    Column("disabled_at", BigInteger),
    Column("fence", BigInteger, nullable=False),
    Column("worker", NAME, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)
WORKER = Table(  # Clearing workers, and when each was last heard of.
    "worker",
    METADATA,
    Column("worker", NAME, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)
PUBLISHED_FILE = Table(
    "published_file",
    METADATA,
    Column("session", ForeignKey("publication.session"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
