"""On a version of LiteLLM that no test has run on, the fast path is tried out first."""

from __future__ import annotations

import itertools

import litellm
import pytest

from litellm_bridge.fast import trial
from litellm_bridge.fast.recipes import recipes
from litellm_bridge.fast.switch import switch
from oracle import Recorder, new_call


@pytest.fixture(autouse=True)
def unknown(monkeypatch):
    recipes.clear()
    trial.is_needed.cache_clear()
    monkeypatch.setattr(switch, "on", True)
    monkeypatch.setattr(trial, "_trial", None)
    monkeypatch.setattr(trial, "installed_version", lambda: "9.9.9")
    yield
    recipes.clear()
    trial.is_needed.cache_clear()


def said(caplog):
    return [r.getMessage() for r in caplog.records if "fast path" in r.getMessage()]


def test_a_version_that_fits(loop, caplog, monkeypatch):
    """Nobody's callbacks hear of it, nor does the call that came first."""
    recorder = Recorder()
    monkeypatch.setattr(litellm, "callbacks", [recorder])
    call = new_call()
    loop.run_until_complete(trial.tried())
    assert switch.on and said(caplog) == []
    assert recorder.seen == [] and call.wrappers == []


def test_a_version_whose_chunks_hang_on_what_can_not_be_seen(loop, caplog, monkeypatch):
    plain, numbers = litellm.CustomStreamWrapper.chunk_creator, itertools.count(1)

    def chunk_creator(self, chunk):
        made = plain(self, chunk=chunk)
        if made is not None and next(numbers) % len(trial._WORDS) == 0:
            made.choices[0].delta.content += "!"
        return made

    monkeypatch.setattr(litellm.CustomStreamWrapper, "chunk_creator", chunk_creator)
    for _ in range(2):
        loop.run_until_complete(trial.tried())
    assert not switch.on
    assert len(said(caplog)) == 1 and "9.9.9" in said(caplog)[0]


def test_a_version_without_what_the_trial_needs(loop, caplog, monkeypatch):
    monkeypatch.setattr(litellm, "CustomStreamWrapper", None)
    loop.run_until_complete(trial.tried())
    assert not switch.on and len(said(caplog)) == 1


def test_a_version_that_is_known(loop, monkeypatch):
    monkeypatch.setattr(trial, "installed_version", lambda: "1.103.7")
    monkeypatch.setattr(litellm, "CustomStreamWrapper", None)
    loop.run_until_complete(trial.tried())
    assert switch.on
