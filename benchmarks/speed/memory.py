"""Memory of a process, for the benchmarks; needs no library.

The peak is the kernel's VmHWM and not `ru_maxrss`, which survives `exec`, so that it is never less
than the memory of the parent when it started the process.
"""

from pathlib import Path


def resident(process="self") -> int:
    """Returns the resident memory of a process in bytes."""
    return _said("VmRSS", process)


def peak(process="self") -> int:
    """Returns the peak memory of a process in bytes."""
    return _said("VmHWM", process)


def _said(key: str, process) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.split(f"{key}:")[1].split()[0])
