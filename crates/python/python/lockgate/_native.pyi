from pathlib import Path
from typing import Callable, Optional

from ._wish import Wish

__all__ = ["CODES", "__version__", "fetch"]

CODES: list[str]
__version__: str

def fetch(
    wish: Wish,
    progress: Optional[Callable[[int, Optional[int]], object]],
    tell: Callable[[str, str], object],
) -> Path: ...
