"""Conformance: what agentsync writes, loaded by the real clients.

Every agent of `cases` is written for a format and given to that format's client. The client talks to a stand-in for its
model on the loopback interface, is told to start every agent once, and the requests show what it made of each file: name,
description, prompt, model, and the tools that the agent really got. Those are compared with the agent, and with what agentsync says
the file grants, through tables of the client's tools that are written by hand in each adapter and not taken from `formats/`.

The clients are not part of a checkout: `python -m tests.conformance.install` puts the versions of `clients.yaml` into a cache
folder. A client that is not there is named as NOT RUN and its tests are skipped.
"""
