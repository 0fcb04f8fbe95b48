-- The source of all answers about stages: which subject was in which stage, when, and since when
-- that has been known. Every row carries the generation that built it, so that a projection can be
-- rebuilt while the current one is read. `ledger` is a placeholder for the schema named in the
-- settings.

-- A stay that has ended. Rows are added and never changed, except for `known_to`: a restatement
-- closes the rows known before and adds the rows that replace them.
CREATE TABLE ledger.stage_stays (
    generation integer NOT NULL,
    subject_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    before text COLLATE "C" NOT NULL,
    origin text COLLATE "C",
    channel text COLLATE "C",
    month text COLLATE "C" NOT NULL,
    pass_number integer NOT NULL,
    is_first_entry boolean NOT NULL,
    entered_at timestamptz NOT NULL,
    entry_position bigint NOT NULL,
    entry_kind text COLLATE "C",
    known_from bigint NOT NULL,
    left_at timestamptz NOT NULL,
    exit_position bigint NOT NULL,
    exit_kind text COLLATE "C" NOT NULL,
    next_stage text COLLATE "C",
    known_to bigint,
    number integer NOT NULL DEFAULT 0,
    acquired text COLLATE "C",
    traits jsonb NOT NULL,
    changes jsonb,
    CONSTRAINT stage_stays_are_known_once
        PRIMARY KEY (generation, subject_id, known_from, entry_position, number),
    CONSTRAINT stage_stays_end_after_they_begin CHECK (left_at >= entered_at),
    CONSTRAINT stage_stays_have_a_kind CHECK (kind IN ('lead', 'account'))
);

-- For cohorts: those who entered a stage in a period.
CREATE INDEX stage_stays_by_entry ON ledger.stage_stays (generation, stage, entered_at);
-- For a moment within a day: those who left on that day.
CREATE INDEX stage_stays_by_exit ON ledger.stage_stays (generation, left_at) WHERE known_to IS NULL;

COMMENT ON COLUMN ledger.stage_stays.before IS
    'Stages that the pass had entered before this stay, in order of first entry, space-separated.';
COMMENT ON COLUMN ledger.stage_stays.month IS
    'Month of entry, YYYY-MM, in the time zone of the lifecycle in force when it was recorded.';
COMMENT ON COLUMN ledger.stage_stays.acquired IS
    'Month in which the person became known, YYYY-MM, if that was by the entry.';
COMMENT ON COLUMN ledger.stage_stays.traits IS
    'What figures break stays down by, in addition to the columns, as it was at the entry: name to '
    'code.';
COMMENT ON COLUMN ledger.stage_stays.changes IS
    'How the traits changed before the stay ended, in order: when, by which event, and all traits '
    'from then on. Null if they did not.';
COMMENT ON COLUMN ledger.stage_stays.exit_position IS
    'The event that ended the stay. Up to the position before it, the stay was known as open.';
COMMENT ON COLUMN ledger.stage_stays.number IS
    'Number, from 0, among the stays that one restatement made known. One report may cause several.';
COMMENT ON COLUMN ledger.stage_stays.known_to IS
    'The restatement from which the stay no longer counts. A stay that was open then ends here with '
    'it, so it was open for as long as it was known.';

-- A stay that has not ended: one row for each lead or account, updated in place.
CREATE TABLE ledger.stage_standing (
    generation integer NOT NULL,
    subject_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    before text COLLATE "C" NOT NULL,
    origin text COLLATE "C",
    channel text COLLATE "C",
    month text COLLATE "C" NOT NULL,
    pass_number integer NOT NULL,
    is_first_entry boolean NOT NULL,
    entered_at timestamptz NOT NULL,
    entry_position bigint NOT NULL,
    entry_kind text COLLATE "C",
    known_from bigint NOT NULL,
    pass_origin text COLLATE "C",
    pass_channel text COLLATE "C",
    number integer NOT NULL DEFAULT 0,
    acquired text COLLATE "C",
    traits jsonb NOT NULL,
    changes jsonb,
    known_since text COLLATE "C",
    CONSTRAINT stage_standing_is_one_stay_each PRIMARY KEY (generation, subject_id),
    CONSTRAINT stage_standing_has_a_kind CHECK (kind IN ('lead', 'account'))
) WITH (fillfactor = 70);

