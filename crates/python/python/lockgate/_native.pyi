from pathlib import Path
from typing import Optional, final

from ._args import Args

__all__ = ["CODES", "Task", "__version__", "begin"]

CODES: list[str]
__version__: str

@final
class Task:
    @property
    def cache(self) -> Optional[Path]: ...
    def wait(self, milliseconds: int) -> bool: ...
    def reported(self) -> tuple[Optional[tuple[int, Optional[int]]], list[tuple[str, str]]]: ...
    def end(self) -> tuple[Path, list[str]]: ...
    def stop(self) -> None: ...

def begin(args: Args) -> Task: ...
