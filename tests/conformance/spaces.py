"""Spaces that show what there is to show of parameters, conditions and constraints."""

from __future__ import annotations

from search_spaces import Categorical, Constant, Float, Int, Normal, SearchSpace

MIXED = SearchSpace(
    [
        Float("learning_rate", 1e-6, 1e-2, log=True, points=2),
        Float("weight_decay", 0.0, 0.3, points=2),
        Float("dropout", 0.0, 0.5, step=0.1, points=2),
        Float("warmup", 1e-3, 1e-1, log=True, step=1e-3, points=2),
        Int("layers", 1, 3),
        Int("hidden", 16, 512, log=True, points=2),
        Int("heads", 2, 10, step=4, points=2),
        Normal("shift", 0.0, 1.0, points=2),
        Normal("scale", 0.0, 0.5, log=True, points=2),
        Categorical("optimizer", ["adamw", "sgd", None, True, [0.9, 0.99], {"name": "lion"}]),
        Categorical("batch_size", [8, 16, 32, 64], probabilities=[0.4, 0.3, 0.3, 0.0]),
        Constant("seed", 7),
    ]
)

TINY = SearchSpace([Int("a", -1, 1), Categorical("b", ["x", "y", "z"]), Int("c", 0, 1)])  # 18 configurations


CONDITIONED = SearchSpace(
    [
        Float("learning_rate", 1e-6, 1e-2, log=True, points=3),
        Categorical("peft", ["none", "lora", "prefix"]),
        Int("lora_rank", 4, 16, step=4, when={"peft": "lora"}),
        Float("lora_dropout", 0.0, 0.5, points=2, when={"lora_rank": {"min": 8}}),
        Int("prefix_length", 8, 64, log=True, points=3, when={"peft": "prefix"}),
        Constant("lora_scale", 2.0, when={"peft": "lora"}),
        Categorical("batch_size", [8, 16, 32]),
        Int("accumulation", 1, 8),
    ],
    ["batch_size * accumulation <= 64", "lora_rank <= 8 or learning_rate < 1e-3"],
)
