"""What a process holds, for the benchmarks; no library is needed.

A peak is the kernel's VmHWM, and not `ru_maxrss`: that one survives `exec`, so that a process never
shows less than its parent held when it was started.
"""

from pathlib import Path


def resident(process="self") -> int:
    """Returns the memory that a process holds, in bytes."""
    return _said("VmRSS", process)


def peak(process="self") -> int:
    """Returns the most memory that a process has held, in bytes."""
    return _said("VmHWM", process)


def _said(key: str, process) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.split(f"{key}:")[1].split()[0])
