"""A byte-level BPE vocabulary as GPT-2 has it: trained on word counts, and applied to text."""

import functools
import random
import re
from collections import Counter, defaultdict

# GPT-2's rule for splitting text into words, in the words of Python's re; the same as `gpt-2` in GGUF files.
WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def _byte_characters() -> list[str]:
    """GPT-2's printable character for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {byte: chr(byte) for byte in printable}, 0
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + extra)
            extra += 1
    return [table[byte] for byte in range(256)]


BYTES = _byte_characters()


def _symbols(word: str) -> tuple[str, ...]:
    return tuple(BYTES[byte] for byte in word.encode("utf-8"))


class Vocabulary:
    """Tokens: the special ones, the 256 bytes, then one per merge."""

    def __init__(self, merges: list[tuple[str, str]]):
        self.merges = merges
        self.tokens = SPECIALS + BYTES + [a + b for a, b in merges]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self._ranks = {pair: i for i, pair in enumerate(merges)}
        self._word = functools.lru_cache(maxsize=200_000)(self._merge)

    def _merge(self, word: str) -> tuple[int, ...]:
        return self._merged(word, None, 0.0)

    def _merged(self, word: str, chance: random.Random | None, dropout: float) -> tuple[int, ...]:
        parts = list(_symbols(word))
        while len(parts) > 1:
            best, at = None, -1
            for i in range(len(parts) - 1):
                rank = self._ranks.get((parts[i], parts[i + 1]))
                if rank is not None and (best is None or rank < best):
                    if chance is None or chance.random() >= dropout:
                        best, at = rank, i
            if best is None:
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(self.ids[part] for part in parts)

    def encode(self, text: str, chance: random.Random | None = None, dropout: float = 0.0) -> list[int]:
        """The text's tokens; with `chance`, each merge is left out with probability `dropout` (BPE-dropout)."""
        ids: list[int] = []
        for word in WORDS.findall(text):
            ids += self._word(word) if chance is None else self._merged(word, chance, dropout)
        return ids


def learn(texts: Counter, size: int) -> Vocabulary:
    """Learns merges from texts with their weights. Digits are never merged: numbers are read digit by digit."""
    counts: Counter = Counter()
    for text, weight in texts.items():
        for word in WORDS.findall(text):
            counts[word] += weight
    words = [list(_symbols(word)) for word in sorted(counts)]
    weights = [counts[word] for word in sorted(counts)]
    pairs: Counter = Counter()
    where = defaultdict(set)

    def add(index: int, sign: int) -> None:
        word = words[index]
        for pair in zip(word, word[1:]):
            if not any(c.isdigit() and c.isascii() for c in pair[0] + pair[1]):
                pairs[pair] += sign * weights[index]
                where[pair].add(index)

    for index in range(len(words)):
        add(index, 1)
    merges: list[tuple[str, str]] = []
    known = set(BYTES)
    while len(merges) < size - len(SPECIALS) - len(BYTES) and pairs:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] <= 0:
            break
        joined = best[0] + best[1]
        for index in sorted(where.pop(best)):
            word = words[index]
            add(index, -1)
            i = 0
            while i < len(word) - 1:
                if word[i] == best[0] and word[i + 1] == best[1]:
                    word[i : i + 2] = [joined]
                i += 1
            add(index, 1)
        pairs.pop(best, None)
        if joined not in known:
            known.add(joined)
            merges.append(best)
    return Vocabulary(merges)