-- For a moment within a day: those who entered on that day and are still there. Without the
-- generation: until a new table has been analysed, the planner would take an index that begins with
-- it for nearly every join.
CREATE INDEX stage_standing_by_entry ON ledger.stage_standing (entered_at);

COMMENT ON COLUMN ledger.stage_standing.pass_origin IS
    'Origin of the pass as it is known now: its next stay will carry it.';
COMMENT ON COLUMN ledger.stage_standing.known_since IS
    'Month in which the person became known: the next stay will carry it.';

-- Both together, with four bounds: effective from and to, known from and to. The end of a stay was
-- known at position p if `exit_position <= p`.
CREATE VIEW ledger.stage_intervals AS
SELECT generation, subject_id, kind, stage, before, origin, channel, month, pass_number,
       is_first_entry, entered_at, entry_position, entry_kind, known_from,
       left_at, exit_position, exit_kind, next_stage, known_to, number, acquired, traits, changes
  FROM ledger.stage_stays
UNION ALL
SELECT generation, subject_id, kind, stage, before, origin, channel, month, pass_number,
       is_first_entry, entered_at, entry_position, entry_kind, known_from,
       NULL, NULL, NULL, NULL, NULL, number, acquired, traits, changes
  FROM ledger.stage_standing;

-- The current funnel, fast at any size of the log: one row for each route into a stage, in total
-- and for one breakdown at a time. `before` determines which stages count as reached, whichever
-- path the lifecycle names.
CREATE TABLE ledger.stage_counts (
    generation integer NOT NULL,
    breakdown text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    before text COLLATE "C" NOT NULL,
    entries bigint NOT NULL,
    standing bigint NOT NULL,
    CONSTRAINT stage_counts_are_kept_once
        PRIMARY KEY (generation, breakdown, value, kind, stage, before),
    CONSTRAINT stage_counts_are_not_negative CHECK (entries >= 0 AND standing >= 0),
    CONSTRAINT stage_counts_stand_after_entering CHECK (standing <= entries)
) WITH (fillfactor = 50);

COMMENT ON COLUMN ledger.stage_counts.value IS
    'Empty if nothing was reported, which is not the same as the value unknown.';

-- Changes to these numbers by the day on which they take effect, and by month, so that the funnel at
-- any moment is the sum of some dozens of rows and of the stays that began or ended on its day. Days
-- are those of the lifecycle in force.
CREATE TABLE ledger.stage_sums (
    generation integer NOT NULL,
    breakdown text COLLATE "C" NOT NULL,
    span text COLLATE "C" NOT NULL,
    begins date NOT NULL,
    value text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    before text COLLATE "C" NOT NULL,
    entries bigint NOT NULL,
    standing bigint NOT NULL,
    CONSTRAINT stage_sums_are_kept_once
        PRIMARY KEY (generation, breakdown, span, begins, value, kind, stage, before),
    CONSTRAINT stage_sums_have_a_span CHECK (span IN ('day', 'month'))
) WITH (fillfactor = 70);

COMMENT ON COLUMN ledger.stage_sums.standing IS
    'Stays that begin on these days, minus those that end.';

-- Which lifecycle was in force from which position on; its text is in the event.
CREATE TABLE ledger.stage_lifecycles (
    generation integer NOT NULL,
    position bigint NOT NULL,
    version integer NOT NULL,
    time_zone text COLLATE "C" NOT NULL,
    CONSTRAINT stage_lifecycles_are_published_once PRIMARY KEY (generation, position)
);
