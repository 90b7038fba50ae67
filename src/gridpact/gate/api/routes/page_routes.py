"""The page at the root: what this is, and where the API is."""

from html import escape

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.api.answers import read_answer
from gridpact.gate.api.incoming import parameters, service_of
from gridpact.version import __version__

router = APIRouter(include_in_schema=False)
CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gridpact gate</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}</style>
</head>
<body><main><h1>The open gate</h1>
<p>Orders, trades and forecasts for coming sessions are handed in here, and what came of them is fetched.</p>
<ul>
<li><a href="/api/v1/openapi.json">Description of the API</a> (OpenAPI 3.1)</li>
<li><a href="/api/v1/time">The gate's time</a></li>
<li><a href="/api/v1/keys">The keys that it signs with</a></li>
<li><a href="/api/v1/ready">Whether it is ready</a></li>
</ul>
<p>Gate <code>{gate}</code>, gridpact {version}</p></main></body></html>
"""


@router.get("/")
async def root(request: Request) -> Response:
    """The page at the root."""
    parameters(request)
    page = PAGE.format(gate=escape(service_of(request).name), version=escape(__version__)).encode()
    answer = read_answer(request, page, media_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
