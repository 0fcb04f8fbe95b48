"""Every kind of mistake in the text of a lifecycle is named, with its line."""

import pytest

from domain.lifecycle.text.complaints import LifecycleInvalid
from domain.lifecycle.text.load import inspect, load
from tests.support.small_lifecycle import SMALL

TO_GOOD = "{on: lead.accepted, from: NEW, to: GOOD, guards: [known]}"
DROPPED = "{on: lead.dropped, from: [NEW, GOOD, DEAL], to: OUT}"
AGAIN = "{on: lead.again, from: [OUT, DEAL], to: GOOD, begins_pass: true}"

# (what is replaced, by what, what the line complained of contains, the complaint)
FORM = {
    "an unknown key": (
        "phases:",
        "phase: {}\nphases:",
        "phase: {}",
        "phase: unknown key; nearest known: phases",
    ),
    "a missing section": ("time_zone: Asia/Tokyo\n", "", "format", "`time_zone` is missing"),
    "origins that nothing tells": (
        SMALL[SMALL.index("origin:\n") : SMALL.index("value_lists:")],
        "",
        "origins:",
        "origins: needs `origin`; declare it, or leave this out",
    ),
    "events of companies that have no stages": (
        SMALL[SMALL.index("account:\n") : SMALL.index("account_events:")],
        "",
        "account_events:",
        "account_events: needs `account`; declare it, or leave this out",
    ),
    "a format of another version": (
        "format: 1",
        "format: 2",
        "format",
        "format: expected 1, the format that this version reads",
    ),
    "a key that occurs twice": (
        "  CUSTOMER:",
        "  TARGET: {}\n    CUSTOMER:",
        "TARGET: {}",
        "account.stages.TARGET: occurs twice; the first is on line 87",
    ),
    "a number for a text": (
        "name: small",
        "name: 7",
        "name: 7",
        "name: expected text; write it in quotes: '7'",
    ),
    "a list for a mapping": (
        "attributes:\n  industry: {type: code, values: [steel, glass, paper]}",
        "attributes: []",
        "attributes: []",
        "attributes: expected a mapping, found a list",
    ),
    "a missing label": (
        "lead.again: {label: {en: again}}",
        "lead.again: {}",
        "lead.again: {}",
        "events.decisions.lead.again: `label` is missing",
    ),
    "a label missing in one language": (
        "{label: {en: visit}",
        "{label: {}",
        "visit.recorded: {label",
        "events.facts.visit.recorded.label: `en` is missing",
    ),
    "a missing definition of a stage": (
        ", definition: {en: just come}",
        "",
        "NEW: {label",
        "lead.stages.NEW: `definition` is missing",
    ),
    "an invalid code": (
        "  industry: {",
        "  in dustry: {",
        "in dustry",
        (
            "attributes.in dustry: 'in dustry' is not a code: an ASCII letter, then letters, "
            "digits, _ or -"
        ),
    ),
    "a yes instead of true": (
        "begins_pass: true",
        "begins_pass: yes",
        "begins_pass: yes",
        "lead.moves[4].begins_pass: expected true or false, found 'yes'",
    ),
    "a domain in capitals": (
        "[rival.example]",
        "[Rival.example]",
        "Rival.example",
        "value_lists.rivals_domains[0]: 'Rival.example' is not a domain in lower case",
    ),
    "a country code with a plus": (
        "'81'",
        "'+81'",
        "+81",
        "identity.phone_country: '+81' is not a country calling code like '81'",
    ),
    "a placeholder twice, in two widths": (
        "role_mailboxes: [info]\n",
        "role_mailboxes: [info]\n  placeholders: [none, ＮＯＮＥ]\n",
        "ＮＯＮＥ",
        "identity.placeholders[1]: 'ＮＯＮＥ' occurs twice: 'none' is the same word",
    ),
    "a placeholder that YAML does not take for a word": (
        "role_mailboxes: [info]\n",
        "role_mailboxes: [info]\n  placeholders: [null]\n",
        "placeholders",
        "identity.placeholders[0]: expected text; write it in quotes: 'null'",
    ),
    "an identifier trusted twice": (
        "[email, phone]",
        "[email, email]",
        "[email, email]",
        "identity.trust[1]: 'email' occurs twice",
    ),
}

