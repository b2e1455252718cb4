"""Varies questions as people would: case, punctuation, politeness, synonyms, slips of the finger, left-out words."""

import random
import re

PREFIXES = [
    "please ", "hey, ", "hi, ", "hello, ", "ok, ", "so ", "well, ", "and ", "please tell me: ", "can you tell me ", "tell me, ",
    "could you please tell me ", "i would like to know: ", "quick question: ", "one more question: ", "sorry, ", "now ",
    "just wondering, ", "i have a question: ", "excuse me, ", "um, ", "do you know ", "also, ", "then ",
]  # fmt: skip
SUFFIXES = [" please", ", please", " thanks", ", thank you", " now", " again", " here", ", do you know?", " in short", " briefly"]
SMALL_WORDS = set("a an the do does did is are am can could i me my you your it its to for of in on at with so some any there".split())

# Words of one meaning here; a question keeps its meaning if one takes another's place.
SYNONYMS = [
    ["list", "show", "display"],
    ["pull", "download", "fetch", "get"],
    ["remove", "delete", "uninstall"],
    ["installed", "local", "available"],
    ["run", "execute", "start"],
    ["use", "work with", "take"],
    ["set", "configure", "change"],
    ["folder", "directory"],
    ["program", "tool", "software"],
    ["script", "lua script", "program"],
    ["options", "settings", "parameters"],
    ["error", "failure", "problem"],
    ["fix", "solve", "repair"],
    ["explain", "describe", "tell me about"],
    ["quick", "fast"],
    ["small", "tiny", "little"],
    ["big", "large", "huge"],
    ["write", "make", "give me", "compose"],
    ["machine", "computer"],
    ["begin", "start"],
    ["stop", "end", "quit"],
    ["answer", "reply", "response"],
    ["question", "prompt"],
    ["find", "see", "look up"],
    ["need", "require"],
    ["allow", "permit"],
    ["check", "verify"],
    ["without internet", "offline", "without a network"],
]
OPENINGS = [
    ["how do i", "how can i", "how to", "how would i", "how should i", "what is the way to", "show me how to", "how does one",
     "what do i do to", "i want to", "is there a way to", "what command do i use to", "can you show me how to", "i need to"],
    ["what is", "what's", "whats", "tell me what is", "explain", "define", "what exactly is", "can you explain", "describe"],
    ["what does", "tell me what"],
    ["where is", "where's", "where do i find", "in which place is", "where can i find"],
    ["where are", "where do i find", "where can i find"],
    ["which", "what"],
    ["why is", "what is the reason that", "how come"],
    ["can i", "may i", "is it possible to", "am i able to", "could i"],
    ["does it", "will it", "can it"],
    ["is there", "do you have", "does it have", "exists there"],
]  # fmt: skip

_synonyms = {word: group for group in SYNONYMS for word in group}
_openings = sorted(((word, group) for group in OPENINGS for word in group), key=lambda pair: -len(pair[0]))
_synonym_words = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, _synonyms), key=len, reverse=True)) + r")\b", re.IGNORECASE
)


def vary(question: str, chance: random.Random) -> str:
    """The question, or the like of it."""
    if chance.random() < 0.2:
        return question
    text = question
    if chance.random() < 0.25:
        text = _other_opening(text, chance)
    if chance.random() < 0.2:
        text = _other_word(text, chance)
    words = text.split(" ")
    if len(words) > 3 and chance.random() < 0.25:
        small = [i for i, word in enumerate(words) if word.lower() in SMALL_WORDS]
        anything = len(words) > 5 and chance.random() < 0.3
        drop = chance.randrange(len(words)) if anything else chance.choice(small) if small else None
        if drop is not None:
            del words[drop]
    if len(words) > 4 and chance.random() < 0.04:
        i = chance.randrange(len(words) - 1)
        words[i], words[i + 1] = words[i + 1], words[i]
    text = " ".join(words)
    if chance.random() < 0.12:
        text = _slip(text, chance)
    if chance.random() < 0.12:
        text = chance.choice(PREFIXES) + text[:1].lower() + text[1:]
    if chance.random() < 0.35:
        text = text.rstrip("?.! ")
    if chance.random() < 0.06:
        text = text.rstrip("?.! ") + chance.choice(SUFFIXES) + (text[-1:] if text[-1:] in "?.!" else "")
    kind = chance.random()
    if kind < 0.3:
        text = text.lower()
    elif kind < 0.5:
        text = text[:1].upper() + text[1:]
    elif kind < 0.52:
        text = text.upper()
    if chance.random() < 0.05 and text[-1:] not in "?.!":
        text += chance.choice(["?", ".", "!", "??", " ?"])
    return text


def _other_opening(text: str, chance: random.Random) -> str:
    lower = text.lower()
    for word, group in _openings:
        if lower.startswith(word + " "):
            return chance.choice(group) + text[len(word) :]
    return text


def _other_word(text: str, chance: random.Random) -> str:
    found = list(_synonym_words.finditer(text))
    if not found:
        return text
    match = chance.choice(found)
    return text[: match.start()] + chance.choice(_synonyms[match.group().lower()]) + text[match.end() :]


def _slip(text: str, chance: random.Random) -> str:
    letters = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if len(letters) < 5:
        return text
    i = chance.choice(letters)
    kind = chance.random()
    if kind < 0.4:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    if kind < 0.75:
        return text[:i] + text[i + 1 :]
    return text[: i + 1] + text[i:]
