from __future__ import annotations

import json

import pytest

from litellm_bridge.redact import MARK, argument_secrets, redact


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setattr("os.environ", {})


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abcdef123456.",
        "Incorrect API key provided: sk-abc***xyz9.",
        "Authorization: Bearer abc.def-ghi123",
        "https://host/v1beta/models/x:generate?key=AbCdEfGh1234&alt=sse",
        "https://host/?alt=sse&api_key=AbCdEfGh1234",
        "AKIAIOSFODNN7EXAMPLE is not allowed",
        "bad key AIzaSyA1234567890abcdefghijk",
        "token gsk_1234567890abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-def",
    ],
)
def test_known_shapes_of_keys(text):
    found = redact(text)
    assert MARK in found
    for secret in ("abcdef", "abc***", "abc.def", "AbCdEf", "IOSFODNN", "SyA123", "123456789"):
        assert secret not in found


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "db_password", "X_CREDENTIALS"]
)
def test_values_of_the_environment(monkeypatch, name):
    monkeypatch.setattr("os.environ", {name: "hunter2hunter2"})
    assert redact("wrong: hunter2hunter2!") == f"wrong: {MARK}!"


def test_a_secret_inside_a_url(monkeypatch):
    monkeypatch.setattr("os.environ", {"MY_KEY": "a/b+c=d e"})
    assert redact("at http://x/a%2Fb%2Bc%3Dd%20e/") == f"at http://x/{MARK}/"


@pytest.mark.parametrize(
    "shown", [str, repr, json.dumps, str.strip, lambda text: repr(text.encode())]
)
@pytest.mark.parametrize(
    "value", ["hunter2hunter2\n", " hunter2\r\nhunter2\t", "hünter2\\hunter2 "]
)
def test_a_secret_with_blanks_and_line_ends(monkeypatch, value, shown):
    monkeypatch.setattr("os.environ", {"MY_KEY": value})
    found = redact(f"Illegal header value {shown(value)}!")
    assert MARK in found
    assert "unter2" not in found


def test_blanks_are_no_secret(monkeypatch):
    monkeypatch.setattr("os.environ", {"MY_KEY": " " * 8, "OTHER_KEY": "a" + " " * 8})
    text = f"a text with{' ' * 9}blanks"
    assert redact(text) == text


def test_a_secret_that_is_no_unicode(monkeypatch):
    monkeypatch.setattr("os.environ", {"MY_KEY": "hunter2\udcff", "OTHER_KEY": "hunter3\ud83d"})
    assert redact("hunter2\udcff or hunter3\ud83d") == f"{MARK} or {MARK}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/local/bin"),
        ("OPENAI_API_KEY", "k"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/app/key.json"),
        ("MAX_TOKENS", "100000"),
    ],
)
def test_what_is_no_secret_stays(monkeypatch, name, value):
    monkeypatch.setattr("os.environ", {name: value})
    text = f"about {value} there is nothing secret"
    assert redact(text) == text


def test_arguments_that_carry_credentials():
    arguments = {
        "api_key": "key-of-the-call",
        "aws_secret_access_key": "aws-secret",
        "extra_headers": {"Authorization": "Bearer header-token", "x-request-id": "trace-id"},
        "litellm_params": {"azure_ad_token": "nested-token"},
        "messages": [{"role": "user", "content": "not a secret"}],
        "max_tokens": 5,
        "user": "somebody",
    }
    secrets = argument_secrets(arguments)
    assert {"key-of-the-call", "aws-secret", "header-token", "nested-token"} <= secrets
    assert not secrets & {"trace-id", "not a secret", "somebody"}


def test_the_longer_of_two_secrets_goes_first():
    assert redact("abcdef123456", ["abcdef", "abcdef123456"]) == MARK


def test_credentials_inside_lists():
    arguments = {
        "fallbacks": [{"model": "openai/b", "api_key": "key-of-a-fallback"}],
        "model_list": ({"litellm_params": {"api_key": "key-of-a-deployment"}},),
        "api_key": ["key-in-a-list"],
        "stop": ["ordinary words"],
    }
    secrets = argument_secrets(arguments)
    assert {"key-of-a-fallback", "key-of-a-deployment", "key-in-a-list"} <= secrets
    assert not secrets & {"ordinary words", "openai/b"}


@pytest.mark.parametrize("name", ["headers", "extra_headers", "default_headers"])
def test_every_header_is_secret_but_the_harmless_ones(name):
    headers = {
        "x-gateway-auth": "key-of-a-gateway",
        "X-Whatever": "who knows what",
        "Authorization": "Basic basic-secret",
        "Content-Type": "application/json",
        "User-Agent": "an-app/1.0",
        "x-short": "eu-1",
    }
    secrets = argument_secrets({"fallbacks": [{name: headers}]})
    assert {"key-of-a-gateway", "who knows what", "basic-secret"} <= secrets
    assert not secrets & {"application/json", "an-app/1.0", "eu-1"}


def test_names_with_auth_are_secret(monkeypatch):
    monkeypatch.setattr("os.environ", {"GATEWAY_AUTH": "hunter2hunter2", "AUTHOR": "Jane Austen"})
    assert redact("hunter2hunter2 by Jane Austen") == f"{MARK} by Jane Austen"
