-- The ledger: one ordered log, and the state of its subjects after the last event.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.ledger_head (
    only_row boolean NOT NULL DEFAULT true,
    ledger_id uuid NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    secret_check bytea NOT NULL,
    chain bytea NOT NULL,
    clock_ahead interval NOT NULL DEFAULT '0',
    CONSTRAINT ledger_head_is_one_row PRIMARY KEY (only_row),
    CONSTRAINT ledger_head_has_no_second_row CHECK (only_row),
    CONSTRAINT ledger_head_position_is_not_negative CHECK (position >= 0),
    CONSTRAINT ledger_head_chain_is_256_bits CHECK (octet_length(chain) = 32)
) WITH (fillfactor = 10);

COMMENT ON TABLE ledger.ledger_head IS
    'Where the log ends. Every append locks it: commit order is position order.';
COMMENT ON COLUMN ledger.ledger_head.chain IS
    'Keyed digest over all leaves in order. Earlier values are not stored, so truncation of the log '
    'is detected.';
COMMENT ON COLUMN ledger.ledger_head.clock_ahead IS
    'How far the clock has been moved ahead. Only ledgers for tests and demonstrations have one '
    'other than 0.';

CREATE TABLE ledger.events (
    position bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    subject_version bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    leaf bytea NOT NULL,
    record text NOT NULL,
    first_part bigint,
    last_part bigint,
    seal bytea NOT NULL,
    CONSTRAINT events_position_is_unique PRIMARY KEY (position),
    CONSTRAINT events_key_is_unique UNIQUE (source, id),
    CONSTRAINT events_subject_version_is_unique UNIQUE (subject_id, subject_version),
    CONSTRAINT events_position_is_positive CHECK (position > 0),
    CONSTRAINT events_record_fits_a_log_entry CHECK (octet_length(record) <= 65535),
    CONSTRAINT events_parts_are_before_the_event CHECK (
        (first_part IS NULL) = (last_part IS NULL)
        AND first_part > 0 AND first_part <= last_part AND last_part < position),
    CONSTRAINT events_leaf_is_sha256 CHECK (octet_length(leaf) = 32),
    CONSTRAINT events_seal_is_256_bits CHECK (octet_length(seal) = 32)
);

COMMENT ON COLUMN ledger.events.first_part IS
    'The position of the first event with content that does not fit into this record. Null on nearly '
    'all events.';
COMMENT ON COLUMN ledger.events.seal IS
    'Keyed digest of position and leaf.';

-- The records of an event and of its parts, a line each: no reader needs to know where parts are.
CREATE VIEW ledger.whole_events AS
SELECT event.position, event.source, event.id, event.subject_id, event.subject_version, event.type,
       event.occurred_at, event.recorded_at,
       CASE WHEN event.first_part IS NULL THEN event.record
            ELSE concat_ws(chr(10), event.record,
                 (SELECT string_agg(part.record, chr(10) ORDER BY part.position)
                    FROM ledger.events AS part
                   WHERE part.position BETWEEN event.first_part AND event.last_part))
       END AS record
  FROM ledger.events AS event;

COMMENT ON VIEW ledger.whole_events IS
    'Events as readers decode them: with the records of their parts.';

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the events of a ledger are never changed or deleted: % on %',
        TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Record a further event that corrects or voids the earlier one.';
END
$$;

CREATE TRIGGER events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE INDEX events_by_publication ON ledger.events (position)
 WHERE type = 'lifecycle.published';

-- Events that a person may have to judge: a small share of all events.
CREATE INDEX events_to_be_judged ON ledger.events (position)
    WHERE type IN ('identity.conflicted', 'account.conflicted', 'lead.restated');

-- Leads that were merged and separated again, for the figure about that.
CREATE INDEX events_of_merges ON ledger.events (position)
    WHERE type IN ('identity.merged', 'identity.unmerged');

-- Finds selection runs and declarations of capacity among the events about the ledger itself.
-- There may be many of those: orders without a lead are among them.
CREATE INDEX events_of_the_ledger ON ledger.events (type, position)
    WHERE subject_id = '00000000-0000-0000-0000-000000000000';

