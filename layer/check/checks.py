"""What a layer's Python must do, asked of itself: run by `layer verify` in an empty root.

Prints a JSON object a line: {"check": name, "ok": bool, "detail": text}. One that fails does not
keep the others from running. No network is used.
"""

import asyncio
import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator
from types import CodeType

HOME = "/opt/python"
MESSAGES = [{"role": "user", "content": "hello there"}]
REGION = "eu-central-1"

# Each stands for a shared library or a native module that an incomplete layer lacks.
STANDARD = (
    "ssl", "sqlite3", "ctypes", "hashlib", "bz2", "lzma", "zlib", "uuid", "decimal", "asyncio",
    "xml.etree.ElementTree", "zoneinfo", "email", "http.client", "logging.config", "multiprocessing",
    "concurrent.futures", "importlib.metadata", "subprocess", "encodings.idna",
)  # fmt: skip
PACKAGES = (
    "litellm", "boto3", "botocore", "openai", "tiktoken", "tokenizers", "pydantic", "pydantic_core",
    "httpx", "aiohttp", "jinja2", "certifi", "regex", "yaml", "requests",
)  # fmt: skip
# Native modules that their packages do without, slowly, when they can't be loaded.
NATIVE = (
    "_ssl", "_sqlite3", "_ctypes", "_hashlib", "_decimal", "_asyncio", "_json",
    "pydantic_core._pydantic_core", "tiktoken._tiktoken", "tokenizers.tokenizers", "regex._regex",
    "aiohttp._http_parser", "aiohttp._http_writer", "yarl._quoting_c", "multidict._multidict",
    "frozenlist._frozenlist", "propcache._helpers_c", "markupsafe._speedups", "yaml._yaml",
    "orjson.orjson", "uvloop.loop", "jiter.jiter", "fastuuid", "rpds",
)  # fmt: skip
OPTIONAL = {"orjson.orjson": "orjson", "uvloop.loop": "uvloop"}


def say(check: str, ok: bool, detail: str = "") -> None:
    print(json.dumps({"check": check, "ok": ok, "detail": detail}), flush=True)


def attempt(check: str, run: object) -> None:
    """Runs it; what it returns, or the error that it raises, is the detail."""
    try:
        say(check, True, str(run() or ""))  # type: ignore[operator]
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        say(check, False, f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})")


def installed() -> set[str]:
    return {item.metadata["Name"].lower() for item in importlib.metadata.distributions(path=[HOME])}


def imports() -> None:
    have = installed()
    for name in (*STANDARD, *PACKAGES):
        attempt(f"import {name}", lambda name=name: importlib.import_module(name) and None)
    for name in NATIVE:
        if OPTIONAL.get(name) not in (None, *have):
            continue
        attempt(f"import {name}", lambda name=name: importlib.import_module(name) and None)


def read_only() -> None:
    for folder in (HOME, f"{HOME}/lib"):
        try:
            with open(f"{folder}/written", "w"):
                raise AssertionError(f"{folder} can be written")
        except OSError:
            pass


