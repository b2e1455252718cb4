"""The model: LLaMA's architecture in PyTorch, with weights in the order that GGUF files have them."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    width: int = 256
    blocks: int = 5
    heads: int = 8
    kv_heads: int = 4
    hidden: int = 576
    context: int = 512
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        return self.width // self.heads


class RmsNorm(nn.Module):
    def __init__(self, width: int, epsilon: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def rotate(x, cos, sin):
    """Rotary embedding of neighbouring pairs, as GGUF's `llama` has it; x: [batch, heads, time, head]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head
        self.attn_norm = RmsNorm(shape.width, shape.epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, kv, bias=False)
        self.attn_v = nn.Linear(shape.width, kv, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = RmsNorm(shape.width, shape.epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x, cos, sin, mask, drop):
        x = x + drop(self.attention(self.attn_norm(x), cos, sin, mask))
        h = self.ffn_norm(x)
        return x + drop(self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h)))

    def attention(self, x, cos, sin, mask):
        s = self.shape
        batch, time, _ = x.shape
        q = rotate(self.attn_q(x).view(batch, time, s.heads, s.head).transpose(1, 2), cos, sin)
        k = rotate(self.attn_k(x).view(batch, time, s.kv_heads, s.head).transpose(1, 2), cos, sin)
        v = self.attn_v(x).view(batch, time, s.kv_heads, s.head).transpose(1, 2)
        # The heads that share keys become rows of one product: [batch, kv_heads, group * time, head].
        group = s.heads // s.kv_heads
        q = q.reshape(batch, s.kv_heads, group * time, s.head)
        scores = (q @ k.transpose(-1, -2)) / math.sqrt(s.head)
        scores = scores.view(batch, s.kv_heads, group, time, time) + mask
        weights = scores.softmax(-1).view(batch, s.kv_heads, group * time, time)
        out = (weights @ v).view(batch, s.heads, time, s.head)
        return self.attn_output(out.transpose(1, 2).reshape(batch, time, s.width))


class Transformer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.output_norm = RmsNorm(shape.width, shape.epsilon)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * shape.blocks) if deep else 0.04)
        angles = torch.arange(shape.context)[:, None] * shape.rope_base ** (-torch.arange(0, shape.head, 2) / shape.head)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        mask = torch.full((shape.context, shape.context), float("-inf")).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, tokens, dropout: float = 0.0):
        """Of `tokens` [batch, time] the hidden states half-way up and the last ones, normed: [batch, time, width] each."""
        batch, time = tokens.shape
        if dropout:
            # One mask for all positions of a sequence: as good a regularizer, and cheap.
            def drop(y):
                kept = torch.bernoulli(torch.full((batch, 1, y.shape[-1]), 1 - dropout)) / (1 - dropout)
                return y * kept
        else:
            def drop(y):
                return y
        x = drop(self.token_embd(tokens))
        for i, block in enumerate(self.blk):
            if i == len(self.blk) // 2:
                middle = x
            x = block(x, self.cos[:time], self.sin[:time], self.mask[:time, :time], drop)
        return middle, self.output_norm(x)

    def logits(self, hidden):
        """Embeddings and output are one matrix."""
        return hidden @ self.token_embd.weight.T


def tensors(model: Transformer):
    """Names as in GGUF files, with the weights, in their order."""
    for name, weight in model.named_parameters():
        yield name, weight.detach()
