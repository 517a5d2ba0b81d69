"""`farcall token new|list|revoke`: tokens for other people on one gateway, each taken back by itself."""

from __future__ import annotations

import argparse
import re
import time

from ..client.session import Session
from ..wire.messages import TokenList, TokenListing, TokenMade, TokenMake, TokenRevoke, TokenRevoked
from .common import Commands, is_running, no_gateway, print_json, takes_json

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def add(commands: Commands) -> None:
    """Make the command known."""
    command = commands.add_parser("token", help="give other people tokens of this gateway, and take them back")
    actions = command.add_subparsers(required=True, metavar="action")
    new = actions.add_parser("new", help="make a token and print it, this once")
    new.add_argument("name", help="whose it is")
    new.add_argument("--scope", choices=("client", "admin"), default="client", help="admin: may also give tokens out")
    new.add_argument("--expires", type=_seconds, default=0.0, metavar="TIME", help="such as 12h, 30d (default: never)")
    new.set_defaults(run=_new)
    listing = actions.add_parser("list", help="the tokens that were given out")
    listing.set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="take a token back; who uses it is disconnected at once")
    revoke.add_argument("token_id", help="as `farcall token list` names it")
    revoke.set_defaults(run=_revoke)
    for action in (new, listing, revoke):
        takes_json(action)


def _new(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    wish = TokenMake(request=0, name=asked.name, scope=asked.scope, seconds=asked.expires)
    made = Session.current().ask(wish, TokenMade)
    if asked.json:
        print_json(made)
        return 0
    print(made.token)
    return 0


def _list(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    listing = Session.current().ask(TokenList(request=0), TokenListing)
    if asked.json:
        print_json(listing.tokens)
        return 0
    for one in listing.tokens:
        print(f"{one.token_id}  {one.scope:<6}  {_day(one.made_at)}  {_until(one.expires_at):<16}  {one.name}")
    if not listing.tokens:
        print("no tokens were given out; the gateway's own is in its folder")
    return 0


def _revoke(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    revoked = Session.current().ask(TokenRevoke(request=0, token_id=asked.token_id), TokenRevoked)
    if asked.json:
        print_json(revoked)
    else:
        print(f"revoked {revoked.token_id}")
    return 0


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _until(seconds: float) -> str:
    return f"until {_day(seconds)}" if seconds else "until revoked"


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"takes a number and s, m, h, d or w, such as 12h or 30d, not {text!r}")
    return float(match[1]) * _UNITS_S[match[2]]