CREATE TABLE ledger.event_personal (
    position bigint NOT NULL,
    salt bytea NOT NULL,
    content bytea NOT NULL,
    fingerprint bytea NOT NULL,
    CONSTRAINT event_personal_is_one_per_event PRIMARY KEY (position),
    CONSTRAINT event_personal_salt_is_256_bits CHECK (octet_length(salt) = 32)
);

COMMENT ON TABLE ledger.event_personal IS
    'What a report says of the person that it is about: removed, salt included, if that person is '
    'erased.';
COMMENT ON COLUMN ledger.event_personal.fingerprint IS
    'Keyed digest of what was reported: distinguishes a retry from another event.';

CREATE TABLE ledger.event_actors (
    position bigint NOT NULL,
    salt bytea NOT NULL,
    actor text COLLATE "C" NOT NULL,
    CONSTRAINT event_actors_are_one_per_event PRIMARY KEY (position),
    CONSTRAINT event_actors_salt_is_256_bits CHECK (octet_length(salt) = 32)
);

COMMENT ON TABLE ledger.event_actors IS
    'Who did what an event reports, as claimed: removed, salt included, if the actor is erased. '
    'Together with event_personal the only part of the log from which anything may be removed.';

CREATE TABLE ledger.subjects (
    subject_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    state text NOT NULL,
    due_at timestamptz,
    wake_at timestamptz,
    lifecycle integer,
    -- The database computes it from the text of the state, so no writer can forget it. Matches are
    -- checked against the state itself under the lock, so a false match does no harm.
    account uuid GENERATED ALWAYS AS (
        CAST(substring(state FROM '"account":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"') AS uuid)
    ) STORED,
    CONSTRAINT subjects_are_unique PRIMARY KEY (subject_id),
    CONSTRAINT subjects_have_a_kind CHECK (kind IN ('lead', 'account', 'ledger'))
) WITH (fillfactor = 70);

COMMENT ON TABLE ledger.subjects IS
    'State of each subject after its last event: a fold of the log, and the basis of decisions.';
COMMENT ON COLUMN ledger.subjects.due_at IS
    'When the first timer in the state is due: an index of the state.';
COMMENT ON COLUMN ledger.subjects.wake_at IS
    'When to look at that timer: later than due_at while earlier events may still be reported.';
COMMENT ON COLUMN ledger.subjects.lifecycle IS
    'The version that decides this lead: an index of the state.';
COMMENT ON COLUMN ledger.subjects.account IS
    'The company of a lead: an index of the state.';

CREATE INDEX subjects_by_wake ON ledger.subjects (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX subjects_by_lifecycle ON ledger.subjects (lifecycle, subject_id) WHERE kind = 'lead';
CREATE INDEX subjects_by_account ON ledger.subjects (account, subject_id) WHERE account IS NOT NULL;

CREATE TABLE ledger.identifiers (
    digest bytea NOT NULL,
    position bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    is_moved boolean NOT NULL DEFAULT false,
    CONSTRAINT identifiers_point_once_per_event PRIMARY KEY (digest, position)
);

CREATE INDEX identifiers_by_position ON ledger.identifiers (position);

COMMENT ON TABLE ledger.identifiers IS
    'Keyed digests, mapped to leads and accounts. For a cookie the row with the highest position '
    'holds; any other identifier that points to several people identifies none of them.';
COMMENT ON COLUMN ledger.identifiers.is_moved IS
    'Whether it was taken from its previous holder: rows with lower positions no longer hold.';

CREATE TABLE ledger.leads_set_aside (
    lead_id uuid NOT NULL,
    position bigint NOT NULL,
    since timestamptz NOT NULL,
    tries bigint NOT NULL,
    retry_at timestamptz NOT NULL,
    error text NOT NULL,
    place text NOT NULL,
    CONSTRAINT leads_set_aside_are_listed_once PRIMARY KEY (lead_id)
);

COMMENT ON TABLE ledger.leads_set_aside IS
    'Leads that a fault of the service keeps from being brought up to date. All others proceed.';
COMMENT ON COLUMN ledger.leads_set_aside.position IS
    'Where the log ended when the lead was set aside.';
COMMENT ON COLUMN ledger.leads_set_aside.place IS
    'Where in the code the error was raised. Its message is not kept: it may be personal data.';

CREATE INDEX leads_set_aside_by_retry ON ledger.leads_set_aside (retry_at);
CREATE INDEX leads_set_aside_by_position ON ledger.leads_set_aside (position, lead_id);
