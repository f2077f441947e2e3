"""Decisions as pure functions: files, history, facts and policy in, a plan out.

Every violation is collected, not the first only; nothing here touches a disk or a
server, so that each rule can be tried on values.
"""
