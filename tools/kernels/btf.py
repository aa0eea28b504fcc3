"""Reads BTF and finds in one BTF what a CO-RE relocation of another one means, as libbpf's relo_core.c does.

Pure: bytes in, answers out. Fails with ValueError where the bytes are odd.
"""

import struct
from typing import NamedTuple

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT = range(1, 12)
FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(12, 20)
MODIFIERS = {TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG}
POINTER_BYTES = 8
# enum bpf_core_relo_kind, include/uapi/linux/bpf.h
FIELD_KINDS = {0: "offset", 1: "size", 2: "exists", 3: "signed", 4: "shift left", 5: "shift right"}
TYPE_KINDS = {6: "own id", 7: "id", 8: "exists", 9: "size", 12: "matches"}
ENUM_KINDS = {10: "exists", 11: "value"}


class Type(NamedTuple):
    kind: int
    name: str
    size: int  # or the type that it refers to
    flag: bool
    members: tuple  # (name, type, bit offset) of a struct, (name, value) of an enum, (type, count) of an array


class Btf:
    def __init__(self, raw: bytes):
        head = struct.unpack_from("<HBBIIIII", raw)
        magic, _version, _flags, header, type_at, type_size, string_at, string_size = head
        if magic != 0xEB9F:
            raise ValueError(f"no BTF: it starts with {raw[:4].hex()}")
        self.strings = raw[header + string_at :][:string_size]
        self.types = [Type(0, "void", 0, False, ())]
        self.named: dict[str, list[int]] = {}
        at, end = header + type_at, header + type_at + type_size
        while at < end:
            at = self.read_type(raw, at)

    def text(self, offset: int) -> str:
        return self.strings[offset : self.strings.index(b"\0", offset)].decode()

    def read_type(self, raw: bytes, at: int) -> int:
        name_at, info, size = struct.unpack_from("<III", raw, at)
        at += 12
        kind, count, flag = info >> 24 & 31, info & 0xFFFF, bool(info >> 31)
        members: tuple = ()
        if kind in (STRUCT, UNION):
            found = struct.iter_unpack("<III", raw[at : at + 12 * count])
            members = tuple((name, type_id, bits & 0xFFFFFF if flag else bits) for name, type_id, bits in found)
            at += 12 * count
        elif kind == ENUM:
            members = tuple(struct.iter_unpack("<Ii", raw[at : at + 8 * count]))
            at += 8 * count
        elif kind == ENUM64:
            members = tuple((name, low | high << 32) for name, low, high
                            in struct.iter_unpack("<III", raw[at : at + 12 * count]))
            at += 12 * count
        elif kind == ARRAY:
            element, _index, length = struct.unpack_from("<III", raw, at)
            members = ((element, length),)
            at += 12
        else:
            at += {INT: 4, FUNC_PROTO: 8 * count, VAR: 4, DATASEC: 12 * count, DECL_TAG: 4}.get(kind, 0)
        name = self.text(name_at)
        if name and kind in (STRUCT, UNION, ENUM, ENUM64, TYPEDEF, FUNC, INT, FWD):
            self.named.setdefault(name, []).append(len(self.types))
        self.types.append(Type(kind, name, size, flag, members))
        return at

    def plain(self, type_id: int) -> int:
        while self.types[type_id].kind in MODIFIERS:
            type_id = self.types[type_id].size
        return type_id

    def bytes_of(self, type_id: int) -> int:
        found = self.types[self.plain(type_id)]
        if found.kind == PTR:
            return POINTER_BYTES
        if found.kind == ARRAY:
            element, count = found.members[0]
            return self.bytes_of(element) * count
        return found.size

    def member(self, type_id: int, name: str) -> tuple[int, int] | None:
        """The type and bit offset of a member, also of an unnamed struct or union inside."""
        for name_at, inner, bits in self.types[type_id].members:
            if self.text(name_at) == name:
                return inner, bits
            deeper = self.plain(inner)
            if not name_at and self.types[deeper].kind in (STRUCT, UNION):
                found = self.member(deeper, name)
                if found:
                    return found[0], found[1] + bits
        return None


def essential(name: str) -> str:
    """Without the flavor: struct folio___large is struct folio."""
    return name.split("___")[0] or name


class Need(NamedTuple):
    """What a program asks of a kernel's types, in words."""
    type_name: str  # with its flavor
    path: str  # "" for the type itself; a.b[2], or an enumerator
    what: str  # offset, size, exists, value ...

    @property
    def place(self) -> str:
        return f"{self.type_name}.{self.path}" if self.path else self.type_name


