"""Imports asyncio."""

import asyncio  # noqa: F401