EVENTS = {
    "an event type that is not a code": (
        "    company.listed: {",
        "    company moved: {label: {en: moved}}\n    company.listed: {",
        "company moved",
        (
            "events.facts.company moved: 'company moved' is not one or more codes joined by dots, "
            "up to 100 characters; each is a code: an ASCII letter, then letters, digits, _ or -"
        ),
    ),
    "an event type that only capitals tell from another": (
        "    company.listed: {",
        "    Visit.Recorded: {label: {en: looked}}\n    company.listed: {",
        "Visit.Recorded",
        "events.facts.Visit.Recorded: 'Visit.Recorded' already names visit.recorded on line 40",
    ),
    "a service's event in capitals": (
        "    company.listed: {",
        "    Key.made: {label: {en: made}}\n    company.listed: {",
        "Key.made",
        (
            "events.facts.Key.made: types of this family are the service's own; "
            "choose another first word"
        ),
    ),
    "an unknown field": (
        "fields: [value]",
        "fields: [valeu]",
        "valeu",
        (
            "events.facts.deal.opened.fields[0]: 'valeu' is not a field; "
            "known are channel, score, opportunity, reason, to, value"
        ),
    ),
    "an unknown field type": (
        "score: {type: integer}",
        "score: {type: number}",
        "type: number",
        (
            "fields.score.type: 'number' is not a field type; "
            "known are code, integer, amount, boolean, time, date, page, currency, position, "
            "positions, subject, fields"
        ),
    ),
    "names for what has its codes": (
        "values: [steel, glass, paper]",
        "values: [steel, glass, paper], names: reasons",
        "industry: {",
        "attributes.industry.names: only a field of type code without `values` may have `names`",
    ),
    "a field name with a fixed meaning": (
        "  score: {type: integer}",
        "  score: {type: integer}\n  effects: {type: code}",
        "effects",
        "fields.effects: has a fixed meaning in every event; choose another name",
    ),
    "an attribute that every lead has": (
        "  industry: {",
        "  owner: {type: code}\n  industry: {",
        "owner",
        "attributes.owner: every lead already has this; choose another name",
    ),
    "a role without its field": (
        "required: [opportunity], role",
        "role",
        "role: opens",
        "events.facts.deal.opened.role: role opens_opportunity needs `required: [opportunity]`",
    ),
    "a fact that stands as an undeclared type": (
        "stands_as: lead.pushed",
        "stands_as: lead.pulled",
        "stands_as",
        "events.facts.deal.opened.stands_as: 'lead.pulled' is not declared",
    ),
    "a service's event made a fact": (
        "    company.listed: {",
        "    selection.made: {label: {en: made}}\n    company.listed: {",
        "selection.made",
        (
            "events.facts.selection.made: types of this family are the service's own; "
            "choose another first word"
        ),
    ),
    "a service's event from outside": (
        "subject: ledger, reserved: true",
        "subject: ledger",
        "lifecycle.published",
        (
            "events.decisions.lifecycle.published: only the service writes this type; "
            "declare it under `derived`"
        ),
    ),
    "a service's event forgotten": (
        "    identity.merged: {label: {en: merged}}\n",
        "",
        "format",
        "the event type identity.merged is missing; the service writes it",
    ),
    "an unknown department": (
        "departments: [sales]",
        "departments: [sails]",
        "sails",
        (
            "events.decisions.lead.dropped.departments[0]: 'sails' is not a department; "
            "known are sales"
        ),
    ),
}

