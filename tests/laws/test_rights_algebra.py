"""The algebra of rights and the tool tables: what promise 7 is judged by must itself hold together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.codec.rights_read import read_rights
from agentsync.containers import parse
from agentsync.model import NO_RIGHTS, Agent, Document, Rights
from agentsync.rights import (
    ATOMS,
    CAPABILITIES,
    CONTAINED,
    Holding,
    capability,
    compare,
    containers_of,
    contains,
    effective,
    limited,
    split_grant,
    universe,
    within,
)
from tests.laws.samples import FORMAT, FORMATS
from tests.strategies import denials, grants, rights

AGENT = Agent("a1", "A prompt that is long enough for every client.", fields={"description": "Reviews"})


def held(one: Rights, *others: Rights) -> frozenset[str]:
    """What rights hold of everything that some of these rights name."""
    holding = Holding(one)
    return frozenset(grant for grant in universe(one, *others) if holding.holds(grant))


# --- comparing --------------------------------------------------------------------------------------------------------


@given(one=rights)
def test_rights_are_within_themselves(one: Rights) -> None:
    assert within(one, one)
    assert not compare(one, one)


@given(one=rights)
def test_everything_contains_all_rights_and_nothing_is_within_all(one: Rights) -> None:
    assert within(one, Rights())
    assert within(NO_RIGHTS, one)
    assert not compare(Rights(), one).widened
    assert not compare(one, NO_RIGHTS).widened


@given(one=rights, two=rights, three=rights)
def test_within_is_transitive(one: Rights, two: Rights, three: Rights) -> None:
    assume(within(one, two) and within(two, three))
    assert within(one, three)


@given(one=rights, deny=st.lists(denials, min_size=1, max_size=3))
def test_within_is_transitive_along_denials(one: Rights, deny: list[str]) -> None:
    """Rights with more taken away are within the rights they come from, whatever else those are within."""
    less = replace(one, deny=(*one.deny, *deny))
    assert within(less, one)
    assert held(less, one) <= held(one, less)


@given(one=rights, two=rights)
def test_two_rights_differ_where_they_hold_something_else(one: Rights, two: Rights) -> None:
    difference = compare(one, two)
    same = held(one, two) == held(two, one)
    assert bool(difference.widened or difference.approximated or difference.narrowed) == (not same)
    assert bool(compare(two, one).narrowed) == bool(difference.widened or difference.approximated)


@given(one=rights, two=rights)
def test_what_is_gained_is_told_once(one: Rights, two: Rights) -> None:
    difference = compare(one, two)
    assert not set(difference.widened) & set(difference.narrowed)
    assert not set(difference.approximated) & set(difference.narrowed)
    assert not set(difference.asked) & set(difference.unasked)


@given(one=rights, two=rights)
def test_an_approximation_stays_inside_a_capability_that_was_held(one: Rights, two: Rights) -> None:
    before = Holding(one)
    for grant in compare(one, two).approximated:
        assert capability(grant) in before.capabilities or split_grant(grant)[1] is not None


@given(one=rights)
def test_rights_are_the_same_whatever_order_they_are_stated_in(one: Rights) -> None:
    turned = Rights(None if one.allow is None else one.allow[::-1], one.deny[::-1], one.ask[::-1])
    assert turned == one
    assert hash(turned) == hash(one)
    assert not compare(one, turned)
    assert Holding(one).capabilities == Holding(turned).capabilities


# --- holding ----------------------------------------------------------------------------------------------------------


@given(one=rights, more=st.lists(grants, min_size=1, max_size=3))
def test_what_is_held_stays_held_when_more_is_allowed(one: Rights, more: list[str]) -> None:
    assume(one.allow is not None)
    wider = replace(one, allow=(*(one.allow or ()), *more))
    assert held(one, wider) <= held(wider, one)
    assert within(one, wider)


@given(one=rights, grant=grants)
def test_who_holds_a_grant_holds_every_part_of_it_that_is_not_denied(one: Rights, grant: str) -> None:
    holding = Holding(one)
    for part in universe(one):
        if grant in containers_of(part) and holding.holds(grant):
            assert holding.holds(part)


@given(one=rights, grant=grants)
def test_holding_a_grant_is_grasping_it(one: Rights, grant: str) -> None:
    holding = Holding(one)
    assert holding.grasps(grant) or not holding.holds(grant)


@given(one=rights, grant=grants)
def test_what_is_grasped_gives_no_capability_when_it_is_given(one: Rights, grant: str) -> None:
    """Giving a grant that is grasped must not count as a widening, giving any other must."""
    assume(one.allow is not None and not one.deny)
    given_it = replace(one, allow=(*(one.allow or ()), grant))
    assert within(given_it, one) == Holding(one).grasps(grant)


@pytest.mark.parametrize(("outer", "inner"), [(outer, inner) for outer, inside in CONTAINED.items() for inner in sorted(inside)])
def test_a_capability_brings_what_it_contains(outer: str, inner: str) -> None:
    everything_inside = Rights(tuple(atom for atom in ATOMS if capability(atom) in (outer, inner)))
    whole = Rights(tuple(atom for atom in ATOMS if capability(atom) == outer))
    assert within(everything_inside, whole)
    assert not within(whole, Rights(tuple(atom for atom in ATOMS if capability(atom) == inner)))


@pytest.mark.parametrize("one", CAPABILITIES)
@pytest.mark.parametrize("two", CAPABILITIES)
def test_no_other_capability_brings_another(one: str, two: str) -> None:
    alone = Rights(tuple(atom for atom in ATOMS if capability(atom) == one))
    both = Rights(tuple(atom for atom in ATOMS if capability(atom) in (one, two)))
    assert within(both, alone) == (one == two or two in CONTAINED.get(one, ()))


@given(one=rights)
def test_effective_rights_hold_the_same(one: Rights) -> None:
    short = effective(one)
    assert not compare(one, short), (one, short)
    assert short.allow is None or not set(short.allow) & set(short.deny)


@given(atom=st.sampled_from(list(ATOMS)), limit=st.text(max_size=20))
def test_a_limit_comes_off_as_it_went_on(atom: str, limit: str) -> None:
    assert split_grant(limited(atom, limit)) == (atom, limit)
    assert containers_of(limited(atom, limit))[:2] == (limited(atom, limit), atom)


# --- tool tables ------------------------------------------------------------------------------------------------------

NATIVE = sorted({(name, native) for name in FORMATS for natives in compile_format(FORMAT[name]).tools.natives.values() for native in natives})


@pytest.mark.parametrize(("name", "native"), NATIVE)
def test_every_native_name_reads_to_something_known(name: str, native: str) -> None:
    table = compile_format(FORMAT[name]).tools
    token = table.read(native)
    assert not token.unknown
    assert set(token.grants) <= set(ATOMS)
    assert token.grants or set(table.atoms_of(native)) <= set(FORMAT[name].rights.never)


@pytest.mark.parametrize(("name", "other"), [(n, other) for n in FORMATS for other in FORMAT[n].rights.other if "*" not in other])
def test_a_tool_that_no_atom_describes_stays_itself(name: str, other: str) -> None:
    table = compile_format(FORMAT[name]).tools
    token = table.read(other)
    assert token.grants == (f"tool:{table.vocabulary}/{other}",)
    assert not token.unknown
    assert table.write_other(token.grants[0]) == other


@pytest.mark.parametrize("allow_widening", [False, True])
@pytest.mark.parametrize("atom", ATOMS)
@pytest.mark.parametrize("name", FORMATS)
def test_one_atom_alone_comes_back_inside_its_capability_or_is_refused(name: str, atom: str, allow_widening: bool) -> None:
    fmt = FORMAT[name]
    wanted = Rights((atom,))
    rendering = codec.write(replace(AGENT, rights=wanted), fmt, allow_widening=allow_widening)
    if rendering.refused:
        assert rendering.problems[0].code == "rights-refused"
        return
    [reading] = codec.read(rendering.documents[0], fmt)
    assert reading.agent is not None
    back = reading.agent.rights
    if not allow_widening:
        assert within(back, wanted)
        assert within(kept(name, rendering.documents[0]), wanted)
    # What the client gives every agent needs no statement, and may have none: that is told as an approximation.
    lost = "approximated" if contains(fmt.rights.always, atom) else "narrowed"
    assert Holding(back).holds(atom) or any((loss.kind, loss.field) == (lost, "rights") for loss in rendering.losses)
    assert within(back, wanted) or any(loss.kind == "widened" for loss in rendering.losses)


@pytest.mark.parametrize("name", FORMATS)
@given(atoms=st.sets(st.sampled_from(list(ATOMS)), min_size=1))
def test_any_atoms_come_back_or_are_reported(name: str, atoms: set[str]) -> None:
    fmt, wanted = FORMAT[name], Rights(tuple(sorted(atoms)))
    rendering = codec.write(replace(AGENT, rights=wanted), fmt)
    if rendering.refused:
        return
    [reading] = codec.read(rendering.documents[0], fmt)
    assert reading.agent is not None
    difference = compare(wanted, reading.agent.rights)
    assert not difference.widened
    unsaid = [grant for grant in difference.narrowed if contains(fmt.rights.always, grant)]      # held all the same, and told so
    assert (len(difference.narrowed) > len(unsaid)) == any(loss.kind == "narrowed" for loss in rendering.losses)
    told = any(loss.kind == "approximated" and loss.field == "rights" for loss in rendering.losses)
    assert bool(difference.approximated or unsaid) == told


def kept(name: str, document: Document) -> Rights:
    """The rights that the client is known to hold an agent of this document to."""
    compiled = compile_format(FORMAT[name])
    [entry] = parse(document.text, compiled.kind(None, document.path).layout).entries
    return read_rights(FORMAT[name], compiled.tools, entry.keys, kept=True).rights
