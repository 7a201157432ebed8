"""Conformance: what agentsync writes, loaded by the real clients.

Every agent of `cases` is written for a format and given to that format's client. Most clients talk to a stand-in for their model on the
loopback interface, are told to start every agent once, and the requests show what they made of each file: name, description, prompt,
model, and the tools that the agent really got. The others are asked through their own loaders (`libraries`, `inside/`). Those are compared
with the agent, and with what agentsync says the file grants, through tables of the client's tools that are written by hand in each
adapter and not taken from `formats/`.

The clients are no part of a checkout: `python -m tests.conformance` puts the versions of `clients.yaml` into a cache folder and asks
them (`docs/conformance.md`); the tests in this folder need none of them.
"""
