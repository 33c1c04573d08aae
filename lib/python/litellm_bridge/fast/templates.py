"""Recipes whose events leave LiteLLM's state as it is, made ready for one stream."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .. import frames, jsonio
from ..chunks import ChunkEncoder, Message, find_slot
from .growth import Kind, item_of
from .leaves import RANDOM, Leaf, Path, Source, Sources, altered, draw, leaves_of, put
from .patterns import Pattern, Tokens
from .recipes import CHANGED, HIDDEN, KEPT, SENT, Recipe
from .scan import COUNT, NAME, PAD, TEXT, Scan
from .strings import text_of

Values = dict[str, Any]
_MARK = "\ue000%d\ue000"


@dataclass(eq=False, slots=True)
class Template:
    recipe: Recipe
    pattern: Pattern
    slot: int  # of the text; 0: it is not the one thing that varies in the chunk
    value: Values  # the chunk, with "" for what varies
    parts: list[bytes | int]  # the chunk's JSON, with the numbers of the holes between
    text: int  # the hole of the text
    is_content: bool  # whether it is what LiteLLM takes for the content
    kept: Any  # LiteLLM's object, one of its kind
    copies: list[tuple[Path, int, int]]  # places in it, their holes, and what is to be added
    hidden: list[tuple[Path, int]]  # the same of what it hides
    assigns: list[tuple[str, str, int]]  # attributes that each event sets: owner, name, hole
    randoms: tuple[Source, ...]  # ids to draw: holes behind those of the event
    equations: list[tuple[int, int, int]]  # hole a + x = hole b, without which it does not hold
    grown: tuple[tuple[Kind, str], ...]
    joins: str  # which of its chunks LiteLLM's list may hold as one
    state: Any = None  # the stream's, that its events leave as it is
    event: Any = None  # the event's JSON, with a mark for the text, if lists grow by it
    place: Path = ()  # of the mark
    pads: tuple[int, ...] = ()  # holes that are strings as well

    def whole(self, tokens: Tokens) -> bytes:
        """The chunk's JSON."""
        return b"".join(p if isinstance(p, bytes) else tokens[p] for p in self.parts)

    def holds(self, tokens: Tokens) -> bool:
        """Whether all that is in the holes is what LiteLLM was seen with."""
        for a, b, more in self.equations:
            if int(tokens[a]) + more != int(tokens[b]):
                return False
        return all(text_of(tokens[pad]) is not None for pad in self.pads)

    def item(self, kind: Kind, text: str) -> Any:
        """What a list grows by."""
        return item_of(kind, altered(self.event, [(self.place, text)]), text)

    def chunk(self, text: str, tokens: Tokens) -> Any:
        """As LiteLLM would have made it. Its time of making is what it sorts them by."""
        changes = (
            (path, text if hole == self.text else _copy(tokens[hole], more))
            for path, hole, more in self.copies
        )
        chunk = altered(self.kept, changes)
        hidden = ((path, _copy(tokens[hole], 0)) for path, hole in self.hidden)
        chunk._hidden_params = altered(chunk._hidden_params, hidden) | {"created_at": time.time()}
        return chunk

    def assign(self, owners: dict[str, Any], tokens: Tokens) -> None:
        for owner, name, hole in self.assigns:
            setattr(owners[owner], name, _copy(tokens[hole], 0))

    def fits(self, names: dict[tuple[str, str], Any]) -> bool:
        """Whether a state is the one that its events leave as it is."""
        assigned = {(owner, name) for owner, name, _ in self.assigns}
        if self.state.keys() != names.keys():
            return False
        return all(names[k] == v for k, v in self.state.items() if k not in assigned)


def content_of(chunk: Any) -> str | None:
    try:
        content = chunk.choices[0].delta.content
    except (AttributeError, IndexError):
        return None
    return content if isinstance(content, str) else None


def _copy(token: bytes, more: int) -> Any:
    """A counter, or a drawn id."""
    return token[1:-1].decode() if token[:1] == b'"' else int(token) + more


class _Unfit(Exception):
    """The kind of event is none that a template can answer."""


