"""Texts counted from an encoding's file have tiktoken's tokens, whatever they are."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType

import pytest
import tiktoken
import tiktoken_ext.openai_public as constructors

from litellm_bridge.measures import counter, letters, tokenizers
from litellm_bridge.measures.fitness import Unfit
from litellm_bridge.measures.ranks import Ranks

FOLDER = Path(find_spec("litellm").origin).parent / "litellm_core_utils" / "tokenizers"
NAMES = ("cl100k_base", "o200k_base")
PLAIN = {"disallowed_special": ()}
# Of every class that the patterns tell apart, and what they name.
ALPHABET = (
    "aaaBBc'sTREvdlm019 \n\r\t /!?.<|>\x0b\x1c\x00éßĀЖ中日ー한’—🙂e\u0301ª²Ⅷ\u00a0\u3000\u2028ǅ"
)


@pytest.fixture(scope="module", params=NAMES)
def both(request):
    """Ours and tiktoken's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
        theirs = tiktoken.get_encoding(request.param)
    return made(request.param), theirs


def made(name, constructor=None, folder=FOLDER):
    plain = constructor or getattr(constructors, name)
    return counter.Counter.of(plain, str(folder), tokenizers._FILES[name])


def same(both, text):
    ours, theirs = both
    tokens = ours.encode(text, PLAIN)
    return tokens is None or tokens == theirs.encode(text, disallowed_special=())


def test_every_character_that_is_taken_is_in_its_class(both):
    """In every place that the patterns know: of each range the start, and samples."""
    taken = [code for code in range(0x80, 0x110000) if is_taken(code)]
    assert len(taken) > 200_000
    before = zip([0, *taken], taken, strict=False)
    chosen = [code for last, code in before if code < 0x600 or code > last + 1 or code % 197 == 0]
    for start in range(0, len(chosen), 50):
        some = map(chr, chosen[start : start + 50])
        text = "".join(f"a{c}B{c}1{c}{c}!{c} {c}\n{c}'s{c}'re\t {c}" for c in some)
        assert same(both, text), ascii(text)


def is_taken(code):
    try:
        return bool(letters._stand_in(code))
    except letters.Doubtful:
        return False


def test_texts_of_all_classes_mixed(both):
    source = random.Random(5)
    texts = ["".join(source.choices(ALPHABET, k=source.randrange(1, 30))) for _ in range(4000)]
    assert all(same(both, text) for text in texts)
    assert sum(both[0].encode(text, PLAIN) is not None for text in texts) > 3000


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5000,
        "ab" * 999,
        " " * 3000,
        "\n" * 777,
        "0" * 999,
        "xyz!" * 500,
        "中" * 700,
        " \n" * 99,
    ]
    + ["x" + " " * 20, "don't DON'T we'Re", "<|endoftext|>", "\u017f 's '\u017f", "\U0001faa8"],
)
def test_long_pieces_and_odd_texts(both, text):
    assert same(both, text)


def test_prose_and_programs(both):
    files = [Path(counter.__file__), Path(tiktoken.__file__).parent / "core.py"]
    for file in files:
        text = file.read_text()
        assert both[0].encode(text, PLAIN) == both[1].encode(text, disallowed_special=())


def test_what_is_out_of_the_ordinary_is_tiktokens(both):
    ours = both[0]
    assert ours.encode("x <|endoftext|>", {}) is None
    assert ours.encode("x", {}) == ours.encode("x", PLAIN)
    assert ours.encode("x", {"allowed_special": "all"}) is None
    assert ours.encode("\ud800", PLAIN) is None
    assert ours.encode("x" * (counter.LONGEST + 1), PLAIN) is None


def test_another_file_pattern_or_constructor_is_not_taken(tmp_path):
    name = NAMES[0]
    with pytest.raises(Unfit, match="hash"):
        (tmp_path / tokenizers._FILES[name]).write_bytes(b"IQ== 0\n")
        made(name, folder=tmp_path)
    with pytest.raises(Unfit):
        made(name, folder=tmp_path / "nowhere")
    with pytest.raises(Unfit, match="plain function"):
        made(name, constructor=print)
    plain = constructors.cl100k_base
    consts = tuple(
        c + "|x" if isinstance(c, str) and r"\p{L}" in c else c for c in plain.__code__.co_consts
    )
    other = FunctionType(plain.__code__.replace(co_consts=consts), plain.__globals__)
    with pytest.raises(Unfit, match="pattern"):
        made(name, constructor=other)
    with pytest.raises(Unfit, match="count up"):
        Ranks(b"IQ== 0\nIg== 2\n")


PROGRAM = """
import hashlib, os, pickle, sys
from litellm_bridge import measures
with measures.applied(os.environ):
    import tiktoken
e = tiktoken.get_encoding(sys.argv[1])
told = [e.encode('hello <world>', disallowed_special=()), e.encode_ordinary('Hi, you')]
loaded = '_core_bpe' in vars(e)
text = 'Ein Text, “quoted” — \\U0001faa8 <|endoftext|>'
told += [e.encode(text, disallowed_special=()), e.encode(text, allowed_special='all')]
told += [e.decode(told[2]), e.n_vocab, e.eot_token, e.max_token_value, sorted(e.special_tokens_set)]
told += [hashlib.sha256(b'.'.join(e.token_byte_values())).hexdigest(), e.encode_single_token(b' the')]
told += [e.encode_batch(['a b', 'c']), sorted(e.encode_with_unstable('hello fan')[1])[:9], repr(e)]
copy = pickle.loads(pickle.dumps(e))
told += [type(copy) is tiktoken.Encoding, copy.encode('x y'), hash(tuple(vars(copy)))!=0]
for bad in ({'text': None}, {'text': 'x <|endoftext|>'}, {'text': 'x', 'no': 1}):
    try: told.append(e.encode(**bad))
    except Exception as exc: told.append((type(exc).__name__, str(exc)[:40]))
told.append(sorted(name for name in dir(e) if not name.startswith('_')))
print(loaded, told)
"""


@pytest.mark.parametrize("name", NAMES)
def test_an_encoding_is_the_same_with_and_without(name):
    env = {**os.environ, "PYTHONPATH": str(Path(counter.__file__).parents[2])}
    env["TIKTOKEN_CACHE_DIR"] = str(FOLDER)
    told = []
    for off in ("", "all"):
        variables = {**env, "LITELLM_BRIDGE_MEASURES_OFF": off}
        command = [sys.executable, "-c", PROGRAM, name]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.split(" ", 1))
    assert [loaded for loaded, _ in told] == ["False", "True"]
    assert told[0][1] == told[1][1]
