"""What must hold of bills: that they are what the ledger says, in cents."""

from collections.abc import Sequence

from gridpact.settlement.amounts.cents import MICRO_PER_CENT
from gridpact.settlement.bills.bill import Bill
from gridpact.settlement.ledger.ledger import BILLED
from gridpact.settlement.statements.statements import LINES, PAYS, Statements


def bills_off_micro(statements: Statements, bills: Sequence[Bill]) -> int:
    """By how much a bill before VAT is off what its participant pays by the ledger, at most.

    What the supplier bills itself is in the ledger and not in the bill, and counts exactly.
    """
    return max((abs(_off_micro(bill, statements)) for bill in bills), default=0)


def lines_off_micro(statements: Statements, bills: Sequence[Bill]) -> int:
    """By how much the exact amounts of a bill's lines are off the statement's line of that name, at most."""
    worst = 0
    for bill in bills:
        billed = [(line.line, int(line.amount_micro)) for line in (*bill.lines, *bill.information)]
        for place, line in enumerate(LINES):
            if line.kind not in BILLED:
                said = int(PAYS[place] * statements.amount_micro[place, bill.participant])
                worst = max(worst, abs(sum(micro for name, micro in billed if name == line.name) - said))
    return worst


def _off_micro(bill: Bill, statements: Statements) -> int:
    """By how much one bill is off."""
    of_supplier = sum(int(line.amount_micro) for line in bill.information)
    paid = int(statements.total_micro[bill.participant])
    return bill.net_cents * MICRO_PER_CENT + of_supplier - paid
