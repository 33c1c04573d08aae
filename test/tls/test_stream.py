"""A stream over TLS: exactly LiteLLM's chunks, taken in the data callback of the connection."""

from __future__ import annotations

import pytest

from authority import GATE, WORDS
from litellm_bridge import cancel
from litellm_bridge.fast import source
from oracle import Outcome, fastly, new_call, normal, plainly
from providers import MESSAGES, litellm

cancel.install()  # as the worker does: what httpx has around aiohttp's answer is taken off

FEW = 15  # events that LiteLLM has to be asked for


@pytest.fixture
def taps(monkeypatch):
    """Those that are made. The server waits for them with what is to come through them."""
    made = []

    def tap_of(*args):
        made.append(plain(*args))
        GATE.set()
        return made[-1]

    plain = source.tap_of
    monkeypatch.setattr(source, "tap_of", tap_of)
    yield made
    GATE.set()


def test_a_stream_over_tls(urls, authority, taps, loop, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    options = {"api_base": urls["good"] + "/v1", "api_key": "k", "max_retries": 0}

    async def run(way) -> Outcome:
        call, outcome = new_call(), Outcome()
        if way is fastly:
            GATE.clear()
        request = {"model": "openai/m", "messages": MESSAGES, "stream": True, **options}
        await way(call, await litellm.acompletion(**request), outcome)
        return outcome

    plain, *fast = (loop.run_until_complete(run(way)) for way in (plainly, fastly, fastly))
    said = [chunk["choices"][0]["delta"].get("content") or "" for chunk in plain.chunks]
    assert "".join(said) == "".join(WORDS)
    assert [normal(outcome.chunks) for outcome in fast] == [normal(plain.chunks)] * 2
    assert max(outcome.given for outcome in fast) < FEW
    assert len(taps) == 2 and None not in taps
