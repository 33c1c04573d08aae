"""Where LiteLLM loses data: with corrections it is there, without them it is as LiteLLM has it.

Either way LiteLLM's own path and the fast one agree. docs/differences.md has the list.
"""

from __future__ import annotations

from typing import Any

import litellm
import pytest

import anthropic_corpus
import bedrock_corpus
import lines_corpus
from eventstream import messages
from litellm_bridge import corrections
from litellm_bridge.fast.recipes import recipes
from openai_wire import DONE, STOP, USAGE, USED, WORDS, chunk, sse, text, texts, whole
from oracle import LOST, Bench
from suite import feeds, same
from versions import IS_LOCKED


@pytest.fixture(autouse=True)
def nothing_learnt():
    """What was learnt with corrections does not hold without them."""
    recipes.clear()
    yield
    recipes.clear()


@pytest.fixture
def corrected(nothing_learnt):
    with corrections.install(litellm):
        yield


class Ask:
    """Runs a stream both ways, in each feed, and tells what all of them gave."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._benches: dict[str, Bench] = {}

    def __call__(self, provider: str, data: bytes, **extra: Any) -> Any:
        return [self.once(provider, pieces, **extra) for pieces in feeds(provider, data)][-1]

    def once(self, provider: str, pieces: list[Any], **extra: Any) -> Any:
        bench = self._benches.setdefault(provider, Bench(provider))
        plain, fast = self._loop.run_until_complete(bench.both(pieces, **extra))
        assert fast.facts() == plain.facts()
        return fast


@pytest.fixture(scope="module")
def ask(loop):
    return Ask(loop)


def said(outcome, key="content"):
    deltas = [choice["delta"] for chunk in outcome.chunks for choice in chunk["choices"]]
    return "".join(delta.get(key) or "" for delta in deltas)


BY_LINES = ["groq", "mistral", "deepseek"] if IS_LOCKED else []
WITH_DONE = whole(*texts(["The end is ", "[DONE]", " in SSE", "."]))


@pytest.mark.parametrize("provider", [*BY_LINES, "openrouter"])
def test_done_in_a_text(provider, ask, corrected):
    assert said(ask(provider, WITH_DONE)) == "The end is [DONE] in SSE."


@pytest.mark.parametrize("provider", BY_LINES)
def test_done_in_a_text_ends_litellms_stream(provider, ask):
    assert said(ask(provider, WITH_DONE)) == "The end is "


@pytest.mark.parametrize("end", [b"data: [DONE] x\n\n", b"data:[DONE]\n\n", b"[DONE]\n\n", b""])
def test_done_itself_still_ends_a_stream(end, ask, corrected):
    for provider in BY_LINES:
        outcome = ask(provider, whole(*texts(WORDS), end=end))
        assert said(outcome) == "".join(WORDS)
        assert outcome.error is None


WITH_USAGE = {
    "in the finish chunk": whole(*texts(WORDS), finish={**STOP, "usage": USAGE}),
    "behind it": whole(*texts(WORDS), end=sse(USED) + DONE),
    "with a choice": whole(*texts(WORDS), end=sse({**chunk({}), "usage": USAGE}) + DONE),
}


@pytest.mark.parametrize("name", WITH_USAGE)
@pytest.mark.parametrize("provider", BY_LINES)
def test_usage(provider, name, ask, corrected):
    outcome = ask(provider, WITH_USAGE[name])
    known = {key: outcome.meta["usage"][key] for key in USAGE}
    assert (known, outcome.meta["estimated"]) == (USAGE, False)
    assert said(outcome) == "".join(WORDS)
    assert not any("usage" in chunk for chunk in outcome.chunks), "nobody asked for it"


@pytest.mark.parametrize("provider", BY_LINES)
def test_usage_in_a_chunk_where_it_is_asked_for(provider, ask, corrected):
    outcome = ask(provider, WITH_USAGE["behind it"], stream_options={"include_usage": True})
    (used,) = [chunk["usage"] for chunk in outcome.chunks if "usage" in chunk]
    assert {key: used[key] for key in USAGE} == USAGE


@pytest.mark.parametrize("name", WITH_USAGE)
@pytest.mark.parametrize("provider", BY_LINES)
def test_usage_that_litellm_counts_itself(provider, name, ask):
    outcome = ask(provider, WITH_USAGE[name])
    assert outcome.meta["estimated"] is True
    assert outcome.meta["usage"]["prompt_tokens"] != USAGE["prompt_tokens"]


SEPARATED = [f"a{mark}b " for mark in "\u2028\u2029\x85\u2028"]
LINES = {
    "groq": whole(*texts(SEPARATED)),
    "anthropic": anthropic_corpus.whole(SEPARATED),
    "ollama_chat": lines_corpus.chat(SEPARATED),
}
if not IS_LOCKED:
    del LINES["groq"]


@pytest.mark.parametrize("provider", LINES)
def test_separators_in_a_text(provider, ask, corrected):
    assert said(ask(provider, LINES[provider])) == "".join(SEPARATED)


@pytest.mark.parametrize("provider", LINES)
def test_separators_in_a_text_that_litellm_splits_at(provider, ask):
    outcome = ask(provider, LINES[provider])
    assert said(outcome) != "".join(SEPARATED) or outcome.error is not None


REFUSED = whole(*(chunk({"refusal": part}) for part in ("I ", "can't ", "help.")))


@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_refusals(provider, ask, corrected):
    outcome = ask(provider, REFUSED)
    assert said(outcome, "refusal") == "I can't help."
    reasons = [choice.get("finish_reason") for c in outcome.chunks for choice in c["choices"]]
    assert [reason for reason in reasons if reason] == ["stop"]
    mixed = whole(text("a"), chunk({"refusal": "no"}), text("b"))
    assert (said(ask(provider, mixed)), said(ask(provider, mixed), "refusal")) == ("ab", "no")


def test_refusals_that_litellm_drops(ask):
    assert said(ask("openai", REFUSED), "refusal") == ""


SHORT = messages(bedrock_corpus.framed(bedrock_corpus.whole(["one ", "two "])))[:3]


def test_bedrocks_first_kilobyte_when_the_connection_is_lost(ask, corrected):
    assert said(ask.once("bedrock", [*SHORT, LOST])) == "one two "


@pytest.mark.skipif(not IS_LOCKED, reason="newer ones hold nothing back")
def test_bedrocks_first_kilobyte_that_litellm_holds_back(ask):
    assert said(ask.once("bedrock", [*SHORT, LOST])) == ""


def corpora():
    yield "bedrock", {**bedrock_corpus.converse()}, messages
    yield "bedrock anthropic", {**bedrock_corpus.anthropic()}, messages
    yield "anthropic", anthropic_corpus.corpus(), lambda data: data.splitlines(keepends=True)
    if IS_LOCKED:
        from openai_corpus import ends

        yield "groq", ends(), lambda data: data.splitlines(keepends=True)


@pytest.mark.parametrize("provider, streams, cut", corpora(), ids=lambda v: str(v)[:20])
def test_corrected_streams_are_the_same_both_ways(provider, streams, cut, loop, corrected):
    """A tenth of each corpus, in two feeds: what is not mended is LiteLLM's as ever."""
    bench = Bench(provider)

    async def compare():
        for data in list(streams.values())[::10]:
            await same(bench, [data])
            await same(bench, cut(data))

    loop.run_until_complete(compare())


def test_corrections_can_be_taken_back():
    classes = [litellm.CustomStreamWrapper]
    before = [dict(vars(known)) for known in classes]
    corrections.install(litellm).close()
    assert [dict(vars(known)) for known in classes] == before


def test_a_litellm_without_the_classes_is_left_as_it_is():
    class Other:
        pass

    corrections.install(Other()).close()