CONDITIONS = {
    "an unknown path": (
        "when: {lead.known: true}",
        "when: {lead.knwon: true}",
        "lead.knwon",
        (
            "guards.known.when.lead.knwon: unknown path; "
            "nearest known: lead.known, lead.owner, lead.origin"
        ),
    ),
    "an unknown test": (
        "event.channel: web}",
        "event.channel: {starts_with: w}}",
        "starts_with",
        (
            "guards.by_web.when.event.channel.starts_with: unknown key; "
            "known are in, in_list, domain_in_list, at_least, at_most, absent"
        ),
    ),
    "an empty condition": (
        "when: {event.channel: web}",
        "when: {any: []}",
        "any: []",
        "guards.by_web.when.any: an empty list has no answer; name at least one condition",
    ),
    "a value of another type": (
        "{lead.known: true}",
        "{lead.known: 1}",
        "lead.known: 1",
        "guards.known.when.lead.known: expected boolean, found '1'",
    ),
    "a code that never occurs": (
        "event.channel: web}",
        "lead.industry: steal}",
        "steal",
        (
            "guards.by_web.when.lead.industry: 'steal' never occurs here; "
            "known are steel, glass, paper"
        ),
    ),
    "an order among texts": (
        "event.channel: web}",
        "event.channel: {at_least: 1}}",
        "at_least",
        (
            "guards.by_web.when.event.channel.at_least: event.channel is code; "
            "only integers and amounts have an order"
        ),
    ),
    "an amount compared for equality": (
        "event.channel: web}",
        "event.value: 1}",
        "event.value: 1",
        (
            "guards.by_web.when.event.value: amount is never compared for equality; "
            "use at_least or absent"
        ),
    ),
    "a word list that is not there": (
        "domain_in_list: rivals_domains",
        "domain_in_list: rivals",
        "domain_in_list",
        (
            "exclusion.rules[0].when.lead.company_domain.domain_in_list: 'rivals' is not a list "
            "under `value_lists`; known are free_mail_domains, rivals_domains, trades"
        ),
    ),
    "a domain test on a number": (
        "event.channel: web}",
        "event.score: {domain_in_list: rivals_domains}}",
        "event.score: {domain_in_list",
        (
            "guards.by_web.when.event.score.domain_in_list: event.score is integer; "
            "this test needs a domain"
        ),
    ),
    "a domain compared for equality": (
        "event.channel: web}",
        "lead.company_domain: acme.example}",
        "acme.example",
        (
            "guards.by_web.when.lead.company_domain: records hold no domains, only which lists "
            "they are in; put the domain in a list under `value_lists` and test with "
            "`domain_in_list`"
        ),
    ),
    "a domain looked up as a word": (
        "event.channel: web}",
        "lead.company_domain: {in_list: rivals_domains}}",
        "{in_list: rivals_domains",
        (
            "guards.by_web.when.lead.company_domain.in_list: records hold no domains, only which "
            "lists they are in; put the domain in a list under `value_lists` and test with "
            "`domain_in_list`"
        ),
    ),
    "a word list for a number": (
        "event.channel: web}",
        "event.score: {in_list: trades}}",
        "{in_list: trades",
        (
            "guards.by_web.when.event.score.in_list: event.score is integer; "
            "a word list needs codes or pages"
        ),
    ),
    "a code that no record may hold": (
        "values: [steel, glass, paper]",
        "values: [steel, glass, 紙]",
        "紙",
        (
            "attributes.industry.values[2]: expected a code of up to 64 printable ASCII "
            "characters that identifies no person"
        ),
    ),
    "an exclusion that asks the event": (
        "{lead.company_domain: {domain_in_list: rivals_domains}}",
        "{event.channel: web}",
        "reason: competitor, when",
        "exclusion.rules[0].when.event.channel: unknown path; nearest known: lead.channel",
    ),
    "a guard that the event cannot answer": (
        TO_GOOD,
        TO_GOOD.replace("known", "by_web"),
        "on: lead.accepted",
        "lead.moves[1].guards: guard by_web reads event.channel, unknown at lead.accepted",
    ),
    "a company judged by a lead": (
        "{on: company.listed, from: unplaced, to: TARGET}",
        "{on: company.listed, from: unplaced, to: TARGET, guards: [known]}",
        "on: company.listed",
        "account.moves[0].guards: guard known reads lead.known, unknown at company.listed",
    ),
}

