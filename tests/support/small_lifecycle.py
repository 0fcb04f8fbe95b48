"""A minimal lifecycle, for tests that change it."""

SMALL = """\
format: 1
name: small
label: {en: small}
languages: [en]
time_zone: Asia/Tokyo
phases:
  begin: {label: {en: begin}}
departments:
  sales: {label: {en: sales}}
classes:
  now: {label: {en: at once}, definition: {en: at once}}
reasons:
  competitor: {label: {en: competitor}, definition: {en: sells the same}}
origins:
  digital: {label: {en: digital}}
  unknown: {label: {en: not known}}
origin:
  rules:
    - {origin: digital, when: {event.type: visit.recorded}}
  otherwise: unknown
value_lists:
  free_mail_domains: [mail.example]
  rivals_domains: [rival.example]
  trades: [steel, glass]
identity:
  phone_country: '81'
  trust: [email, phone]
  role_mailboxes: [info]
attributes:
  industry: {type: code, values: [steel, glass, paper]}
fields:
  channel: {type: code}
  score: {type: integer}
  opportunity: {type: code}
  reason: {type: code, values: reasons}
  to: {type: code, values: lead_stages}
  value: {type: amount}
events:
  facts:
    visit.recorded: {label: {en: visit}, fields: [channel, score]}
    deal.opened: {label: {en: deal}, fields: [value],
      required: [opportunity], role: opens_opportunity, stands_as: lead.pushed}
    company.listed: {label: {en: company listed}, subject: account}
  decisions:
    lead.accepted: {label: {en: accepted}}
    lead.dropped: {label: {en: dropped}, departments: [sales], required: [reason]}
    lead.again: {label: {en: again}}
    stage.named: {label: {en: named}, right: ledger:admin, required: [to]}
    lifecycle.published: {label: {en: published}, subject: ledger, reserved: true}
  derived:
    lead.pushed: {label: {en: pushed}}
    company.gained: {label: {en: company gained}, subject: account}
    identity.linked: {label: {en: linked}}
    identity.absorbed: {label: {en: absorbed}}
    identity.merged: {label: {en: merged}}
    identity.conflicted: {label: {en: conflicted}}
    account.conflicted: {label: {en: companies conflicted}, subject: account}
    ledger.founded: {label: {en: ledger founded}, subject: ledger}
    lifecycle.text: {label: {en: lifecycle text}, subject: ledger}
    effects.text: {label: {en: effects text}, subject: ledger}
    key.created: {label: {en: key created}, subject: ledger}
    key.changed: {label: {en: key changed}, subject: ledger}
    key.revoked: {label: {en: key revoked}, subject: ledger}
    personal.reads_sealed: {label: {en: reads sealed}, subject: ledger}
guards:
  known: {label: {en: known}, when: {lead.known: true}}
  by_web: {label: {en: by web}, when: {event.channel: web}}
lead:
  path: [NEW, GOOD, DEAL]
  entry: [NEW]
  stages:
    NEW: {label: {en: new}, definition: {en: just come}, phase: begin}
    GOOD: {label: {en: good}, definition: {en: looks good}, department: sales}
    DEAL: {label: {en: in a deal}, definition: {en: has a deal}}
    OUT: {label: {en: out}, definition: {en: not wanted}, ends: disqualified}
  moves:
    - {on: visit.recorded, from: unplaced, to: NEW, guards: [by_web]}
    - {on: lead.accepted, from: NEW, to: GOOD, guards: [known]}
    - {on: lead.dropped, from: [NEW, GOOD, DEAL], to: OUT}
    - {on: deal.opened, from: [NEW, GOOD], to: DEAL, shortcut: true}
    - {on: lead.again, from: [OUT, DEAL], to: GOOD, begins_pass: true}
    - {on: stage.named, from: any, to: named, kind: corrected}
account:
  path: [TARGET, CUSTOMER]
  entry: [TARGET, CUSTOMER]
  stages:
    TARGET: {label: {en: target}, definition: {en: wanted}}
    CUSTOMER: {label: {en: customer}, definition: {en: has bought}, final: true}
  moves:
    - {on: company.listed, from: unplaced, to: TARGET}
    - {on: company.gained, from: [unplaced, TARGET], to: CUSTOMER}
account_events: {prospect_gained: company.gained, customer_gained: company.gained}
exclusion:
  at: NEW
  accepts_by: lead.accepted
  excludes_by: lead.dropped
  rules:
    - {reason: competitor, when: {lead.company_domain: {domain_in_list: rivals_domains}}}
"""

LEAN = """\
format: 1
name: applications
label: {nl: aanvragen}
languages: [nl]
time_zone: Asia/Tokyo
value_lists:
  free_mail_domains: [mail.example]
identity:
  phone_country: '81'
  trust: [application]
  role_mailboxes: []
events:
  facts:
    A_SUBMITTED: {label: {nl: ingediend}}
    W_Call.v2: {label: {nl: gebeld}}
    A_APPROVED: {label: {nl: toegekend}}
  derived:
    lifecycle.published: {label: {nl: gepubliceerd}, subject: ledger}
    identity.linked: {label: {nl: gekoppeld}}
    identity.absorbed: {label: {nl: opgenomen}}
    identity.merged: {label: {nl: samengevoegd}}
    identity.conflicted: {label: {nl: tegenstrijdig}}
    ledger.founded: {label: {nl: grootboek geopend}, subject: ledger}
    lifecycle.text: {label: {nl: tekst van de levenscyclus}, subject: ledger}
    effects.text: {label: {nl: tekst van de gevolgen}, subject: ledger}
    key.created: {label: {nl: sleutel gemaakt}, subject: ledger}
    key.changed: {label: {nl: sleutel gewijzigd}, subject: ledger}
    key.revoked: {label: {nl: sleutel ingetrokken}, subject: ledger}
    personal.reads_sealed: {label: {nl: inzagen verzegeld}, subject: ledger}
lead:
  path: [SUBMITTED, APPROVED]
  entry: [SUBMITTED]
  stages:
    SUBMITTED: {label: {nl: aangevraagd}, definition: {nl: heeft aangevraagd}}
    APPROVED: {label: {nl: verleend}, definition: {nl: heeft het gekregen}, final: true}
  moves:
    - {on: A_SUBMITTED, from: unplaced, to: SUBMITTED}
    - {on: A_APPROVED, from: SUBMITTED, to: APPROVED}
"""
"""A lifecycle without accounts, origins, departments or reasons: the applications of a bank, with
its own system's event names, in its own language."""