def template_of(recipe: Recipe, scan: Scan, sources: Sources, around: Values) -> Template | None:
    """scan, sources: of the event at hand, which the recipe answers. None: it takes more."""
    first = recipe.first
    if first.is_first or first.sent is None or first.kept is None:
        return None
    holes = [n for n, t in enumerate(scan.tokens) if t.kind != NAME and recipe.varied(n)]
    texts = [n for n, hole in enumerate(holes) if scan.tokens[hole].kind == TEXT]
    told = recipe.told(sources | {s: "" for s in recipe.randoms}) if len(texts) == 1 else None
    if told is None:
        return None
    try:
        return _Maker(recipe, scan, holes, told).make(texts[0], around)
    except _Unfit:
        return None


class _Maker:
    def __init__(self, recipe: Recipe, scan: Scan, holes: list[int], told: dict[Path, Any]) -> None:
        self._recipe = recipe
        self._scan = scan
        self._holes = holes
        self._told = told
        self._equations: list[tuple[int, int, int]] = []
        self._found: dict[Path, tuple[int, int]] = {}  # hole, and what is to be added

    def make(self, text: int, around: Values) -> Template:
        recipe, scan = self._recipe, self._scan
        for path, leaf in recipe.leaves.items():
            hole = self._hole(leaf)
            if hole is not None:
                self._found[path] = hole
            elif path[0] == CHANGED:
                raise _Unfit
        found = self._found.items()
        tree = SENT if recipe.first.is_same else KEPT
        kept = recipe.keep(self._told, around)
        is_content = self._found.get((tree, *_CONTENT)) == (text, 0)
        if not is_content and content_of(kept):
            raise _Unfit  # LiteLLM keeps account of what was said
        value, parts = self._sent()
        event = scan.value_with(self._holes[text], _MARK % text)
        return Template(
            recipe=recipe,
            pattern=Pattern(scan, self._holes),
            slot=self._slot(value, text),
            value=value,
            parts=parts,
            text=text,
            is_content=is_content,
            kept=kept,
            copies=[(path[1:], *hole) for path, hole in found if path[0] == tree],
            hidden=[(path[1:], hole) for path, (hole, _) in found if path[0] == HIDDEN],
            assigns=[(*path[1:], hole) for path, (hole, _) in found if path[0] == CHANGED],
            randoms=tuple(recipe.randoms),
            equations=self._equations,
            grown=recipe.first.grown,
            joins=self._joins(tree),
            event=event,
            place=_place(event, _MARK % text),
            pads=tuple(n for n, hole in enumerate(self._holes) if scan.tokens[hole].kind == PAD),
        )  # fmt: skip

    def _hole(self, leaf: Leaf) -> tuple[int, int] | None:
        """The hole that a value is copied from. None: it is the same in the whole stream."""
        varying = [
            (self._number(source), offset)
            for source, offset in leaf.refs.items()
            if self._number(source) >= 0
        ]
        if not varying:
            return None
        if len(varying) < len(leaf.refs) or leaf.may_be_constant:
            raise _Unfit
        (hole, offset), *others = varying
        kind = self._kind(hole)
        if leaf.path[0] in (HIDDEN, CHANGED) and kind != RANDOM:
            raise _Unfit
        if others and kind != COUNT:
            raise _Unfit
        self._equations += [(hole, other, offset - more) for other, more in others]
        return hole, offset

    def _number(self, source: Source) -> int:
        """Of the hole; -1: the source is the same in the whole stream."""
        if source[0] == RANDOM:
            return len(self._holes) + self._recipe.randoms.index(source)
        varies = source[0] == "event" and source[1] in self._holes
        return self._holes.index(source[1]) if varies else -1

    def _kind(self, hole: int) -> str:
        known = hole < len(self._holes)
        return self._scan.tokens[self._holes[hole]].kind if known else RANDOM

    def _joins(self, tree: str) -> str:
        """LiteLLM puts texts together, but keeps the elements of lists one by one, and of some
        places the last value alone."""
        lists = {_list_of(path[1:]) for path, _ in self._found.items() if path[0] == tree} - {()}
        for path, leaf in self._recipe.leaves.items():
            if path[0] != tree or path in self._found or not leaf.const:
                continue
            where = _list_of(path[1:])
            beside = len(path) > 4 and path[1:4] == _DELTA and path[4] not in _USUAL
            if (where and where not in lists) or (beside and not where):
                return NONE
        return ALL_BUT_LAST if lists else ALL

    def _sent(self) -> tuple[Values, list[bytes | int]]:
        holes = {path[1:]: hole for path, hole in self._found.items() if path[0] == SENT}
        if any(offset for _, offset in holes.values()):
            raise _Unfit
        marks = [(path, _MARK % hole) for path, (hole, _) in holes.items()]
        value = altered(self._recipe.chunk(self._told), marks)
        parts = _split(jsonio.dumps(value), [hole for hole, _ in holes.values()])
        for path in holes:
            put(value, path, "")
        return value, parts

    def _slot(self, value: Values, text: int) -> int:
        """Where the text is all that varies in the chunk: its slot."""
        sent = {path[1:]: hole for path, (hole, _) in self._found.items() if path[0] == SENT}
        if list(sent.values()) != [text]:
            return 0
        (path,) = sent
        put(value, path, _MARK % text)
        place = find_slot(value)
        put(value, path, "")
        return place[0] if place is not None and place[1][place[2]] == "" else 0


