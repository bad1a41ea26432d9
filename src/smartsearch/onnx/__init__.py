"""ONNX models: what they are (descriptions), where their files are (weights), how they run (sessions)."""
