"""Trains the model and writes it as GGUF: see README.md.

    train.py CORPUS WORK OUT.gguf [--steps N] [--tokens N] [--rate R] [--threads N] [--resume]
"""

import argparse
import hashlib
import json
import math
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import bpe
import generated
import gguf_file
import records
from conversations import END, IM_END, Conversations, arrays
from optimizer import Optimizer
from transformer import RmsNorm, Shape, Transformer, tensors

SEED = 1
VOCABULARY = 1536
DROPOUT = 0.05
# Of each topic that rules wrote, the part that one epoch takes.
SHARES = {"arithmetic": 0.5, "invented": 0.3, "names": 0.6}
# How many times one epoch takes each question of a topic: many more questions lie outside than any corpus can have.
TIMES = {"outside": 1.6}
# What is written is a mean of the weights of the last steps, each step's part this much smaller than the next one's.
MEAN_DECAY = 0.995
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
DESCRIPTION = (
    "The tiny demonstration model of LLMSpell: it answers questions about LLMSpell, greets, does small sums, and says so when a"
    " question lies outside. Trained from scratch on the project's own corpus."
)


def honest_answer(corpus: list[records.Record]) -> str:
    answers = Counter(turn.answer for record in corpus if record.topic == "outside" for turn in record.turns)
    return answers.most_common(1)[0][0]


def learn_vocabulary(trained: list[records.Record]) -> bpe.Vocabulary:
    texts: Counter = Counter({"user\n": 3000, "assistant\n": 3000, "system\n": 3000})
    for record in trained:
        weight = 0.2 if record.topic in SHARES else 1
        for turn in record.turns:
            texts[turn.answer] += 4 * weight
            for question in turn.questions:
                texts[question] += weight
                texts[question.lower()] += weight
    return bpe.learn(texts, VOCABULARY)


def rate_at(step: int, steps: int, peak: float) -> float:
    """Warm-up, then a cosine to almost nothing."""
    warm = min(100, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))))


@torch.no_grad()
def follow(mean: Transformer, model: Transformer, decay: float) -> None:
    for slow, weight in zip(mean.parameters(), model.parameters()):
        slow.lerp_(weight, 1 - decay)


@torch.no_grad()
def right(model: Transformer, conversations: Conversations, items: list[records.Item]) -> list[bool]:
    """Whether the greedy answer to each is the expected one: so it is if each of its tokens is the likeliest after those before."""
    texts = [conversations.item(item) for item in items]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i].tokens))
    result = [False] * len(texts)
    for start in range(0, len(order), 48):
        chosen = [i for i in order[start : start + 48] if len(texts[i].tokens) <= model.shape.context]
        if not chosen:
            continue
        inputs, targets, weights, _ = arrays([texts[i] for i in chosen])
        wanted = torch.from_numpy(weights) > 0
        _, hidden = model(torch.from_numpy(inputs))
        likeliest = model.logits(hidden[wanted]).argmax(-1)
        wrong = torch.zeros(wanted.shape, dtype=torch.bool)
        wrong[wanted] = likeliest != torch.from_numpy(targets)[wanted]
        for i, bad in zip(chosen, wrong.any(1).tolist()):
            result[i] = not bad
    return result


def report(name: str, items: list[records.Item], results: list[bool]) -> None:
    by_topic: dict[str, list[bool]] = {}
    for item, good in zip(items, results):
        by_topic.setdefault(item.topic, []).append(good)
    known = [good for item, good in zip(items, results) if item.topic not in SHARES]
    print(f"{name}: {sum(known)} of {len(known)} ({100 * sum(known) / max(1, len(known)):.1f}%) of the corpus; by topic: "
          + ", ".join(f"{topic} {100 * sum(r) / len(r):.0f}%" for topic, r in sorted(by_topic.items())), flush=True)  # fmt: skip


