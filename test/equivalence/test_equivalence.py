"""Nothing that an application can see of LiteLLM changes by the measures of the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from litellm_bridge import measures

SURVEY = Path(__file__).parent / "survey.py"
PACKAGE = Path(measures.__file__).parents[2]


def start(measured: int, *parts: str) -> subprocess.Popen[str]:
    env = {
        **{name: text for name, text in os.environ.items() if not name.endswith("_API_KEY")},
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(PACKAGE),
        "PYTHONHASHSEED": "0",
        "MEASURED": str(measured),
    }
    return subprocess.Popen(
        [sys.executable, SURVEY, *parts], env=env, stdout=subprocess.PIPE, text=True
    )


def surveys(*parts: str) -> list[dict[str, str]]:
    """Plain, and with the measures."""
    processes = [start(measured, *parts) for measured in (0, 1)]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    return [json.loads(output) for output in outputs]


def differences(plain: dict[str, str], measured: dict[str, str]) -> dict[str, tuple[str, str]]:
    keys = plain.keys() | measured.keys()
    return {
        key: (plain.get(key, "")[:600], measured.get(key, "")[:600])
        for key in sorted(keys)
        if plain.get(key) != measured.get(key)
    }


@pytest.fixture(scope="module")
def seen():
    return surveys("names", "models")


@pytest.fixture(scope="module")
def called():
    return surveys("calls")


def test_names_and_models_are_the_same(seen):
    plain, measured = seen
    assert differences(plain, measured) == {}


def test_the_survey_has_seen_what_it_should(seen):
    plain, _ = seen
    assert len(json.loads(plain["models"].replace("'", '"'))) > 900
    samples = [text for key, text in plain.items() if key.endswith(" of a sample")]
    assert sum(not text.startswith("raised") for text in samples) > 0.8 * len(samples)
    schemas = [text for key, text in plain.items() if key.endswith(" schema")]
    assert len(set(schemas)) > 0.7 * len(schemas)  # newer versions have more models alike
    assert "litellm.completion" in plain and "openai.OpenAI" in plain


def test_calls_have_the_same_results(called):
    plain, measured = called
    assert differences(plain, measured) == {}


def test_the_calls_are_many_and_most_of_them_succeed(called):
    plain, _ = called
    raised = sum(text.startswith("raised") for text in plain.values())
    assert len(plain) >= 200 and 30 <= raised < len(plain) / 2
    assert not [key for key, text in plain.items() if "NameError" in text]