def field_steps(btf: Btf, type_id: int, spec: list[int]) -> list:
    """The names and indexes that an access string means in the BTF it was made with."""
    steps: list = [spec[0]]
    here = btf.plain(type_id)
    for index in spec[1:]:
        found = btf.types[here]
        if found.kind in (STRUCT, UNION):
            name_at, inner, _bits = found.members[index]
            if name_at:
                steps.append(btf.text(name_at))
            here = btf.plain(inner)
        elif found.kind == ARRAY:
            steps.append(index)
            here = btf.plain(found.members[0][0])
        else:
            raise ValueError(f"access string {spec} goes into {found}")
    return steps


def find_field(btf: Btf, type_id: int, steps: list) -> tuple[int, int] | None:
    """Byte offset and size of the field there, or None."""
    here, bits = btf.plain(type_id), steps[0] * btf.bytes_of(type_id) * 8
    last = here
    for step in steps[1:]:
        kind = btf.types[here].kind
        if isinstance(step, str):
            found = btf.member(here, step) if kind in (STRUCT, UNION) else None
            if not found:
                return None
            last, bits = found[0], bits + found[1]
        else:
            if kind != ARRAY or step >= max(btf.types[here].members[0][1], 1) and btf.types[here].members[0][1]:
                return None
            last = btf.types[here].members[0][0]
            bits += step * btf.bytes_of(last) * 8
        here = btf.plain(last)
    return bits // 8, btf.bytes_of(last)


def same_kind(one: int, other: int) -> bool:
    enums = {ENUM, ENUM64}
    return one == other or {one, other} <= enums


def answer(own: Btf, type_id: int, access: str, kind: int, kernel: Btf) -> tuple[Need, object, object]:
    """The need, what it is at home, and what it is in the kernel: None where the kernel has no such thing."""
    spec = [int(word) for word in access.split(":")]
    mine = own.types[own.plain(type_id) if kind in FIELD_KINDS else type_id]
    name = own.types[type_id].name or mine.name
    candidates = [found for found in kernel.named.get(essential(name), ())
                  if same_kind(kernel.types[kernel.plain(found)].kind, own.types[own.plain(type_id)].kind)]
    if kind in FIELD_KINDS:
        steps = field_steps(own, type_id, spec)
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps[1:]).lstrip(".")
        home = find_field(own, type_id, steps)
        there = next((found for candidate in candidates if (found := find_field(kernel, candidate, steps))), None)
        return Need(name, path, FIELD_KINDS[kind]), home, there
    if kind in TYPE_KINDS:
        sizes = [kernel.bytes_of(candidate) for candidate in candidates]
        return Need(name, "", TYPE_KINDS[kind]), own.bytes_of(type_id), sizes[0] if sizes else None
    if kind in ENUM_KINDS:
        enumerator_at, value = mine.members[spec[0]]
        enumerator = own.text(enumerator_at)
        values = [number for candidate in candidates for at, number in kernel.types[kernel.plain(candidate)].members
                  if essential(kernel.text(at)) == essential(enumerator)]
        return Need(name, enumerator, ENUM_KINDS[kind]), value, values[0] if values else None
    raise ValueError(f"unknown relocation kind {kind}")


def sections(elf: bytes) -> dict[str, bytes]:
    """The sections of a 64-bit little-endian ELF file."""
    if elf[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    table, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    heads = [struct.unpack_from("<IIQQQQ", elf, table + i * size) for i in range(count)]
    text = elf[heads[names][4] :][: heads[names][5]]
    return {text[head[0] : text.index(b"\0", head[0])].decode(): elf[head[4] : head[4] + head[5]] for head in heads}


def relocations(extension: bytes, btf: Btf) -> list[tuple[str, int, str, int]]:
    """(program's section, type, access string, kind) of every CO-RE relocation in a .BTF.ext."""
    _magic, _version, _flags, header = struct.unpack_from("<HBBI", extension)
    if header < 32:
        return []
    at, length = struct.unpack_from("<II", extension, 24)
    at += header
    end, found = at + length, []
    record, = struct.unpack_from("<I", extension, at)
    at += 4
    while at < end:
        section, count = struct.unpack_from("<II", extension, at)
        at += 8
        for _ in range(count):
            _insn, type_id, access, kind = struct.unpack_from("<IIII", extension, at)
            found.append((btf.text(section), type_id, btf.text(access), kind))
            at += record
    return found
