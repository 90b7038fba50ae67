"""PageCaller: who opens a page, and what the gate does for it there: as much as for its keys."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from gridpact.gate.access.visitor import Visitor, login_key, visitor_of_key
from gridpact.gate.api.incoming import service_of
from gridpact.gate.api.service import Service
from gridpact.gate.pages.browser_login import FORM_TOKEN as TOKEN
from gridpact.gate.pages.browser_login import LANGUAGE_COOKIE, LOGIN_COOKIE, cookie_of, need_own_form
from gridpact.gate.pages.chosen_language import PageWords, wanted_language
from gridpact.gate.pages.inner_api import InnerAnswer, call_api
from gridpact.gate.pages.page_forms import PageForm, read_form
from gridpact.gate.words.refused import Refused

Answer = TypeVar("Answer")
NOT_LOGGED_IN = 401


class PageCaller:
    """Who opens a page.

    Attributes:
        request: of the page.
        service: of this process.
        words: of its language.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.service: Service = service_of(request)
        accepted = request.headers.get("accept-language", "")
        self.words = PageWords(wanted_language(cookie_of(request, LANGUAGE_COOKIE) or None, accepted))
        self.secret = cookie_of(request, LOGIN_COOKIE)
        self._who: Visitor | None = None

    @property
    def who(self) -> Visitor:
        """Who is logged in.

        Raises:
            Refused: 401, nobody is.
        """
        if self._who is None:
            raise Refused(NOT_LOGGED_IN, "no-key", "Log in first.")
        return self._who

    @property
    def is_logged_in(self) -> bool:
        """Whether somebody is logged in."""
        return self._who is not None

    async def look_who(self) -> None:
        """Finds out who is logged in, as the database has it now."""
        if not self.secret:
            return
        key, service = login_key(self.secret), self.service
        try:
            self._who = await service.read(lambda connection: visitor_of_key(connection, key, service.now()))
        except Refused as refused:
            if refused.status != NOT_LOGGED_IN:
                raise
        else:
            self.request.state.pseudonym = self._who.pseudonym

    async def read(self, query: Callable[[Connection], Answer]) -> Answer:
        """Carries out a query beside the loop."""
        return await self.service.read(query)

    async def api(self, method: str, *place: str, **sent: Any) -> InnerAnswer:
        """Calls a route of the API for who is logged in; see `call_api`."""
        return await call_api(self.request, login_key(self.secret), method, *place, **sent)

    async def found(self, *place: str, query: Mapping[str, str] | None = None) -> Any:
        """What a route of the API gives; `None` where that does not exist or is another's."""
        try:
            return (await self.api("GET", *place, query=query)).document
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def form(self) -> PageForm:
        """The form that was sent from a page of this gate.

        Raises:
            Refused: 403, it was sent from elsewhere.
        """
        form = await read_form(self.request)
        need_own_form(self.request, form.text(TOKEN), self.service.gate.settings.public_url)
        return form
