"""Values that a format alone understands: they go home, they are reported where they cannot, and they never grant more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.formats.rules import Format
from agentsync.model import Agent
from agentsync.rights import compare
from tests.laws.samples import FORMAT, FORMATS
from tests.laws.test_codec_laws import differing
from tests.laws.test_corpus_laws import kept_rights, natives_lost
from tests.strategies import agents_of


def replaced(fmt: Format, agent: Agent) -> set[str]:
    """The parts that the agent states itself, for this format, in native keys: that is what it asked for, and no loss."""
    compiled = compile_format(fmt)
    own = agent.extra.get(compiled.home(compiled.kinds[0]), {})
    parts = {name for name, rule in fmt.fields.items() if (rule.key if isinstance(rule.key, str) else rule.key[0]) in own}
    rights = {fmt.rights.key, fmt.rights.deny, fmt.rights.legacy and fmt.rights.legacy.key, *fmt.rights.switches}
    return parts | ({"rights"} if rights & own.keys() else set())


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_values_of_an_agents_own_go_home_and_grant_nothing(name: str, data: st.DataObject) -> None:
    fmt = FORMAT[name]
    other = FORMAT["opencode" if name != "opencode" else "codex"]
    agent = data.draw(agents_of(FORMAT[compile_format(fmt).home(compile_format(fmt).kinds[0])], other))
    rendering = codec.write(agent, fmt)
    if rendering.refused:
        assert rendering.problems[0].code not in ("readback-mismatch", "cannot-write"), rendering.problems
        return
    [document] = rendering.documents
    [reading] = codec.read(document, fmt)
    after = reading.agent
    assert after is not None, reading.problems
    gained = compare(agent.rights, kept_rights(fmt, document, None)).widened
    assert not [grant for grant in gained if not grant.startswith("mcp:")]
    told = {loss.field for loss in rendering.losses}
    found = {*differing(agent, after), *natives_lost(agent, after)}
    assert found - replaced(fmt, agent) <= told | ({"display_name"} if "name" in told else set())
    again = codec.write(after, fmt, old=document)
    assert (again.documents, again.losses) == ((document,), ())
