"""On a LiteLLM with other internals the fast path is off, and results are LiteLLM's."""

from __future__ import annotations

import logging
from collections import UserList

import litellm
import openai
import pytest

from litellm_bridge.fast.fit import fitting
from litellm_bridge.fast.switch import switch
from openai_wire import WORDS, texts, whole
from oracle import Bench

STREAM = whole(*texts(WORDS * 4))


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setattr(switch, "on", True)


@pytest.fixture(scope="module")
def bench():
    return Bench("openai")


def hidden_under(name):
    """A property that keeps its value under another name."""

    def read(wrapper):
        return vars(wrapper)[name]

    def write(wrapper, value):
        vars(wrapper)[name] = value

    return property(read, write)


def said(caplog):
    return [r.getMessage() for r in caplog.records if "fast path" in r.getMessage()]


def test_a_name_that_changed(bench, loop, monkeypatch, caplog):
    """Learning sees that something unknown changes with each chunk."""
    wrapper = litellm.CustomStreamWrapper
    monkeypatch.setattr(wrapper, "response_uptil_now", hidden_under("_text"), raising=False)
    plain, fast = loop.run_until_complete(bench.both([STREAM]))
    assert fast.facts() == plain.facts()
    assert fast.given > len(WORDS) * 4
    assert not switch.on
    assert len(said(caplog)) == 1 and "_text" in said(caplog)[0]


def kind_of_another(monkeypatch):
    class Chunks(UserList):
        pass

    plain = litellm.CustomStreamWrapper.__init__

    def init(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        self.chunks = Chunks()

    monkeypatch.setattr(litellm.CustomStreamWrapper, "__init__", init)


def name_gone(monkeypatch):
    plain = litellm.CustomStreamWrapper.__init__

    def init(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        del self.merge_reasoning_content_in_choices

    monkeypatch.setattr(litellm.CustomStreamWrapper, "__init__", init)


def response_of_another_name(monkeypatch):
    plain = openai.AsyncStream.__init__

    def init(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        self._http = vars(self).pop("response")

    monkeypatch.setattr(openai.AsyncStream, "__init__", init)


def step_of_another_kind(monkeypatch):
    plain = litellm.CustomStreamWrapper.__anext__
    monkeypatch.setattr(litellm.CustomStreamWrapper, "__anext__", lambda self: plain(self))


@pytest.mark.parametrize(
    "change", [kind_of_another, name_gone, response_of_another_name, step_of_another_kind]
)
def test_internals_that_do_not_fit_at_all(change, bench, loop, monkeypatch, caplog):
    change(monkeypatch)

    async def fits():
        bench.answer([STREAM])
        return fitting(await bench.open())

    with caplog.at_level(logging.WARNING):
        assert loop.run_until_complete(fits()) is None
        assert loop.run_until_complete(fits()) is None
    assert not switch.on
    assert len(said(caplog)) == 1


@pytest.mark.parametrize(
    "setting",
    [
        lambda patch: patch.setattr(litellm, "post_call_rules", [lambda text: True]),
        lambda patch: patch.setattr(litellm, "set_verbose", True),
        lambda patch: patch.setattr(litellm.verbose_logger, "level", logging.DEBUG),
    ],
)
def test_who_watches_each_chunk_gets_each_chunk(setting, bench, loop, monkeypatch):
    """A setting of the application's: LiteLLM does it all, and the switch stays on."""
    litellm.verbose_logger.manager._clear_cache()
    setting(monkeypatch)

    async def fits():
        bench.answer([STREAM])
        return fitting(await bench.open())

    assert loop.run_until_complete(fits()) is None
    assert switch.on
    monkeypatch.undo()
    litellm.verbose_logger.manager._clear_cache()
