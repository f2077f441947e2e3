"""Which transactions a statement needs: neo4j-migrations' answer, and ours.

The peer searches a statement with two patterns (§2.6 of the compatibility reference):

    (?ims)(?<!`)([^`\\s*+]\\s*+CALL\\s*+(?:\\(.+?\\)\\s*+)?\\{.*}\\s*+
        (?<tx>IN(?<concurrency>.+?)TRANSACTIONS)?)(?!`)
    (?ims)(?<!`)(([^`\\s*]|^)\\s*+USING\\s+PERIODIC\\s+COMMIT\\s+)(?!`)

Searching them takes quadratic time.  ``peer_transaction`` gives the same answers in
linear time.  Strategy for the first: ``.*}`` is greedy, so for every beginning the
match ends at the last ``}`` not followed by blanks and a backtick; what follows that
one brace decides, and it only has to be known whether any beginning lies before it.

Our own answer differs where the peer is known to fail: a CALL { } IN TRANSACTIONS
that its pattern overlooks is refused by the server in a managed transaction.
"""

from __future__ import annotations

import re
from typing import Literal

from weave_migrate.scripts._java import trim

Mode = Literal["managed", "implicit"]

# Without one of these words nothing here can be implicit.  Character sets instead of
# IGNORECASE, because the search then skips ahead quickly (and stays ASCII).
_WORTH_A_LOOK = re.compile(
    r"[tT][rR][aA][nN][sS][aA][cC][tT][iI][oO][nN][sS]"
    r"|[pP][eE][rR][iI][oO][dD][iI][cC]"
)
_FLAGS = re.IGNORECASE | re.ASCII
_SPACE = re.compile(r"\s*+", re.ASCII)
_IN = re.compile("in", _FLAGS)
_TRANSACTIONS = re.compile("transactions(?!`)", _FLAGS)
_CONCURRENT = re.compile(r"(?:-?\d++)?\s*+concurrent", _FLAGS)
_CALL = re.compile(r"call\s*+([{(])", _FLAGS)
_BRACE = re.compile(r"\)\s*+\{", re.ASCII)
_PERIODIC = re.compile(r"using\s++periodic\s++commit\s(?!`)", _FLAGS)
_TOKEN = re.compile(
    r"""'(?:[^'\\]++|\\.)*+'? | "(?:[^"\\]++|\\.)*+"? | `[^`]*+`?
    | //[^\r\n]*+ | /\*(?:[^*]++|\*(?!/))*+(?:\*/)? | \w++ | \S""",
    re.DOTALL | re.VERBOSE,
)
_OPENING, _CLOSING = frozenset("({"), frozenset(")}")
_NAME_FOLLOWS = frozenset({":", ".", "$"})  # what follows these is no keyword
_JAVA_BLANK = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)


def transaction(statement: str) -> tuple[Mode, Mode | None]:
    """Give the transaction weave uses, and the peer's where it decides otherwise."""
    if _WORTH_A_LOOK.search(statement) is None:
        return "managed", None
    peer = peer_transaction(statement)
    if peer != "implicit" and calls_in_transactions(statement):
        return "implicit", "managed" if peer == "managed" else None
    return ("implicit" if peer == "implicit" else "managed"), None


def peer_transaction(statement: str) -> Literal["managed", "implicit", "invalid"]:
    """Say what neo4j-migrations decides; ``invalid``: it raises "Invalid statement"."""
    if _uses_periodic_commit(statement):
        return "implicit"
    brace, after = _last_brace(statement)
    if not _IN.match(statement, after):
        return "managed"
    # ``.+?`` takes at least one character.
    end = _TRANSACTIONS.search(statement, after + 3)
    if end is None or not _call_opens_before(statement, brace):
        return "managed"
    concurrency = statement[after + 2 : end.start()]
    if not concurrency.strip(_JAVA_BLANK):
        return "implicit"
    return "implicit" if _CONCURRENT.fullmatch(trim(concurrency)) else "invalid"


def calls_in_transactions(statement: str) -> bool:
    """Find a CALL { } with IN … TRANSACTIONS behind it, outside strings and comments.

    ``opened`` holds, for each open bracket, whether CALL stood before it.
    """
    opened: list[bool] = []
    after_call = after_block = inside_clause = False
    before = ""
    for match in _TOKEN.finditer(statement):
        sign = match[0]
        if sign.startswith(("//", "/*")):
            continue
        word = "" if before in _NAME_FOLLOWS else sign.upper()
        if inside_clause and word == "TRANSACTIONS":
            return True
        inside_clause = inside_clause or (after_block and word == "IN")
        closed_call = opened.pop() if sign in _CLOSING and opened else False
        if sign in _OPENING:
            opened.append(after_call)
        after_call = word == "CALL" or (sign == ")" and closed_call)
        after_block = sign == "}" and closed_call
        before = sign
    return False


def _uses_periodic_commit(statement: str) -> bool:
    for match in _PERIODIC.finditer(statement):
        start = _before_blanks(statement, match.start())
        blanks = statement[start : match.start()]
        # ``^`` is true at the beginning and behind every line end that Java knows,
        # three of which are no white space to it.
        if start == 0 or "\n" in blanks or "\r" in blanks:
            return True
        if statement[start - 1] in "\x85\u2028\u2029":
            return True
        if statement[start - 1] not in "`*" and not statement.endswith(
            "`", 0, start - 1
        ):
            return True
    return False


def _last_brace(statement: str) -> tuple[int, int]:
    """Find the last ``}`` not followed by blanks and a backtick, and what follows."""
    brace = statement.rfind("}")
    while brace >= 0:
        match = _SPACE.match(statement, brace + 1)
        after = match.end() if match else brace + 1
        if not statement.startswith("`", after):
            return brace, after
        brace = statement.rfind("}", 0, brace)
    return -1, len(statement)


def _call_opens_before(statement: str, brace: int) -> bool:
    """Say whether a CALL the peer sees opens its block before ``brace``."""
    reachable = True  # what the first parenthesis does not reach no later one does
    for match in _CALL.finditer(statement, 0, max(brace, 0)):
        start = _before_blanks(statement, match.start())
        if start == 0 or statement[start - 1] in "`*+":
            continue
        if statement.endswith("`", 0, start - 1):
            continue
        if match[1] == "{":
            return True
        if reachable and _BRACE.search(statement, match.end() + 1, brace):
            return True
        reachable = False
    return False


def _before_blanks(statement: str, position: int) -> int:
    while position and statement[position - 1] in " \t\n\r\f\v":
        position -= 1
    return position
