"""A process that serves gRPC can start another: the child becomes the program it was started as."""

import os
import subprocess
import sys

import pytest

STARTED = (
    "services.returns.__main__",
    "services.shipping_issues.__main__",
    "services.quality_complaints.__main__",
    "services.notifications.__main__",
    "bench.p12_what_if",
    "infra.demo.__main__",
)

LOOKS = """
import importlib, os, sys
class Look:
    def find_spec(self, name, path=None, target=None):
        if name == "grpc":
            print("grpc with", os.environ.get("GRPC_ENABLE_FORK_SUPPORT"))
            sys.meta_path.remove(self)
sys.meta_path.insert(0, Look())
sys.argv = ["none"]
importlib.import_module(MODULE)
"""

STARTS_CHILDREN = """
import asyncio, contextlib
import chassis
import grpc, grpc.aio, uvloop

async def call_for_ever(port):
    while True:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            with contextlib.suppress(grpc.aio.AioRpcError):
                await channel.unary_unary("/a/b")(b"", timeout=5)

async def main():
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    callers = [asyncio.create_task(call_for_ever(port)) for _ in range(4)]
    ended = []
    for _ in range(200):
        child = await asyncio.create_subprocess_exec("/bin/true", stdin=asyncio.subprocess.PIPE)
        ended.append(await child.wait())
    for caller in callers:
        caller.cancel()
    await server.stop(0)
    print("ended otherwise:", [code for code in ended if code])

uvloop.run(main())
"""


@pytest.mark.parametrize("module", STARTED)
def test_grpc_is_told_to_leave_forks_alone_before_it_is_imported(module: str) -> None:
    """It looks once, when it is imported: whatever is started first says it."""
    told = _python(f"MODULE = {module!r}\n{LOOKS}")
    assert told == "grpc with 0\n"


def test_no_child_dies_before_it_is_its_program() -> None:
    """Two hundred children of a process whose threads are calling: without the setting a few end by a signal."""
    assert _python(STARTS_CHILDREN) == "ended otherwise: []\n"


def _python(text: str) -> str:
    bare = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    asked = [sys.executable, "-c", text]
    return subprocess.run(asked, env=bare, capture_output=True, text=True, check=True, timeout=300).stdout
