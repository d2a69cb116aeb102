"""What schemathesis needs to know of this API beyond its document: who asks, and what it may not touch."""

import http.cookies
import json
import os
import pathlib
import secrets
import urllib.request

import schemathesis

# Seconds between two sign-ins; the access token lives for 15 minutes.
REFRESH_S = 300

COOKIES = pathlib.Path(os.environ["OCTOPORTY_COOKIES"])
API = os.environ["OCTOPORTY_API"]


@schemathesis.auth(refresh_interval=REFRESH_S)
class Session:
    """Signs in anew each time, as a browser that the Agent knows: what is tried meanwhile may end sessions, and lock others
    out."""

    def get(self, case, context):
        known = json.loads(COOKIES.read_text())
        text = "; ".join(f"{name}={value}" for name, value in known.items() if name == "octoporty_browser")
        request = urllib.request.Request(
            f"{API}/api/v1/auth/login",
            data=json.dumps({"password": os.environ["OCTOPORTY_PASSWORD"]}).encode(),
            headers={"Cookie": text, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            for line in answer.headers.get_all("Set-Cookie"):
                known.update({name: morsel.value for name, morsel in http.cookies.SimpleCookie(line).items()})
        COOKIES.write_text(json.dumps(known))
        return known["octoporty_access"]

    def set(self, case, data, context):
        case.cookies = {**(case.cookies or {}), "octoporty_access": data}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Each request comes from another address, as the Agent's trusted proxy says: limits are per address, and are tested
    elsewhere."""
    case.headers = dict(case.headers or {})
    # Not `random`, whose state is the same again for each example.
    case.headers["X-Forwarded-For"] = ".".join(["10", *(str(secrets.randbelow(256)) for _ in range(3))])
