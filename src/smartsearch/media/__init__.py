"""Pixels and metadata of one file: guarded decoding, derived data, worker processes, thumbnails.

`decode.decode` does the work in the calling process; `pool.DecodePool` does it in worker processes that a hostile file
may crash. Nothing here is imported by merely importing the package.
"""
