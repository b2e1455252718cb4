"""Reads the corpus: text files of records, which README.md describes, and says which questions are held back."""

from dataclasses import dataclass
from pathlib import Path

HELD_BACK_ONE_IN = 8
HONEST = "I am a tiny demonstration model"


@dataclass(frozen=True)
class Turn:
    questions: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class Record:
    topic: str
    system: str | None
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Item:
    """One question with its answer; `earlier` are the turns before it in a dialogue."""

    topic: str
    system: str | None
    earlier: tuple[Turn, ...]
    question: str
    answer: str


def fnv1a(text: str) -> int:
    """The 32-bit FNV-1a hash of the text in UTF-8; evaluate.lua computes the same."""
    value = 2166136261
    for byte in text.encode("utf-8"):
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def is_held_back(record: Record, index: int, question: str) -> bool:
    """A paraphrase by its hash: never a record's first question, except where any question has the same answer."""
    if len(record.turns) > 1:
        return False
    if index == 0 and record.topic != "outside":
        return False
    return fnv1a(question) % HELD_BACK_ONE_IN == 0


def read(folder: Path) -> list[Record]:
    """All records of the folder's *.txt files, in the order of the files' names."""
    records = []
    for file in sorted(folder.glob("*.txt")):
        lines = file.read_text(encoding="utf-8").split("\n")
        paragraph: list[tuple[int, str]] = []
        for number, line in enumerate(lines + [""], 1):
            if line.startswith("#") and not any(text.startswith("A:") for _, text in paragraph):
                continue
            if line.strip():
                paragraph.append((number, line.rstrip()))
            elif paragraph:
                records.append(_record(file, paragraph))
                paragraph = []
    return records


def _record(file: Path, lines: list[tuple[int, str]]) -> Record:
    system = None
    turns: list[Turn] = []
    questions: list[str] = []
    answer: list[str] = []
    for number, line in lines:
        if line.startswith("S:") and not turns and not questions:
            system = line[2:].strip()
        elif line.startswith("Q:"):
            if answer:
                turns.append(Turn(tuple(questions), "\n".join(answer)))
                questions, answer = [], []
            questions.append(line[2:].strip())
        elif line.startswith("A:"):
            if not questions or answer:
                raise ValueError(f"{file}:{number}: an answer without a question")
            answer = [line[2:].strip()]
        elif answer:
            answer.append(line)
        else:
            raise ValueError(f"{file}:{number}: neither S:, Q: nor A:")
    if not answer:
        raise ValueError(f"{file}:{lines[-1][0]}: a question without an answer")
    turns.append(Turn(tuple(questions), "\n".join(answer)))
    return Record(file.stem, system, tuple(turns))


def split(records: list[Record]) -> tuple[list[Record], list[Item]]:
    """The records with only the questions to train on, and the questions held back.

    What stands in a dialogue is trained on there: held back elsewhere it is in neither, as evaluate.lua leaves it out.
    """
    in_dialogues = {q for record in records if len(record.turns) > 1 for turn in record.turns for q in turn.questions}
    trained, held = [], []
    for record in records:
        if len(record.turns) > 1:
            trained.append(record)
            continue
        turn = record.turns[0]
        kept = []
        for index, question in enumerate(turn.questions):
            if not is_held_back(record, index, question):
                kept.append(question)
            elif question not in in_dialogues:
                held.append(Item(record.topic, record.system, (), question, turn.answer))
        if kept:
            trained.append(Record(record.topic, record.system, (Turn(tuple(kept), turn.answer),)))
    return trained, held


def items(records: list[Record]) -> list[Item]:
    """Every question of the records; of a dialogue the first question of each turn."""
    result = []
    for record in records:
        if len(record.turns) == 1:
            turn = record.turns[0]
            result += [Item(record.topic, record.system, (), q, turn.answer) for q in turn.questions]
        else:
            for i, turn in enumerate(record.turns):
                result.append(Item(record.topic, record.system, record.turns[:i], turn.questions[0], turn.answer))
    return result


def is_right(topic: str, expected: str, reply: str) -> bool:
    """The same text but for white space; outside what it knows, any reply that begins honestly."""
    if topic in ("outside", "invented"):
        return reply.strip().startswith(HONEST)
    return expected.split() == reply.split()
