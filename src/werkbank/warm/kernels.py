"""An ordinary ipykernel in a forked child: what the provisioner's template runs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from werkbank.warm.child import renew

if TYPE_CHECKING:
    import socket


def serve(line: socket.socket) -> int:
    """Run the kernel of the command that arrives on `line` until it is shut down."""
    first = json.loads(line.makefile("rb").readline())
    renew(first["cwd"], first["env"])
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = first["arguments"]
    # whose death ends it; by default ipykernel uses what the environment said when it was imported
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(first["arguments"][1:])
    app.start()
    return 0
