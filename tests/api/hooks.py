"""For schemathesis: sources that it makes up are at an address of this machine where nobody listens, so that nothing of the internet is polled."""

from urllib.parse import urlsplit

import schemathesis


def here(url):
    """The URL at this machine; what is none stays as it is."""
    try:
        parts = urlsplit(url)
        web = parts.scheme in ("http", "https") and parts.port != 0 and parts.hostname
    except (ValueError, AttributeError, TypeError):
        return url
    return f"{parts.scheme}://127.0.0.1:9/{parts.hostname}{parts.path}?{parts.query}" if web else url


@schemathesis.hook
def before_call(context, case, kwargs):
    body = case.body if isinstance(case.body, dict) else {}
    listed = body.get("sources")
    for table in [body, *(listed if isinstance(listed, list) else [])]:
        if isinstance(table, dict) and "url" in table:
            table["url"] = here(table["url"])
