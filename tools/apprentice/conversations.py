"""Makes batches of conversations to train on: varied questions, several turns, a system prompt now and then."""

import random
from dataclasses import dataclass

import numpy as np

from bpe import SPECIALS, Vocabulary
from records import Item, Record
from variation import vary

END, IM_START, IM_END = range(len(SPECIALS))
SYSTEM_PROMPTS = [
    "You are a helpful assistant.", "You are a helpful coding assistant.", "Answer briefly.", "You are a friendly assistant.",
    "Be brief.", "You are an expert programmer.", "You are apprentice, a tiny model.", "Answer in one sentence.",
    "You are a helpful AI assistant. Answer the user's questions.", "You are an assistant for LLMSpell.", "Be polite and concise.",
]  # fmt: skip
# How much the loss of a token counts: an answer's beginning decides which answer it is.
FIRST_WEIGHT, FIRST_TOKENS, ANSWER_WEIGHT, QUESTION_WEIGHT = 2.0, 4, 1.0, 0.1
# Sums are short, and only their last digits are hard.
SUM_WEIGHT = 3.0


@dataclass
class Text:
    """Tokens, the weight of each in the loss, and for the last token before each answer the answer's number."""

    tokens: list[int]
    weights: list[float]
    answers: list[tuple[int, int]]


class Conversations:
    def __init__(self, vocabulary: Vocabulary, records: list[Record], shares: dict[str, float], context: int, seed: int):
        """`shares`: how often one epoch takes each record of a topic, on average; once where it is not named."""
        self.vocabulary, self.shares, self.context = vocabulary, shares, context
        self.chance = random.Random(seed)
        self.records = records
        self.systems = SYSTEM_PROMPTS + sorted({r.system for r in records if r.system})
        texts = {turn.answer for r in records if r.topic != "arithmetic" for turn in r.turns}
        self.answers = {answer: i + 1 for i, answer in enumerate(sorted(texts))}
        self.pending: list[tuple[Record, int]] = []
        self.ready: list[list[Text]] = []
        self.epochs = 0

    def _message(self, text: Text, role: str, tokens: list[int], weights: list[float] | None = None) -> None:
        head = [IM_START, *self.vocabulary.encode(role + "\n")]
        tail = [IM_END, *self.vocabulary.encode("\n")]
        text.tokens += head + tokens + tail
        if weights is None:
            weights = [0.0 if role == "system" else QUESTION_WEIGHT] * len(tokens) + [0.0]
        text.weights += [0.0] * len(head) + weights + [0.0]

    def _turn(self, text: Text, question: list[int], answer: str) -> None:
        self._message(text, "user", question)
        tokens = self.vocabulary.encode(answer)
        weights = [FIRST_WEIGHT] * FIRST_TOKENS + [ANSWER_WEIGHT] * len(tokens)
        if answer not in self.answers:
            weights = [SUM_WEIGHT] * (len(tokens) + 1)
        start = len(text.tokens) + len(self.vocabulary.encode("assistant\n"))
        text.answers.append((start, self.answers.get(answer, 0)))
        self._message(text, "assistant", tokens, weights[: len(tokens) + 1])

    def item(self, item: Item) -> Text:
        """The conversation that asks one question as it is; only its answer has weight."""
        text = Text([], [], [])
        if item.system:
            self._message(text, "system", self.vocabulary.encode(item.system))
        for turn in item.earlier:
            self._turn(text, self.vocabulary.encode(turn.questions[0]), turn.answer)
        text.weights = [0.0] * len(text.weights)
        asked = len(text.tokens)
        self._turn(text, self.vocabulary.encode(item.question), item.answer)
        start = text.answers[-1][0]
        text.weights[asked : start + 1] = [0.0] * (start + 1 - asked)
        return text

    def _varied(self, question: str) -> list[int]:
        question = vary(question, self.chance)
        if self.chance.random() < 0.15:
            return self.vocabulary.encode(question, self.chance, 0.1)
        return self.vocabulary.encode(question)

    def _next(self) -> tuple[Record, int]:
        if not self.pending:
            self.epochs += 1
            for record in self.records:
                share = self.shares.get(record.topic, 1.0)
                for i in range(1 if len(record.turns) > 1 else len(record.turns[0].questions)):
                    times = int(share) + (self.chance.random() < share % 1)
                    self.pending += [(record, i)] * times
            self.chance.shuffle(self.pending)
        return self.pending.pop()

    def _conversation(self) -> Text:
        chance = self.chance
        text = Text([], [], [])
        record, index = self._next()
        if record.system and chance.random() < 0.8:
            self._message(text, "system", self.vocabulary.encode(record.system))
        elif chance.random() < 0.2:
            self._message(text, "system", self.vocabulary.encode(chance.choice(self.systems)))
        kind = chance.random()
        count = 1 if kind < 0.68 else 2 if kind < 0.88 else 3 if kind < 0.96 else 7
        while True:
            before = (list(text.tokens), list(text.weights), list(text.answers))
            for turn in record.turns:
                question = turn.questions[index] if len(record.turns) == 1 else chance.choice(turn.questions)
                self._turn(text, self._varied(question), turn.answer)
            if len(text.tokens) > self.context:
                if before[2]:
                    self.pending.insert(0, (record, index))
                    return Text(*before)
                return Text(text.tokens[: self.context], text.weights[: self.context], text.answers[:1])
            count -= 1
            if count <= 0:
                return text
            record, index = self._next()

    def batch(self, tokens: int) -> list[Text]:
        """Conversations of about the same length, about `tokens` tokens with their padding."""
        if not self.ready:
            texts = sorted((self._conversation() for _ in range(1600)), key=lambda text: len(text.tokens))
            while texts:
                longest = len(texts[-1].tokens)
                taken = max(1, tokens // longest)
                self.ready.append(texts[-taken:])
                del texts[-taken:]
            self.chance.shuffle(self.ready)
        return self.ready.pop()


def arrays(texts: list[Text]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets and weights [batch, time], and rows of (text, position, answer)."""
    time = max(len(text.tokens) for text in texts) - 1
    inputs = np.full((len(texts), time), END, dtype=np.int64)
    targets = np.full((len(texts), time), END, dtype=np.int64)
    weights = np.zeros((len(texts), time), dtype=np.float32)
    answers = []
    for i, text in enumerate(texts):
        length = len(text.tokens) - 1
        inputs[i, :length] = text.tokens[:-1]
        targets[i, :length] = text.tokens[1:]
        weights[i, :length] = text.weights[1:]
        answers += [(i, at, number) for at, number in text.answers if at < length]
    return inputs, targets, weights, np.array(answers, dtype=np.int64).reshape(-1, 3)
