"""The kernel provisioner ``werkbank-fork``: ordinary kernels, forked from a warm template instead of started.

``JUPYTER_DEFAULT_PROVISIONER_NAME=werkbank-fork`` makes papermill, nbclient, nbval and JupyterLab use it for every
Python kernel of this interpreter; whatever it cannot fork it starts as jupyter_client itself would.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from werkbank.warm.child import kill_session
from werkbank.warm.forking import Child, NotWarmError, template

NAME = "werkbank-fork"


class ForkProvisioner(LocalProvisioner):
    """Fork a kernel of this interpreter from the template; start any other."""

    child: ForkedKernel | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ANN401 - as jupyter_client
        """Fork when the command is this interpreter's ipykernel; any failure starts an ordinary one."""
        if cmd[:3] == [sys.executable, "-m", "ipykernel_launcher"]:
            env = dict(kwargs.get("env") or os.environ)
            first = {
                "cwd": kwargs.get("cwd") or str(Path.cwd()),
                "env": env,
                "arguments": ["ipykernel_launcher", *cmd[3:]],
            }
            try:
                child = await asyncio.to_thread(lambda: template(env).fork("kernel", first, 1, 2))
            except (NotWarmError, OSError):
                pass
            else:
                self.process = ForkedKernel(child)  # type: ignore[assignment]
                self.pid = self.pgid = child.pid
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


class ForkedKernel:
    """What LocalProvisioner expects of a Popen, for a process that is the template's child and not ours."""

    stdin = stdout = stderr = None

    def __init__(self, child: Child) -> None:
        self._child = child
        self.pid = child.pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            try:
                for _ in self._child.messages(0.001):
                    pass
            except (TimeoutError, BlockingIOError):
                return None
            # without a last word the template has died, and its children with it
            self.returncode = self._child.exit if self._child.exit is not None else -signal.SIGKILL
        return self.returncode

    def wait(self) -> int:
        """Wait until it has ended."""
        for _ in self._child.messages(None):
            pass
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and what it has started."""
        if self.poll() is None:
            kill_session(self.pid)
