"""Scripts as values: bytes in, frozen values out; no disk, no server, no driver.

What the peers hash and how they split is reproduced exactly, quirks included, in
modules named for it; Lark grammars (``grammars/*.lark``) decide structure.
"""
