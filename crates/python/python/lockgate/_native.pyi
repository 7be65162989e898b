from pathlib import Path
from typing import Optional, final

from ._wish import Wish

__all__ = ["CODES", "Call", "__version__", "begin"]

CODES: list[str]
__version__: str

@final
class Call:
    def wait(self) -> bool: ...
    def told(self) -> tuple[Optional[tuple[int, Optional[int]]], list[tuple[str, str]]]: ...
    def end(self) -> tuple[Path, list[str]]: ...
    def give_up(self) -> None: ...

def begin(wish: Wish) -> Call: ...
