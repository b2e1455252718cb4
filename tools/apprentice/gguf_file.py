"""Writes a GGUF file, version 3: metadata, then tensors as F32 or Q8_0."""

import struct
from pathlib import Path

import numpy as np

F32, Q8_0 = 0, 8
ALIGNMENT = 32


def q8_0(values: np.ndarray) -> bytes:
    """Blocks of 32 values: their scale as float16, then 32 signed bytes."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    numbers = np.round(blocks * inverse).astype(np.int8)
    result = np.empty((len(blocks), 34), dtype=np.uint8)
    result[:, :2] = scale.astype("<f2").view(np.uint8)
    result[:, 2:] = numbers.view(np.uint8)
    return result.tobytes()


def _text(value: str) -> bytes:
    data = value.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(value) -> bytes:
    """Type and value; ints are uint32, floats float32, lists of one of these or of texts."""
    kind, data = _plain(value)
    return struct.pack("<I", kind) + data


def _plain(value) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return 7, struct.pack("<?", value)
    if isinstance(value, int):
        return 4, struct.pack("<I", value)
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    if isinstance(value, str):
        return 8, _text(value)
    if isinstance(value, np.ndarray):
        return 9, struct.pack("<IQ", 5, len(value)) + value.astype("<i4").tobytes()
    parts = [_plain(element) for element in value]
    return 9, struct.pack("<IQ", parts[0][0], len(parts)) + b"".join(data for _, data in parts)


def write(file: Path, metadata: dict, tensors: list[tuple[str, np.ndarray]]) -> None:
    """Matrices become Q8_0, vectors F32."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        head += _text(key) + _value(value)
    body = b""
    for name, values in tensors:
        kind = Q8_0 if values.ndim == 2 else F32
        data = q8_0(values) if kind == Q8_0 else values.astype("<f4").tobytes()
        head += _text(name) + struct.pack("<I", values.ndim)
        head += struct.pack(f"<{values.ndim}Q", *reversed(values.shape)) + struct.pack("<IQ", kind, len(body))
        body += data + bytes(-len(data) % ALIGNMENT)
    head += bytes(-len(head) % ALIGNMENT)
    partial = file.with_suffix(".part")
    partial.write_bytes(head + body)
    partial.replace(file)