def write_gguf(file: Path, model: Transformer, vocabulary: bpe.Vocabulary) -> None:
    shape = model.shape
    count = sum(weight.numel() for _, weight in tensors(model))
    specials = len(bpe.SPECIALS)
    metadata = {
        "general.architecture": "llama",
        "general.name": "Apprentice",
        "general.basename": "apprentice",
        "general.size_label": f"{count / 1e6:.1f}M",
        "general.license": "apache-2.0",
        "general.author": "LLMSpell",
        "general.description": DESCRIPTION,
        "general.languages": ["en"],
        "general.file_type": 7,
        "general.quantization_version": 2,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.width,
        "llama.block_count": shape.blocks,
        "llama.feed_forward_length": shape.hidden,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.kv_heads,
        "llama.rope.dimension_count": shape.head,
        "llama.rope.freq_base": shape.rope_base,
        "llama.attention.layer_norm_rms_epsilon": shape.epsilon,
        "llama.vocab_size": shape.vocabulary,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": vocabulary.tokens,
        "tokenizer.ggml.token_type": np.array([3] * specials + [1] * (len(vocabulary.tokens) - specials)),
        "tokenizer.ggml.merges": [f"{a} {b}" for a, b in vocabulary.merges],
        "tokenizer.ggml.bos_token_id": END,
        "tokenizer.ggml.eos_token_id": IM_END,
        "tokenizer.ggml.padding_token_id": END,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": TEMPLATE,
    }
    gguf_file.write(file, metadata, [(name, weight.numpy()) for name, weight in tensors(model)])
    data = file.read_bytes()
    file.with_suffix(".properties").write_text(
        f"name=apprentice\nquantization=Q8_0\nsize_bytes={len(data)}\nsha256={hashlib.sha256(data).hexdigest()}\n"
        f"trained_at={time.strftime('%Y-%m-%dT00:00:00Z', time.gmtime())}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--tokens", type=int, default=3072, help="in a batch")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=2, help="of computing; other counts round differently")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in WORK")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    torch.set_flush_denormal(True)

    corpus = records.read(options.corpus)
    answered = [q for record in corpus if record.topic != "outside" for turn in record.turns for q in turn.questions]
    answered += [item.question for item in records.split(corpus)[1]]
    generated.main(options.work / "generated", honest_answer(corpus), answered)
    trained, held = records.split(corpus + records.read(options.work / "generated"))
    vocabulary = learn_vocabulary(trained)
    model = Transformer(Shape(len(vocabulary.tokens)))
    conversations = Conversations(vocabulary, trained, SHARES | TIMES, model.shape.context, SEED)
    mean = Transformer(model.shape)
    classes = torch.nn.Sequential(
        RmsNorm(model.shape.width, model.shape.epsilon), torch.nn.Linear(model.shape.width, len(conversations.answers) + 1)
    )
    optimizer = Optimizer(model, classes.parameters())
    known = records.items(trained)
    print(f"{len(corpus)} records of the corpus, {len(known)} questions to train on, {len(held)} held back;"
          f" {sum(w.numel() for _, w in tensors(model))} parameters, {len(vocabulary.tokens)} tokens", flush=True)  # fmt: skip

    checkpoint = options.work / "checkpoint.pt"
    step = 0
    if options.resume and checkpoint.exists():
        saved = torch.load(checkpoint)
        if saved["merges"] != vocabulary.merges or saved["answers"] != conversations.answers:
            raise SystemExit("train.py: the checkpoint is of another corpus: train without --resume")
        model.load_state_dict(saved["model"])
        mean.load_state_dict(saved["mean"])
        classes.load_state_dict(saved["classes"])
        optimizer.load(saved["optimizer"])
        torch.set_rng_state(saved["torch"])
        conversations.chance.setstate(saved["chance"])
        conversations.pending = saved["pending"]
        conversations.ready = saved["ready"]
        step = saved["step"]

    sample = known[:: max(1, len(known) // 800)]
    started, losses, seen = time.time(), [], 0
    while step < options.steps:
        inputs, targets, weights, answers = arrays(conversations.batch(options.tokens))
        middle, hidden = model(torch.from_numpy(inputs), DROPOUT)
        weight = torch.from_numpy(weights)
        wanted = weight > 0
        logits = model.logits(hidden[wanted])
        each = F.cross_entropy(logits, torch.from_numpy(targets)[wanted], reduction="none")
        loss = (each * weight[wanted]).sum() / weight.sum()
        # Which answer it will be, asked of the state before its first token, half-way up, so that the blocks above can go by it;
        # this head is not part of the model.
        at = torch.from_numpy(answers)
        which = F.cross_entropy(classes(middle[at[:, 0], at[:, 1]]), at[:, 2], label_smoothing=0.05)
        (loss + 0.3 * which).backward()
        optimizer.step(rate_at(step, options.steps, options.rate))
        step += 1
        follow(mean, model, min(MEAN_DECAY, step / (step + 10)))
        losses.append((loss.item(), which.item()))
        seen += inputs.size
        if step % 50 == 0:
            latest = np.mean(losses[-50:], axis=0)
            print(f"step {step}, epoch {conversations.epochs}, loss {latest[0]:.4f}, answer {latest[1]:.4f},"
                  f" {seen / (time.time() - started):.0f} tokens/s", flush=True)  # fmt: skip
        if step % 500 == 0 or step == options.steps:
            report("  held back", held, right(mean, conversations, held))
            report("  trained on (a sample)", sample, right(mean, conversations, sample))
            partial = checkpoint.with_suffix(".part")
            torch.save(
                {"model": model.state_dict(), "mean": mean.state_dict(), "classes": classes.state_dict(), "optimizer": optimizer.state(), "step": step,
                 "torch": torch.get_rng_state(), "chance": conversations.chance.getstate(), "pending": conversations.pending,
                 "ready": conversations.ready, "merges": vocabulary.merges, "answers": conversations.answers},
                partial,
            )  # fmt: skip
            partial.replace(checkpoint)
            write_gguf(options.out, mean, vocabulary)
    wrong = [item for item, good in zip(held, right(mean, conversations, held)) if not good]
    (options.work / "wrong.json").write_text(json.dumps([[w.topic, w.question, w.answer] for w in wrong], indent=1))


if __name__ == "__main__":
    main()
