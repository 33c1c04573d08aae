"""Each measure of the start: that it is in force, and that what it puts off is there when used."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from litellm_bridge import measures
from litellm_bridge.measures.bytecode import changes_nothing, listed, only_imports
from versions import IS_LOCKED

PROGRAM = Path(__file__).parent / "programs" / "measured.py"
PACKAGE = Path(measures.__file__).parents[2]


def run(*programs: str, **variables: str) -> list[str | None]:
    env = {**os.environ, "PYTHONPATH": str(PACKAGE), **variables}
    done = subprocess.run(
        [sys.executable, PROGRAM],
        input=json.dumps(programs),
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    outcomes: list[str | None] = json.loads(done.stdout)
    return outcomes


def test_a_measure_is_switched_off_by_name_and_all_by_all(caplog):
    assert measures.switched_off(" ca, Tokenizers ,") == {"ca", "tokenizers"}
    assert measures.switched_off("all") == measures.MEASURES.keys() | measures.OF_REQUESTS
    assert not caplog.records
    with caplog.at_level(logging.WARNING, "litellm_bridge"):
        assert measures.switched_off("ca,no-such") == {"ca"}
    assert "no-such" in caplog.text


IN_FORCE = {
    "gc": "import gc; assert gc.get_freeze_count() > 0 and gc.get_threshold()[2] == 3",
    "ca": "import ssl, aiohttp.connector as c; assert type(c._SSL_CONTEXT_VERIFIED) is not ssl.SSLContext",
    "pydantic": "from litellm.types.router import LiteLLM_Params as P; assert not P.__pydantic_complete__",
    "openai": "assert 'openai.types.video' not in sys.modules",
    "tokenizers": "assert '_core_bpe' not in vars(litellm.encoding)",
    "counting": "litellm.encoding.encode('x'); assert '_core_bpe' not in vars(litellm.encoding)",
    "anthropic": "assert type(litellm.utils) is not type(sys)",
}


@pytest.mark.parametrize("off", ["", "all"])
def test_each_is_in_force_unless_it_is_switched_off(off):
    outcomes = run(*IN_FORCE.values(), LITELLM_BRIDGE_MEASURES_OFF=off)
    by_litellm = () if IS_LOCKED else ("anthropic",)  # a newer one does these itself
    for name, outcome in zip(IN_FORCE, outcomes, strict=True):
        if name in by_litellm:
            continue
        assert (outcome is None) == (not off), (name, outcome)


def test_all_are_still_in_force_when_a_worker_is_ready(spawn, tmp_path):
    """Nothing of ours uses at the start what was put off."""
    program = tmp_path / "in_force.py"
    by_litellm = () if IS_LOCKED else ("anthropic",)
    checks = [check for name, check in IN_FORCE.items() if name not in by_litellm]
    program.write_text("\n".join(["import litellm, sys", *checks]))
    spawn(options={"preload": [str(program)]}).ready()


@pytest.fixture(scope="module")
def outcomes():
    return dict(zip(USES, run(*USES.values()), strict=True))


USES = {
    "the encoding is tiktoken's": """
        import tiktoken
        assert isinstance(litellm.encoding, tiktoken.Encoding)
        assert litellm.encoding is tiktoken.get_encoding('cl100k_base')
        assert litellm.encoding.encode('hello world') == [15339, 1917]
        assert litellm.encoding.special_tokens_set >= {'<|endoftext|>'}""",
    "its first use is by its name": """
        assert litellm.encoding.name == 'cl100k_base' and repr(litellm.encoding)""",
    "an empty text is counted without it": """
        encoding = litellm.encoding
        assert encoding.encode('', disallowed_special=()) == encoding.encode_ordinary('') == []
        if 'encoding' in vars(litellm): assert '_core_bpe' not in vars(encoding)
        assert encoding.encode('', allowed_special='all') == []
        for text in (None, 7):
            try: encoding.encode(text)
            except TypeError: pass
            else: raise AssertionError(text)""",
    "it is pickled": """
        import pickle, tiktoken
        made = pickle.loads(pickle.dumps(litellm.encoding))
        assert type(made) is tiktoken.Encoding and made.encode('x') == [87]""",
    "its tokens are there for one that is derived from it": """
        import tiktoken
        base = litellm.encoding
        base.encode('x')
        own = {**base._special_tokens, '<|mine|>': 100300}
        made = tiktoken.Encoding('mine', pat_str=base._pat_str, mergeable_ranks=base._mergeable_ranks, special_tokens=own)
        assert made.encode('x<|mine|>', allowed_special='all') == [87, 100300]
        assert len(base._mergeable_ranks) == 100256""",
    "the others that LiteLLM ships load themselves, too": """
        import tiktoken
        litellm.encoding.name
        encoding = tiktoken.get_encoding('o200k_base')
        assert encoding is tiktoken.encoding_for_model('gpt-4o') is tiktoken.get_encoding('o200k_base')
        assert '_core_bpe' not in vars(encoding)
        assert encoding.encode('hello world') == [24912, 2375]""",
    "it is copied": """
        import copy
        assert copy.deepcopy(litellm.encoding).n_vocab == 100277""",
    "its file is where it was at the import": """
        import os
        if 'encoding' not in vars(litellm): sys.exit(0)  # a newer LiteLLM loads it later itself
        os.environ['TIKTOKEN_CACHE_DIR'] = '/nowhere'
        assert litellm.encoding.eot_token == 100257
        assert os.environ['TIKTOKEN_CACHE_DIR'] == '/nowhere'""",
    "eight threads load it at a time": """
        import threading
        start, counts = threading.Barrier(8), []
        def use():
            start.wait()
            counts.append(litellm.encoding.encode('hello world'))
        threads = [threading.Thread(target=use) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert counts == [[15339, 1917]] * 8, counts""",
    "the text of Claude's tokenizer is LiteLLM's": """
        import json, litellm.utils as u
        assert u.claude_json_str == json.dumps(u.json_data) and len(u.claude_json_str) == 2437070
        assert u.json_data['version'] == '1.0'""",
    "the module says what it has": """
        import litellm.utils as u
        assert {'json_data', 'claude_json_str'} <= set(dir(u))
        assert type(u) is type(sys)""",
    "its dictionary is whole": """
        import litellm.utils as u
        assert {'json_data', 'claude_json_str'} <= set(vars(u))""",
    "it has no other names": """
        import litellm.utils as u
        assert not hasattr(u, 'no_such_name')""",
    "Claude 2 counts": """
        assert litellm.token_counter('claude-2', text='tell me a tale, please') == 6""",
    "others count without it": """
        import litellm.utils as u
        assert litellm.token_counter('gpt-4', text='tell me') == 2
        names = type(sys).__dict__['__dict__'].__get__(u)
        if 'json_data' not in names: assert 'claude_json_str' not in names
        claude = next(m for m in sorted(litellm.anthropic_models) if 'claude-3' not in m)
        assert litellm.utils._select_tokenizer(claude)['type'] == 'huggingface_tokenizer'
        assert litellm.token_counter(claude, text='tell me a tale, please') == 6
        assert len(names.get('claude_json_str') or u.claude_json_str) == 2437070""",
    "a text that was set stays": """
        import litellm.utils as u
        u.claude_json_str = 'mine'
        assert u.json_data and u.claude_json_str == 'mine'""",
    "a star import has all": """
        names = {}
        exec('from openai.types import *', names)
        assert names['Video'].__module__ == 'openai.types.video'""",
    "a package of types says what it has": """
        import openai.types as t
        assert {'VideoSize', 'chat', 'batch', 'Batch'} <= set(dir(t))
        assert type(t) is type(sys)""",
    "subpackages are found": """
        import openai
        assert openai.types.responses.Response.__name__ == 'Response'
        assert openai.types.beta.threads.Run.__name__ == 'Run'""",
    "a package of types has no other names": """
        import openai.types as t
        assert not hasattr(t, 'NoSuchName')""",
    "models show their own signature": """
        import inspect
        from litellm.types.router import LiteLLM_Params
        assert 'aws_region_name' in inspect.signature(LiteLLM_Params).parameters""",
    "models of the application are built at once": """
        import pydantic
        class Own(pydantic.BaseModel):
            x: int
        assert Own.__pydantic_complete__""",
    "eight threads build a model at a time": """
        import threading
        from litellm.types.utils import ModelResponse, Usage
        start, errors = threading.Barrier(8), []
        def use():
            start.wait()
            try:
                assert ModelResponse(usage=Usage(prompt_tokens=1)).usage.prompt_tokens == 1
                assert Usage.model_validate({'prompt_tokens': 2}).prompt_tokens == 2
            except BaseException as exc:
                errors.append(exc)
        threads = [threading.Thread(target=use) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not errors, errors
        assert ModelResponse.__pydantic_complete__""",
    "contexts of the application are plain": """
        import ssl
        context = ssl.create_default_context()
        assert type(context) is ssl.SSLContext and context.cert_store_stats()['x509_ca'] >= 0
        assert 'load_verify_locations' not in vars(ssl.SSLContext)""",
    "a context of LiteLLM's has its certificates when it is asked": """
        import ssl, aiohttp.connector
        context = aiohttp.connector._SSL_CONTEXT_VERIFIED
        assert repr(context).startswith('<ssl.SSLContext object at ')  # texts of errors show it
        plain = ssl.create_default_context()
        assert context.cert_store_stats() == plain.cert_store_stats()
        assert type(context) is ssl.SSLContext""",
    "a client's resources are all there, and loaded when they are asked for": """
        import openai, openai.resources as r
        openai.AsyncOpenAI(api_key='k').chat.completions
        assert 'openai.resources.beta' not in sys.modules
        assert openai.AsyncOpenAI(api_key='k').beta.threads.runs
        assert r.AsyncBeta is r.beta.AsyncBeta and 'Uploads' in r.__all__
        names = {}
        exec('from openai.resources import *', names)
        assert sorted(names.keys() - {'__builtins__'}) == sorted(r.__all__)""",
    "nothing of ours stays with the modules": """
        import openai.resources  # it is waited for
        for name in ('tiktoken', 'litellm.utils', 'openai.types'):
            spec = sys.modules[name].__spec__
            assert 'litellm_bridge' not in type(spec.loader).__module__, spec
        assert not [f for f in sys.meta_path if type(f).__module__.startswith('litellm_bridge')]
        import json, tiktoken
        for function in (json.load, json.dumps):
            assert not hasattr(function, '__wrapped__')""",
}
USES = {name: textwrap.dedent(program) for name, program in USES.items()}


@pytest.mark.parametrize("name", USES)
def test_what_was_put_off_is_there_when_it_is_used(name, outcomes):
    assert outcomes[name] is None, outcomes[name]


def test_a_function_that_only_looks_things_up_is_told_from_one_that_changes_any():
    def of(body: str):
        return changes_nothing(compile(f"def f(x):\n {body}", "x", "exec").co_consts[0])

    assert of("y = x.lower(); return y in z")
    assert not of("x.y = 1") and not of("x[1] = 2") and not of("global z; z = 1")


def test_only_a_module_that_does_nothing_but_pass_names_on_is_taken_for_one():
    def of(source: str):
        return only_imports(compile(source, "x", "exec"))

    assert of("from .a import b as c, d\nfrom ..e.f import g") == {
        "c": (".a", "b"),
        "d": (".a", "d"),
        "g": ("..e.f", "g"),
    }
    assert of("from __future__ import annotations") == {
        "annotations": ("__future__", "annotations")
    }
    listing = "from .a import b, c\n__all__ = ['b', 'c', 'd', 'e']"
    assert of(listing) == {"b": (".a", "b"), "c": (".a", "c")}
    assert listed(compile(listing, "x", "exec")) == ["b", "c", "d", "e"]
    assert listed(compile("from .a import b", "x", "exec")) is None
    assert listed(compile("from .a import b\n__all__ = []", "x", "exec")) == []
    for source in ("__all__ = [*x]", "__all__ = ['a'] + x", "x = ['a', 'b', 'c', 'd']"):
        assert of(source) is None, source
    for source in ("import os", "from os import path", "x = 1", "from . import x", "f()"):
        assert of(source) is None, source
    assert of("from .a import b\nb()") is None
    assert of("from .a import *") is None
    many = "\n".join(f"from .m{i} import n{i}" for i in range(400))
    assert of(many)["n399"] == (".m399", "n399")
