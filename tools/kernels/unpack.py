"""Takes kernel files apart: the vmlinux inside a vmlinuz, its BTF, a module's needs.

Pure: bytes in, bytes out (lz4 and zstd are called for what they pack). Fails
with ValueError that names what was odd, never with a guess.
"""

import gzip
import lzma
import re
import struct
import subprocess

BTF_MAGIC = b"\x9f\xeb\x01\x00"


def run(command: list[str], packed: bytes) -> bytes:
    try:
        return subprocess.run(command, input=packed, stdout=subprocess.PIPE, check=True).stdout
    except FileNotFoundError as error:
        raise ValueError(f"this kernel is packed with {command[0]}: install {command[0]}") from error


def decompress(packed: bytes) -> bytes:
    if packed.startswith(b"\x1f\x8b"):
        return gzip.decompress(packed)
    if packed.startswith(b"\xfd7zXZ"):
        return lzma.decompress(packed)
    if packed.startswith(b"\x28\xb5\x2f\xfd"):
        return run(["zstd", "-dcq"], packed)
    if packed.startswith(b"\x02\x21\x4c\x18"):
        return run(["lz4", "-dcq"], packed)
    raise ValueError(f"unknown compression, it starts with {packed[:6].hex()}")


def vmlinux(image: bytes) -> bytes:
    """The kernel proper of an x86 bzImage or of an arm64 Image in any wrapping."""
    if image[0x202:0x206] == b"HdrS":  # Documentation/arch/x86/boot.rst
        setup_sectors = image[0x1F1] or 4
        offset, length = struct.unpack_from("<II", image, 0x248)
        start = (setup_sectors + 1) * 512 + offset
        # The last four bytes are the unpacked size, appended by the kernel's build.
        return decompress(image[start : start + length - 4])
    if image[4:8] == b"zimg":  # drivers/firmware/efi/libstub/zboot-header.S
        offset, length = struct.unpack_from("<II", image, 8)
        return decompress(image[offset : offset + length])
    if image[0x38:0x3C] == b"ARMd":  # Documentation/arch/arm64/booting.rst
        return image
    return vmlinux(decompress(image))


def btf(kernel: bytes) -> bytes:
    """The .BTF of an unpacked kernel, found by its header: an Image has no sections."""
    at = kernel.find(BTF_MAGIC)
    while at >= 0:
        header = struct.unpack_from("<5I", kernel, at + 4)
        header_length, type_offset, type_length, string_offset, string_length = header
        end = max(type_offset + type_length, string_offset + string_length)
        if header_length >= 32:  # since the layout section: linux/btf.h
            layout_offset, layout_length = struct.unpack_from("<2I", kernel, at + 24)
            end = max(end, layout_offset + layout_length)
        whole = kernel[at : at + header_length + end]
        strings = whole[header_length + string_offset :][:string_length]
        if 24 <= header_length <= 64 and b"\0task_struct\0" in strings:
            return whole
        at = kernel.find(BTF_MAGIC, at + 1)
    raise ValueError("there is no BTF in this kernel")


def module_info(module: bytes, key: str) -> list[str]:
    """The values of one key of a module's .modinfo."""
    return [value.decode() for value in re.findall(rb"\0" + key.encode() + rb"=([^\0]*)(?=\0)", module)]


def module_needs(module: bytes) -> list[str]:
    needs = [name for value in module_info(module, "depends") for name in value.split(",") if name]
    for value in module_info(module, "softdep"):
        if value.startswith("pre:"):
            needs += value.split("post:")[0].split()[1:]
    return [name.replace("-", "_") for name in needs]
