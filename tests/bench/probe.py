"""Single requests with an outcome each, for tests in which things break. Not a load generator."""
import asyncio
import time

# Pause before a request that failed is sent again, in seconds.
RETRY_SECS = 0.2


async def get(port, host, timeout):
    """One GET on a connection of its own: a status such as "200", or "refused", "cut" or "timeout"."""
    try:
        async with asyncio.timeout(timeout):
            return await exchange(port, host)
    except TimeoutError:
        return "timeout"


async def exchange(port, host):
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return "refused"
    try:
        writer.write(f"GET /small HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return "cut"
    finally:
        writer.close()
    status = head.split(b" ", 2)[1].decode("ascii", "replace")
    return "cut" if status == "200" and len(body) < 128 else status


async def get_until(port, host, since, deadline):
    """Seconds from `since` (time.monotonic) until the host answered 200."""
    while time.monotonic() - since < deadline:
        if await get(port, host, deadline) == "200":
            return time.monotonic() - since
        await asyncio.sleep(RETRY_SECS)
    raise RuntimeError(f"{host} did not answer within {deadline} s")
