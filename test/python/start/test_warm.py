"""Warm-up: what it imports, that nothing of it leaves the process, and whom it asks."""

from __future__ import annotations

import json
import os
import stat

import pytest

from litellm_bridge import frames
from litellm_bridge.warm import habits
from litellm_bridge.warm.warmer import NAME

PROVIDERS = ["openai", "azure", "anthropic", "gemini", "bedrock", "mistral"]

# The worker's own parts, with the real LiteLLM; tells what each rehearsal came to.
REHEARSE = """
import asyncio, os
from concurrent.futures import ThreadPoolExecutor
from litellm_bridge import engine
engine.prepare_environment(os.environ)
litellm, _ = engine.load()
from litellm_bridge.dispatch import Dispatcher
from litellm_bridge.warm.rehearsal import may_rehearse, rehearse
dispatcher = Dispatcher(litellm, ThreadPoolExecutor(1))
"""


def test_rehearsals_succeed_and_reach_nobody(real):
    program = f"""{REHEARSE}
asked = []
sys.addaudithook(lambda name, args: asked.append(name) if name in ("socket.connect", "socket.getaddrinfo") else None)
async def main():
    return {{
        f"{{provider}} {{stream}}": await rehearse(provider, dispatcher, stream=stream)
        for provider in {PROVIDERS} for stream in (True, False)
    }}
loop = asyncio.new_event_loop()
told([loop.run_until_complete(main()), asked])
os._exit(0 if not sys.stdout.flush() else 1)
"""
    results, asked = real.tell(program)
    assert results == {f"{name} {stream}": True for name in PROVIDERS for stream in (True, False)}
    assert asked == []


def test_no_rehearsal_where_the_application_would_see_it(real):
    program = f"""{REHEARSE}
seen = [may_rehearse(litellm)]
for name, value in (("success_callback", [print]), ("callbacks", ["x"]), ("cache", object()), ("max_budget", 1)):
    before = getattr(litellm, name)
    setattr(litellm, name, value)
    seen.append(may_rehearse(litellm))
    setattr(litellm, name, before)
told(seen)
"""
    assert real.tell(program) == [True, False, False, False, False]


def test_clients_share_a_context_while_nothing_changes(real, tmp_path):
    import certifi

    file = tmp_path / "ca.pem"
    file.write_bytes(open(certifi.where(), "rb").read())
    program = f"""{REHEARSE}
from litellm.llms.custom_httpx.http_handler import get_ssl_configuration as get
import ssl
plain, own = get(), ssl.create_default_context()
same = [get() is plain, get(True) is plain, get(own) is own, get(False)]
os.environ["SSL_CERT_FILE"] = {str(file)!r}
named = get()
same += [named is plain, get() is named]
os.utime({str(file)!r}, (1, 1))
same.append(get() is named)
litellm.ssl_security_level = "DEFAULT@SECLEVEL=1"
same.append(get() is named)
told(same)
"""
    environ = {"SSL_CERT_FILE": "", "NODE_EXTRA_CA_CERTS": ""}
    assert real.tell(program, env=environ) == [True, False, True, False, False, True, False, False]


@pytest.fixture
def warmed(spawn, real, tmp_path):
    """Starts a worker with a cache folder of its own, and warms it up for the providers."""
    cache = tmp_path / "cache"

    def start(providers):
        env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        channel = spawn(python=str(real.python), env=env).ready()
        return channel, json.loads(channel.do(NAME, {"providers": providers}).body)

    (cache / "litellm-bridge").mkdir(parents=True)
    return start


def test_the_providers_that_are_named(warmed):
    channel, told = warmed(["anthropic", "no-such-provider"])
    assert told["providers"] == ["anthropic"] and told["ms"] > 0
    assert "no-such-provider" in channel.log("prewarm")["text"]


def test_the_provider_that_was_used_last_time(warmed, provider, tmp_path):
    channel, told = warmed(None)
    assert told["providers"] == ["openai"]  # nothing is known yet
    answer = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": []}
    provider.on("claude-habit", lambda request: answer)
    arguments = {"messages": [{"role": "user", "content": "x"}], "api_key": "k"}
    model = {"model": "anthropic/claude-habit", "api_base": "http://127.0.0.1:9", "max_retries": 0}
    channel.do("completion", arguments | model)
    file = tmp_path / "cache" / "litellm-bridge" / habits.NAME
    from peer import until

    until(file.exists, "what was used is written down")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    _, told = warmed(None)
    assert told["providers"] == ["anthropic"]


def test_a_call_is_answered_before_the_warm_up_goes_on(spawn, real):
    channel = spawn(python=str(real.python)).ready()
    warm = channel.call(NAME, {"providers": PROVIDERS})
    asked = channel.call("get_model_info", {"model": "gpt-4o"})
    ends = (frames.RESULT, frames.ERROR)
    settled = [channel.wait(lambda f: f.type in ends, "an end").call for _ in range(2)]
    assert settled == [asked, warm]


def test_arguments_that_are_no_names(server):
    channel = server.ready()
    answer = channel.do(NAME, {"providers": "openai"})
    assert "providers is not an array of names" in answer.meta["message"]
    channel.close()


# -- the file


def test_habits_are_kept_by_the_user_alone(tmp_path):
    place = tmp_path / "cache"
    habits.write(str(place), ["bedrock", "openai", "azure"])
    assert habits.read(str(place)) == ["bedrock", "openai"]
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
    for path, mode in ((place / habits.NAME, 0o666), (place, 0o777)):
        before = os.stat(path).st_mode
        os.chmod(path, mode)
        assert habits.read(str(place)) == []
        os.chmod(path, before)
    assert habits.read(str(place)) == ["bedrock", "openai"]


def test_habits_that_others_may_write_are_not_written(tmp_path):
    os.chmod(tmp_path, 0o777)
    habits.write(str(tmp_path), ["openai"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[1]", '["../x", "a b"]', '["' + "a" * 5000 + '"]']
)
def test_habits_that_make_no_sense_are_none(tmp_path, text):
    (tmp_path / habits.NAME).write_text(text)
    os.chmod(tmp_path / habits.NAME, 0o600)
    assert habits.read(str(tmp_path)) == []


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "real").write_text('["openai"]')
    (tmp_path / habits.NAME).symlink_to(tmp_path / "real")
    assert habits.read(str(tmp_path)) == []


def test_what_it_leaves_running_is_known_so_that_the_end_does_not_wait_for_it(real):
    program = f"""{REHEARSE}
from litellm_bridge.warm.warmer import Warmer
async def main():
    warmer = Warmer({{}})
    await warmer.run(["openai"], dispatcher)
    left = asyncio.all_tasks() - {{asyncio.current_task()}}
    return [len(left) > 0, left <= set(warmer.residents)]
told(asyncio.new_event_loop().run_until_complete(main()))
sys.stdout.flush()
os._exit(0)
"""
    assert real.tell(program) == [True, True]