_DELTA = ("choices", 0, "delta")
_CONTENT = (*_DELTA, "content")
_USUAL = ("role", "tool_calls", "provider_specific_fields")  # constants that need no joining
ALL, ALL_BUT_LAST, NONE = "all", "all but the last", "none"


def _list_of(path: Path) -> Path:
    """The list that a value is in, beside those of choices and tool calls. (): none."""
    for at, step in enumerate(path):
        if isinstance(step, int) and path[at - 1] not in ("choices", "tool_calls"):
            return path[:at]
    return ()


def _place(event: Any, mark: str) -> Path:
    """Where a mark is. There is none where a key comes twice, and the last one counts."""
    for path, item in leaves_of(event):
        if item == mark:
            return path
    raise _Unfit


def _split(data: bytes, holes: list[int]) -> list[bytes | int]:
    """data at its marks."""
    parts: list[bytes | int] = []
    marks = {jsonio.dumps(_MARK % hole): hole for hole in holes}
    if any(data.count(mark) != holes.count(hole) for mark, hole in marks.items()):
        raise _Unfit  # for some values another printer is taken, which escapes them
    while marks:
        places = {data.find(mark): mark for mark in marks}
        places.pop(-1, None)
        if not places:
            break
        at = min(places)
        mark = places[at]
        parts += [data[:at], marks[mark]]
        data = data[at + len(mark) :]
    return [*parts, data]


class Replay:
    """Answers events from templates. Pure."""

    def __init__(self, encoder: ChunkEncoder) -> None:
        """encoder: of the chunks that LiteLLM makes."""
        self._encoder = encoder
        self._sent: Template | None = None  # whose template is the last one sent
        self.active: list[Template] = []  # those that fit the wrapper's state as it is

    def forget(self) -> None:
        """A chunk of LiteLLM's was sent as a template."""
        self._sent = None

    def read(self, view: bytes) -> tuple[Template, Tokens, bytes] | None:
        """The template, its tokens, the text as UTF-8; None: LiteLLM has to do it."""
        for template in self.active:
            tokens = template.pattern.read(view)
            if tokens is None:
                continue
            text = text_of(tokens[template.text])
            if text is None or not (len(tokens) == 1 or template.holds(tokens)):
                continue
            if template.randoms:
                tokens += tuple(b'"%s"' % draw(source).encode() for source in template.randoms)
            return template, tokens, text
        return None

    @property
    def current(self) -> Template | None:
        """Whose events need no more than a delta frame each. None: the next one has to be looked at."""
        template = self._sent
        if template is None or template.randoms or self.active[:1] != [template]:
            return None
        return template if template.pattern.is_text else None

    def run(self, events: bytes, end: bytes) -> tuple[Template, list[bytes]] | None:
        """The same as `read` for many events, which all end so, if they are of the kind that was
        sent last."""
        template = self.current
        texts = None if template is None else template.pattern.texts(events, end)
        return None if template is None or texts is None else (template, texts)

    def message(self, template: Template, tokens: Tokens, text: bytes) -> Message:
        """The frame to send."""
        if template is self._sent:
            return frames.DELTA, text
        if not template.slot:
            return frames.CHUNK, template.whole(tokens)
        self._sent = template
        if self._encoder.adopt(template.slot, template.value):
            return frames.DELTA, text
        return frames.TEMPLATE, frames.template(template.slot, template.whole(tokens))
