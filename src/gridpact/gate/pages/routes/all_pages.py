"""All pages of the gate."""

from fastapi import APIRouter

from gridpact.gate.pages.routes import (
    account_pages,
    audit_pages,
    desk_pages,
    hand_in_pages,
    home_pages,
    login_pages,
    session_pages,
)

router = APIRouter(include_in_schema=False)
for _pages in (
    home_pages,
    login_pages,
    session_pages,
    hand_in_pages,
    account_pages,
    desk_pages,
    audit_pages,
):
    router.routes.extend(_pages.ROUTES)