MOVES = {
    "an unknown stage": (
        DROPPED,
        DROPPED.replace("GOOD", "GOD"),
        "GOD",
        (
            "lead.moves[2].from[1]: 'GOD' is not a stage of this track; "
            "known are NEW, GOOD, DEAL, OUT, unplaced, any"
        ),
    ),
    "an unknown guard": (
        TO_GOOD,
        TO_GOOD.replace("known", "konwn"),
        "konwn",
        "lead.moves[1].guards[0]: 'konwn' is not a guard; known are known, by_web",
    ),
    "an unknown event type": (
        "on: lead.again",
        "on: lead.agian",
        "lead.agian",
        "lead.moves[4].on: 'lead.agian' is not a declared event type; nearest known: lead.again",
    ),
    "an event of the other track": (
        "on: company.listed",
        "on: visit.recorded",
        "on: visit.recorded, from: unplaced, to: TARGET",
        "account.moves[0].on: visit.recorded is about lead; this is the track of account",
    ),
    "a shortcut that is not declared": (
        ", shortcut: true",
        "",
        "on: deal.opened",
        "lead.moves[3]: passes over GOOD from NEW; declare `shortcut: true`",
    ),
    "a shortcut that passes over no stage": (
        TO_GOOD,
        TO_GOOD[:-1] + ", shortcut: true}",
        "on: lead.accepted",
        "lead.moves[1].shortcut: is declared a shortcut but passes over no stage",
    ),
    "a move that never fires": (
        TO_GOOD,
        f"{{on: lead.accepted, from: NEW, to: OUT}}\n    - {TO_GOOD}",
        "to: GOOD, guards: [known]",
        "lead.moves[2]: never fires for lead.accepted from NEW: the move on line 78 comes first",
    ),
    "a move to where it starts": (
        DROPPED,
        DROPPED.replace("DEAL", "OUT"),
        "on: lead.dropped",
        "lead.moves[2].from: leads from OUT to itself; write `to: same` if it should only stay",
    ),
    "any with another": (
        "from: any",
        "from: [any, NEW]",
        "on: stage.named",
        "lead.moves[5].from: `any` means every stage; list nothing else with it",
    ),
    "a named stage without the field": (
        ", required: [to]",
        "",
        "on: stage.named",
        "lead.moves[5].to: `to: named` needs the field `to` of type code in stage.named",
    ),
    "a pass begun from unplaced": (
        AGAIN,
        AGAIN.replace("DEAL", "unplaced"),
        "on: lead.again",
        "lead.moves[4].from: an unplaced lead has no stage to stay in and no pass to end",
    ),
    "a company in passes": (
        "from: unplaced, to: TARGET}",
        "from: CUSTOMER, to: TARGET, begins_pass: true}",
        "on: company.listed",
        "account.moves[0].begins_pass: only a lead goes through the funnel in passes",
    ),
    "a kind that only the service knows": (
        "kind: corrected",
        "kind: absorbed",
        "kind: absorbed",
        (
            "lead.moves[5].kind: 'absorbed' is not a kind of move; "
            "known are advanced, recycled, returned, disqualified, lost, corrected"
        ),
    ),
    "a stage off the path without an ending": (
        ", ends: disqualified",
        "",
        "OUT: {",
        "lead.stages.OUT: is not on the path; say with `ends` what entering it means",
    ),
    "a stage code with a fixed meaning in moves": (
        "OUT: {label",
        "same: {label: {en: s}, definition: {en: s}, ends: lost}\n    OUT: {label",
        "same: {",
        "lead.stages.same: 'same' has a fixed meaning in moves and cannot name a stage",
    ),
    "an entry off the path": (
        "entry: [NEW]",
        "entry: [OUT]",
        "entry: [OUT]",
        "lead.entry[0]: 'OUT' is not a stage of the path; known are NEW, GOOD, DEAL",
    ),
    "an exclusion by a decision that does not move": (
        "accepts_by: lead.accepted",
        "accepts_by: lead.again",
        "accepts_by",
        "exclusion.accepts_by: no move is declared for lead.again from NEW",
    ),
}

NAMES = {
    "an alias that names two stages": (
        "definition: {en: looks good}",
        "definition: {en: looks good}, aliases: [New]",
        "GOOD: {",
        "lead.stages.GOOD: 'New' already names NEW on line 72",
    ),
    "an alias that names stages of two tracks": (
        "definition: {en: has bought}",
        "definition: {en: has bought}, aliases: [OUT]",
        "CUSTOMER: {",
        "account.stages.CUSTOMER: 'OUT' already names OUT on line 75",
    ),
    "a code in both tracks": (
        "    CUSTOMER: {",
        "    NEW: {label: {en: n}, definition: {en: n}, ends: lost}\n    CUSTOMER: {",
        "label: {en: n}",
        "account.stages.NEW: the other track also has a stage NEW, on line 72",
    ),
    "a reason that is called like another": (
        "  competitor: {label",
        "  rival: {label: {en: Competitor}, definition: {en: r}}\n  competitor: {label",
        "  competitor: {label",
        "reasons.competitor: 'competitor' already names rival on line 13",
    ),
}

CASES = {**FORM, **EVENTS, **CONDITIONS, **MOVES, **NAMES}


@pytest.mark.parametrize(("old", "new", "marker", "complaint"), CASES.values(), ids=CASES.keys())
def test_a_mistake_is_named_with_its_line(old: str, new: str, marker: str, complaint: str) -> None:
    assert SMALL.count(old) >= 1, "the small lifecycle has changed; mend this case"
    text = SMALL.replace(old, new, 1)
    line = next(n for n, row in enumerate(text.splitlines(), start=1) if marker in row)
    found = [str(one) for one in inspect(text).complaints if one.fatal]
    assert found == [f"line {line}: {complaint}"]
    with pytest.raises(LifecycleInvalid):
        load(text)