def inside() -> str:
    """All modules and shared libraries come from the layer."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    mapped = [line.split(maxsplit=5)[5:] for line in open("/proc/self/maps", encoding="utf-8")]
    files |= {name.strip() for names in mapped for name in names if ".so" in name}
    strange = sorted(
        file for file in files if file and not file.startswith(("/opt/", "/check/", "/qemu"))
    )
    assert not strange, f"from outside the layer: {', '.join(strange[:5])}"
    return f"{len(sys.modules)} modules"


def certificates() -> str:
    import ssl

    import certifi

    count = len(ssl.create_default_context(cafile=certifi.where()).get_ca_certs())
    assert count > 50, f"only {count} authorities in {certifi.where()}"
    return f"{count} authorities"


def has_archive() -> bool:
    """Those of others have .pyc files."""
    try:
        with open(f"{HOME}/litellm-bridge.json", encoding="utf-8") as manifest:
            return bool(json.load(manifest).get("code") == "archive")
    except (OSError, ValueError):
        return False


def modules_in_archive() -> Iterator[tuple[str, CodeType | None]]:
    """The paths of those that the start archive has, and their code. None: it is damaged."""
    from start_archive import importing

    archive = importing.in_force()
    assert archive is not None, "the start archive is not in force"
    for folder in archive.folders:
        for name, entry in archive.table(folder).items():
            if isinstance(entry, tuple):
                path = f"{folder}/{name}/__init__.py" if entry[0] else f"{folder}/{name}.py"
                yield path, archive.code(entry, path)


def start_archive() -> str:
    """It is whole, and no module is anywhere else without being compiled."""
    codes = dict(modules_in_archive())
    damaged = sorted(path for path, code in codes.items() if code is None)
    assert not damaged, f"{', '.join(damaged[:5])}: damaged in the start archive"
    for parent, _, names in os.walk(HOME):
        for path in (os.path.join(parent, name) for name in names if name.endswith(".py")):
            compiled = path in codes or os.path.exists(importlib.util.cache_from_source(path))
            assert compiled or not is_python(path), f"{path} is not compiled: each start would"
    return f"{len(codes)} modules"


def is_python(path: str) -> bool:
    """Some packages ship templates."""
    try:
        with open(path, "rb") as source:
            compile(source.read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def manifest() -> str:
    """What it says of the Python and of --slim, which compresses what a start needs, too."""
    with open(f"{HOME}/litellm-bridge.json", encoding="utf-8") as text:
        said = json.load(text)
    version = ".".join(map(str, sys.version_info[:3]))
    assert said["python"] == version, f"it says Python {said['python']}, and this is {version}"
    slim = not any_plain()
    assert slim == (said["variant"] == "slim"), (
        f"it says the variant {said['variant']}, and what a start needs is "
        f"{'' if slim else 'not '}compressed"
    )
    return version


def any_plain() -> bool:
    """Whether the start archive has code as it is. Of a few bytes --slim has some, too."""
    from start_archive import importing

    archive = importing.in_force()
    assert archive is not None, "the start archive is not in force"
    entries = [entry for folder in archive.folders for entry in archive.table(folder).values()]
    return any(isinstance(entry, tuple) and entry[2] > 1024 and not entry[4] for entry in entries)


def secrets() -> None:
    """In what the start archive has; `layer verify` itself reads the other files."""
    with open(os.path.join(os.path.dirname(__file__), "secrets.json"), encoding="utf-8") as text:
        patterns = [(what, re.compile(pattern)) for what, pattern in json.load(text)]
    for path, code in modules_in_archive():
        for text in texts(code):
            for what, pattern in patterns:
                assert not pattern.search(text), f"{path} holds {what}"


def texts(value: object) -> Iterator[str]:
    """All that the constants of a module's code say."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    elif isinstance(value, CodeType):
        yield from texts(value.co_consts)
    elif isinstance(value, (tuple, frozenset)):
        for item in value:
            yield from texts(item)


def completion() -> str:
    import litellm

    answer = litellm.completion(model="gpt-4o", messages=MESSAGES, mock_response="hi")
    assert answer.choices[0].message.content == "hi", answer
    chunks = litellm.completion(
        model="gpt-4o", messages=MESSAGES, mock_response="hi there", stream=True
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "hi there", text
    return f"{answer.usage.total_tokens} tokens"


def async_completion() -> None:
    import litellm

    async def ask() -> str:
        answer = await litellm.acompletion(
            model="anthropic/claude-3-5-sonnet-20241022", messages=MESSAGES, mock_response="hi"
        )
        return str(answer.choices[0].message.content)

    assert asyncio.run(ask()) == "hi"


def counts() -> str:
    import litellm

    models = ("gpt-4o", "gpt-3.5-turbo", "claude-3-5-sonnet-20241022", "anthropic.claude-v2")
    found = {model: litellm.token_counter(model=model, messages=MESSAGES) for model in models}
    assert all(5 < count < 20 for count in found.values()), found
    import tiktoken

    for encoding in ("cl100k_base", "o200k_base"):
        assert tiktoken.get_encoding(encoding).encode("hello"), encoding
    return str(found)


def bedrock() -> str:
    import boto3

    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": REGION}
    client = boto3.client("bedrock-runtime", **keys)
    assert REGION in client.meta.endpoint_url
    for service in (
        "bedrock",
        "bedrock-agent-runtime",
        "sts",
        "sagemaker-runtime",
        "secretsmanager",
        "s3",
    ):
        boto3.client(service, **keys)
    return str(client.meta.endpoint_url)


def main() -> None:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    say("python", True, sys.version.split()[0])
    attempt("read-only /opt", read_only)
    imports()
    if has_archive():
        attempt("start archive", start_archive)
        attempt("secrets in the start archive", secrets)
        attempt("litellm-bridge.json", manifest)
    attempt("CA certificates", certificates)
    attempt("mock completion", completion)
    attempt("asynchronous completion", async_completion)
    attempt("token counting", counts)
    attempt("Bedrock client", bedrock)
    attempt("nothing from outside the layer", inside)
    say("end", True)


main()
