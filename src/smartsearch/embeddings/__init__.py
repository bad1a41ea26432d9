"""Dual encoders on ONNX Runtime, one file per family: its tokens, its prompts, its defaults."""
