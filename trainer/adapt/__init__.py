"""Cheap ways to adapt a model: adapters, quantised weights, frozen parts. They act on what a task built."""
