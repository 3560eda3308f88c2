"""Entry of the `aftercare` command: puts the commands together."""

import subprocess
import sys
from typing import Annotated

import typer

from clients.cli import approvals, cases, effects, finance, operate, parked, policy, rpc, session
from clients.cli.order import order
from clients.cli.output import console, fail, told

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Agents' and operators' tool of Aftercare. Start with `aftercare login --role agent`.",
)
app.add_typer(cases.app, name="cases")
app.add_typer(approvals.app, name="approvals")
app.add_typer(parked.app, name="parked")
app.add_typer(effects.app, name="effects")
app.add_typer(operate.timers, name="timers")
app.add_typer(operate.clock, name="clock")
app.add_typer(operate.history, name="history")
app.add_typer(policy.app, name="policy")
app.add_typer(finance.app, name="money")
app.add_typer(rpc.app, name="rpc")
app.command()(order)
app.command()(operate.status)
app.command()(operate.erase)


@app.command()
@told
def login(
    role: Annotated[list[str] | None, typer.Option(help="Role in the embedded stack; may be repeated.")] = None,
    subject: Annotated[str, typer.Option("--as", help="Who you are; default: the role's name.")] = "",
    customer: Annotated[str, typer.Option(help="For role customer: whose token it is.")] = "",
    shop: Annotated[list[str] | None, typer.Option(help="Only these shops; default: all.")] = None,
    token: Annotated[str, typer.Option(help="A token of your identity provider, instead of a development one.")] = "",
    stack: Annotated[str, typer.Option(help="Folder of the embedded stack; default: that of `make up`.")] = "",
) -> None:
    """Log in: with a role in the embedded stack, or with a token of your identity provider.

    Examples: aftercare login --role agent --as anna;  aftercare login --role customer --customer C-1 --shop demo-shop
    """
    roles = role or ["agent"]
    who = subject or customer or roles[0]
    current = session.load()
    if token:
        session.save(session.Session(token, who, current.addresses))
        console.print("logged in with the given token")
        return
    place = ["--data", stack] if stack else []
    words = [w for r in roles for w in ("--role", r)] + [w for s in shop or [] for w in ("--shop", s)]
    words += ["--customer", customer] if customer else []
    made = _local(*place, "token", "--subject", who, *words).strip()
    exported = [line.removeprefix("export ") for line in _local(*place, "env").splitlines()]
    addresses = {}
    for line in exported:
        name, _, value = line.partition("=")
        service = name.removeprefix("AFTERCARE_").removesuffix("_ADDRESS").lower()
        if service in session.SERVICES:
            addresses[service] = value.strip("'\"")
    session.save(session.Session(made, who, addresses))
    console.print(f"logged in as {who} ({', '.join(roles)}) on the embedded stack")


def _local(*words: str) -> str:
    """Ask the embedded stack's own tool, as any person could."""
    done = subprocess.run([sys.executable, "-m", "infra.local", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"the embedded stack gives no token: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def main() -> None:
    """Run the tool."""
    app()


if __name__ == "__main__":
    main()
