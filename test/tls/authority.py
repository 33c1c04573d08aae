"""A certificate authority of the test's own, made with openssl; and providers that serve with it."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
from pathlib import Path

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self._folder = folder
        self.file = folder / "ca.pem"
        self._key = folder / "ca.key"
        usage = ("-addext", "keyUsage=critical,keyCertSign")
        subject = ("-days", 30, "-subj", f"/CN={name}")
        openssl("req", "-x509", *CURVE, *subject, *usage, "-keyout", self._key, "-out", self.file)

    def certificate(self, host: str, days: int = 30) -> Path:
        """A file with key and certificate. days: below zero for one that has expired."""
        base = self._folder / f"{host}{days}"
        key, request, made = (base.with_suffix(s) for s in (".key", ".csr", ".crt"))
        names = base.with_suffix(".ext")
        names.write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n")
        openssl("req", *CURVE, "-subj", f"/CN={host}", "-keyout", key, "-out", request)
        issuer = ("-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-days", days)
        openssl("x509", "-req", "-in", request, *issuer, "-extfile", names, "-out", made)
        both = base.with_suffix(".pem")
        both.write_text(key.read_text() + made.read_text())
        return both


OPENAI = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
ANTHROPIC = {
    "id": "1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
GEMINI = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}
    ],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
}
BEDROCK = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    "metrics": {"latencyMs": 1},
}
# OpenAI's stream: so many chunks that most of them are answered from templates.
WORDS = [f"{number} " for number in range(60)]
_CHUNK = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
_DELTAS = [*({"content": word} for word in WORDS), {}]
STREAM = [
    {
        **_CHUNK,
        "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}],
    }
    for delta in _DELTAS
]
GATE = threading.Event()  # a stream goes on after its first chunk when it is set
GATE.set()
# By a part of the path; what is of no provider (boto3, requests) is answered as the first.
ANSWERS = {
    "completions": OPENAI,
    "messages": ANTHROPIC,
    "generateContent": GEMINI,
    "converse": BEDROCK,
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("content-length", 0)))
        if b'"stream":true' in asked.replace(b" ", b""):
            self._stream()
            return
        answer = next((body for part, body in ANSWERS.items() if part in self.path), OPENAI)
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self) -> None:
        """An event a write."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in [*map(json.dumps, STREAM), "[DONE]"]:
            self.wfile.write(f"data: {event}\n\n".encode())
            self.wfile.flush()
            GATE.wait(timeout=20)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """Serves with the certificate, on a port of its own, until close()."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake is the connection's thread's, so that nobody waits for another.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        pass  # clients that refuse the certificate

    def close(self) -> None:
        self.shutdown()
        self.server_close()
