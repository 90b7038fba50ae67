"""The balance of accounts: what the entries of a ledger come to for each."""

from gridpact.arrays import Int
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import Ledger


def account_balance_micro(ledger: Ledger) -> Int:
    """What each account is paid less what it pays, (accounts,)."""
    size = len(ledger.accounts)
    paid = sum_at(ledger.credit, ledger.amount_micro, size)
    return paid - sum_at(ledger.debit, ledger.amount_micro, size)
