"""Verification of certificates, in every client that LiteLLM uses, with and without the measures.

Real TLS servers on loopback: one that is good, one whose certificate has expired, one whose
certificate is another host's. Which authority is trusted differs by the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from authority import Authority
from litellm_bridge import frames
from peer import PACKAGE

PROGRAM = Path(__file__).parent / "clients.py"
TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "SSL_VERIFY")
UNKNOWN = ("self-signed certificate", "unable to get local issuer certificate")
REFUSALS = {"expired": ("certificate has expired",), "wrong host": ("mismatch", "doesn't match")}
# These two ask for certifi's bundle, whatever SSL_CERT_FILE says.
OF_CERTIFI = ("boto3", "requests")


@pytest.fixture(scope="module")
def garbage(tmp_path_factory):
    file = tmp_path_factory.mktemp("garbage") / "ca.pem"
    file.write_text("no certificate\n")
    return file


def environment(**variables: object) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in TRUSTED}
    clean["PYTHONPATH"] = str(PACKAGE.parent)
    return {**clean, **{name: str(value) for name, value in variables.items()}}


def run(urls, off: str, **variables: object) -> subprocess.CompletedProcess[str]:
    env = environment(LITELLM_BRIDGE_MEASURES_OFF=off, **variables)
    return subprocess.run(
        [sys.executable, PROGRAM], input=json.dumps(urls), env=env, capture_output=True, text=True
    )


def told(urls, off: str, **variables: object) -> dict[str, dict[str, str]]:
    done = run(urls, off, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_refused(client: str, words: str, reasons: tuple[str, ...]) -> None:
    assert any(reason in words for reason in reasons), (client, words)


def assert_trusted(client: str, outcomes: dict[str, str]) -> None:
    assert outcomes["good"] == "ok", (client, outcomes["good"])
    for kind, reasons in REFUSALS.items():
        assert_refused(client, outcomes[kind], reasons)


WITH_AND_WITHOUT = pytest.mark.parametrize("off", ["", "all"], ids=["measures", "plain"])


@WITH_AND_WITHOUT
def test_an_unknown_authority_is_refused(urls, off):
    for client, outcomes in told(urls, off).items():
        for words in outcomes.values():
            assert_refused(client, words, UNKNOWN)


@WITH_AND_WITHOUT
def test_ssl_cert_file_is_honoured_and_no_more_than_that(urls, authority, off):
    clients = told(urls, off, SSL_CERT_FILE=authority.file)
    for client, outcomes in clients.items():
        if client not in OF_CERTIFI:
            assert_trusted(client, outcomes)
    assert len(clients) == 20


@WITH_AND_WITHOUT
def test_the_authorities_that_node_has_besides_are_trusted(urls, authority, off):
    for client, outcomes in told(urls, off, NODE_EXTRA_CA_CERTS=authority.file).items():
        assert_trusted(client, outcomes)


def test_they_come_on_top_of_those_of_ssl_cert_file(urls, authority, tmp_path):
    other = Authority(tmp_path / "other", "other")
    good = {"good": urls["good"]}
    files = {"SSL_CERT_FILE": other.file, "NODE_EXTRA_CA_CERTS": authority.file}
    for client, outcomes in told(good, "", **files).items():
        assert outcomes["good"] == "ok", (client, outcomes)


@WITH_AND_WITHOUT
def test_a_broken_ca_file_fails_closed(urls, garbage, off):
    done = run({"good": urls["good"]}, off, SSL_CERT_FILE=garbage)
    assert done.returncode != 0 and "no certificate or crl found" in done.stderr


def test_a_broken_ca_file_is_named_when_the_start_fails(spawn, garbage):
    channel = spawn(env=environment(SSL_CERT_FILE=garbage)).connect()
    failed = channel.message(frames.FAILED)
    assert failed["code"] == "ERR_LITELLM_MISSING"
    assert f"SSL_CERT_FILE={garbage}" in failed["message"]


def chat(channel, url: str):
    messages = [{"role": "user", "content": "hi"}]
    arguments = {"model": "openai/m", "messages": messages, "api_key": "k", "max_retries": 0}
    return channel.do("completion", {**arguments, "api_base": url + "/v1"})


def test_a_worker_trusts_what_node_trusts(spawn, urls, authority):
    channel = spawn(env=environment(NODE_EXTRA_CA_CERTS=authority.file)).ready()
    assert chat(channel, urls["good"]).json["choices"][0]["message"]["content"] == "hello"
    for kind in REFUSALS:
        assert chat(channel, urls[kind]).kind == frames.ERROR


def test_a_worker_says_that_it_ignores_a_broken_file_of_nodes(spawn, urls, garbage):
    channel = spawn(env=environment(NODE_EXTRA_CA_CERTS=garbage)).ready()
    text = channel.log("NODE_EXTRA_CA_CERTS")["text"]
    assert f"{garbage} is ignored: it holds no certificate" in text
    assert chat(channel, urls["good"]).kind == frames.ERROR


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])
def test_a_worker_refuses_all_that_a_broken_certificate_should_vouch_for(
    spawn, urls, tmp_path, variable
):
    """It looks like a certificate, so that it is parsed when the first connection is made."""
    file = tmp_path / "broken.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    channel = spawn(env=environment(**{variable: file})).ready()
    for _ in range(2):
        assert chat(channel, urls["good"]).kind == frames.ERROR
    if variable == "NODE_EXTRA_CA_CERTS":
        channel.log(f"NODE_EXTRA_CA_CERTS: {file} is ignored: ")
