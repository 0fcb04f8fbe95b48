-- What the views for BI tools and their columns mean: tools show it, and docs/bi.md has the same.
COMMENT ON VIEW "{schema}_bi".freshness IS
    'How far each projection has read: how current the other views are.';

COMMENT ON COLUMN "{schema}_bi".freshness.projection IS
    'stage_intervals (stays, passes, moves, stock_by_day), directory (leads, accounts), '
    'business (deals) or deadlines.';

COMMENT ON COLUMN "{schema}_bi".freshness.position IS
    'The last event that it has read.';

COMMENT ON COLUMN "{schema}_bi".freshness.recorded_at IS
    'When that event was recorded.';

COMMENT ON VIEW "{schema}_bi".leads IS
    'One row for each lead: where it is now.';

COMMENT ON COLUMN "{schema}_bi".leads.lead_id IS
    'The id of the lead, as in /v1/leads/{id}.';

COMMENT ON COLUMN "{schema}_bi".leads.account_id IS
    'Its company, if known.';

COMMENT ON COLUMN "{schema}_bi".leads.stage IS
    'Its stage; none if nothing has placed it yet.';

COMMENT ON COLUMN "{schema}_bi".leads.pass_number IS
    'Which journey through the funnel it is on: 1 for the first.';

COMMENT ON COLUMN "{schema}_bi".leads.entered_at IS
    'When it entered the stage.';

COMMENT ON COLUMN "{schema}_bi".leads.acquired_at IS
    'When the person became known; none while anonymous.';

COMMENT ON COLUMN "{schema}_bi".leads.owner IS
    'The code of the person in charge of it.';

COMMENT ON COLUMN "{schema}_bi".leads.grade IS
    'Its grade.';

COMMENT ON COLUMN "{schema}_bi".leads.market IS
    'The market of the target that it is.';

COMMENT ON COLUMN "{schema}_bi".leads.priority IS
    'The priority of the target that it is.';

COMMENT ON COLUMN "{schema}_bi".leads.origin IS
    'Whose work brought it in this pass.';

COMMENT ON COLUMN "{schema}_bi".leads.channel IS
    'The channel of this pass.';

COMMENT ON COLUMN "{schema}_bi".leads.screened_as IS
    'The class of the last completed screening of this pass.';

COMMENT ON COLUMN "{schema}_bi".leads.revisit_on IS
    'The day on which it is to be approached again.';

COMMENT ON COLUMN "{schema}_bi".leads.is_absorbed IS
    'Whether it has been merged into another lead, which counts in its place.';

COMMENT ON VIEW "{schema}_bi".accounts IS
    'One row for each company: where it is now.';

COMMENT ON COLUMN "{schema}_bi".accounts.account_id IS
    'The id of the company.';

COMMENT ON COLUMN "{schema}_bi".accounts.stage IS
    'Its stage; none if it has only been mentioned.';

COMMENT ON COLUMN "{schema}_bi".accounts.entered_at IS
    'When it entered the stage.';

COMMENT ON VIEW "{schema}_bi".stays IS
    'One row for each time that a lead or a company was in a stage, as it is known now.';

COMMENT ON COLUMN "{schema}_bi".stays.kind IS
    'lead or account.';

COMMENT ON COLUMN "{schema}_bi".stays.subject_id IS
    'The id of the lead or the company.';

COMMENT ON COLUMN "{schema}_bi".stays.pass_number IS
    'The pass that it belongs to.';

COMMENT ON COLUMN "{schema}_bi".stays.stage IS
    'The stage, or unplaced before the first one.';

COMMENT ON COLUMN "{schema}_bi".stays.is_first_entry IS
    'Whether the pass entered the stage for the first time. With pass_number 1, these are “the '
    'number of MQLs”.';

COMMENT ON COLUMN "{schema}_bi".stays.entered_at IS
    'When it took effect.';

COMMENT ON COLUMN "{schema}_bi".stays.entered_as IS
    'How the stay before it ended: advanced, recycled and so on.';

COMMENT ON COLUMN "{schema}_bi".stays.entry_position IS
    'The event by which it was entered.';

COMMENT ON COLUMN "{schema}_bi".stays.left_at IS
    'When it ended; none while it goes on.';

COMMENT ON COLUMN "{schema}_bi".stays.left_as IS
    'How it ended: advanced, recycled, returned, disqualified, lost, corrected, restated or '
    'absorbed.';

COMMENT ON COLUMN "{schema}_bi".stays.exit_position IS
    'The event by which it ended.';

COMMENT ON COLUMN "{schema}_bi".stays.next_stage IS
    'The stage that follows it.';

COMMENT ON COLUMN "{schema}_bi".stays.origin IS
    'Whose work brought the lead in this pass, as of the entry, like all that follows.';

COMMENT ON COLUMN "{schema}_bi".stays.channel IS
    'The channel of the pass.';

COMMENT ON COLUMN "{schema}_bi".stays.entered_month IS
    'The month of the entry in the time zone of the lifecycle, YYYY-MM.';

COMMENT ON COLUMN "{schema}_bi".stays.acquired_month IS
    'The month in which the person became known, YYYY-MM; none if still anonymous.';

COMMENT ON COLUMN "{schema}_bi".stays.campaign IS
    'The campaign that brought the lead in this pass.';

COMMENT ON COLUMN "{schema}_bi".stays.acquired_by IS
    'The type of the report by which the person became known.';

COMMENT ON COLUMN "{schema}_bi".stays.entered_by IS
    'What moved it into the stage: the type of the report or decision, selection.run, or '
    'automatic.';

COMMENT ON COLUMN "{schema}_bi".stays.owner IS
    'The code of the person in charge.';

COMMENT ON COLUMN "{schema}_bi".stays.market IS
    'The market of the target that the lead is.';

COMMENT ON COLUMN "{schema}_bi".stays.priority IS
    'The priority of the target that the lead is.';

COMMENT ON COLUMN "{schema}_bi".stays.account_id IS
    'The company of the lead.';

COMMENT ON COLUMN "{schema}_bi".stays.product IS
    'The product that the pass is about.';

COMMENT ON COLUMN "{schema}_bi".stays.business IS
    'New business, cross-selling or a renewal, as reported for this pass.';

COMMENT ON COLUMN "{schema}_bi".stays.reseller IS
    'The reseller that sells to the lead in this pass.';

COMMENT ON COLUMN "{schema}_bi".stays.screened_as IS
    'The class of the last completed screening of this pass.';

COMMENT ON COLUMN "{schema}_bi".stays.segment IS
    'The segment of a customer: of companies only.';

COMMENT ON COLUMN "{schema}_bi".stays.key_role IS
    'Whether to defend or attack a customer: of companies only.';

COMMENT ON COLUMN "{schema}_bi".stays.industry IS
    'The industry of the person.';

COMMENT ON COLUMN "{schema}_bi".stays.job IS
    'The job of the person.';

COMMENT ON COLUMN "{schema}_bi".stays.position IS
    'The position of the person. Those of events are called entry_position and exit_position.';

COMMENT ON COLUMN "{schema}_bi".stays.region IS
    'The region of the person.';

COMMENT ON COLUMN "{schema}_bi".stays.company_size IS
    'The size of the company, as reported for the person.';

COMMENT ON COLUMN "{schema}_bi".stays.known_from IS
    'The event since which the stay has been known. With number, it puts the stays of a '
    'subject in order.';

COMMENT ON COLUMN "{schema}_bi".stays.number IS
    'Its place among the stays that one event made known.';

COMMENT ON VIEW "{schema}_bi".passes IS
    'One row for each journey of a lead through the funnel.';

COMMENT ON COLUMN "{schema}_bi".passes.lead_id IS
    'The lead.';

COMMENT ON COLUMN "{schema}_bi".passes.pass_number IS
    '1 for its first journey.';

COMMENT ON COLUMN "{schema}_bi".passes.began_at IS
    'When it began.';

COMMENT ON COLUMN "{schema}_bi".passes.stages IS
    'The stages that it has entered, in the order of the first entries.';

COMMENT ON COLUMN "{schema}_bi".passes.last_stage IS
    'The stage that it is in, or was in when it ended.';

COMMENT ON COLUMN "{schema}_bi".passes.last_entered_at IS
    'When it entered that stage.';

COMMENT ON COLUMN "{schema}_bi".passes.ended_at IS
    'When the pass ended; none while it goes on.';

COMMENT ON COLUMN "{schema}_bi".passes.ended_as IS
    'How it ended: recycled, absorbed or corrected.';

COMMENT ON COLUMN "{schema}_bi".passes.origin IS
    'Whose work brought the lead in this pass.';

COMMENT ON COLUMN "{schema}_bi".passes.channel IS
    'The channel of the pass.';

COMMENT ON COLUMN "{schema}_bi".passes.campaign IS
    'The campaign that brought the lead in this pass.';

COMMENT ON COLUMN "{schema}_bi".passes.owner IS
    'The person in charge at the entry into the last stage.';

COMMENT ON COLUMN "{schema}_bi".passes.account_id IS
    'The company of the lead at that entry.';

COMMENT ON COLUMN "{schema}_bi".passes.acquired_month IS
    'The month in which the person became known, YYYY-MM.';

COMMENT ON VIEW "{schema}_bi".moves IS
    'One row for each change of stage.';

COMMENT ON COLUMN "{schema}_bi".moves.kind IS
    'lead or account.';

COMMENT ON COLUMN "{schema}_bi".moves.subject_id IS
    'The id of the lead or the company.';

COMMENT ON COLUMN "{schema}_bi".moves.pass_number IS
    'The pass that it left, or that began.';

COMMENT ON COLUMN "{schema}_bi".moves.from_stage IS
    'The stage that it left; none if it had been in no stage.';

COMMENT ON COLUMN "{schema}_bi".moves.to_stage IS
    'The stage that it entered; none if it was absorbed.';

COMMENT ON COLUMN "{schema}_bi".moves.move IS
    'advanced, recycled, returned, disqualified, lost, corrected, restated, absorbed, or entered.';

COMMENT ON COLUMN "{schema}_bi".moves.moved_at IS
    'When it took effect.';

COMMENT ON COLUMN "{schema}_bi".moves.position IS
    'The event that moved it.';

COMMENT ON COLUMN "{schema}_bi".moves.owner IS
    'The person in charge at the entry into the stage that was left, or at the first entry.';

COMMENT ON VIEW "{schema}_bi".stock_by_day IS
    'One row for each day and stage, since the first entry: how many are there.';

COMMENT ON COLUMN "{schema}_bi".stock_by_day.day IS
    'The day, in the time zone of the lifecycle, up to that of the last event.';

COMMENT ON COLUMN "{schema}_bi".stock_by_day.kind IS
    'lead or account.';

COMMENT ON COLUMN "{schema}_bi".stock_by_day.stage IS
    'The stage.';

COMMENT ON COLUMN "{schema}_bi".stock_by_day.entries IS
    'Stays that began on the day.';

COMMENT ON COLUMN "{schema}_bi".stock_by_day.exits IS
    'Stays that ended on the day.';

COMMENT ON COLUMN "{schema}_bi".stock_by_day.standing IS
    'How many are in the stage at the end of the day. Never add up days.';

COMMENT ON VIEW "{schema}_bi".deadlines IS
    'One row for each deadline that counts.';

COMMENT ON COLUMN "{schema}_bi".deadlines.lead_id IS
    'The lead that has to be answered.';

COMMENT ON COLUMN "{schema}_bi".deadlines.deadline IS
    'The name of the deadline in the lifecycle.';

COMMENT ON COLUMN "{schema}_bi".deadlines.stage IS
    'The stage in which it started.';

COMMENT ON COLUMN "{schema}_bi".deadlines.started_at IS
    'When it started.';

COMMENT ON COLUMN "{schema}_bi".deadlines.due_at IS
    'When it is due.';

COMMENT ON COLUMN "{schema}_bi".deadlines.owner IS
    'The owner of the lead: the current one, or the one when it was settled.';

COMMENT ON COLUMN "{schema}_bi".deadlines.team IS
    'The team whose business hours count.';

COMMENT ON COLUMN "{schema}_bi".deadlines.outcome IS
    'met: answered in time. late: answered after it was due. left: the lead left the stage '
    'otherwise. None: still open.';

COMMENT ON COLUMN "{schema}_bi".deadlines.settled_at IS
    'When it was answered, or the lead left.';

COMMENT ON COLUMN "{schema}_bi".deadlines.started_position IS
    'The event that started it.';

COMMENT ON COLUMN "{schema}_bi".deadlines.settled_position IS
    'The event that settled it.';

COMMENT ON VIEW "{schema}_bi".deals IS
    'One row for each deal: what happened last counts, in whatever order it was reported.';

COMMENT ON COLUMN "{schema}_bi".deals.deal_id IS
    'The number of the deal, with its source unless sources share numbers.';

COMMENT ON COLUMN "{schema}_bi".deals.lead_id IS
    'The lead that it was opened for.';

COMMENT ON COLUMN "{schema}_bi".deals.account_id IS
    'The company that it was opened for.';

COMMENT ON COLUMN "{schema}_bi".deals.pass_number IS
    'The pass in which it was opened.';

COMMENT ON COLUMN "{schema}_bi".deals.created_at IS
    'When it was opened.';

COMMENT ON COLUMN "{schema}_bi".deals.outcome IS
    'won or lost; none while it is open.';

COMMENT ON COLUMN "{schema}_bi".deals.decided_at IS
    'When it was won or lost.';

COMMENT ON COLUMN "{schema}_bi".deals.value IS
    'The amount reported last. Its orders may have others.';

COMMENT ON COLUMN "{schema}_bi".deals.currency IS
    'The currency of the amount. Never add up several.';

COMMENT ON COLUMN "{schema}_bi".deals.business IS
    'new, renewal and so on, as reported.';

COMMENT ON COLUMN "{schema}_bi".deals.product IS
    'The product, as reported.';

COMMENT ON COLUMN "{schema}_bi".deals.expected_close IS
    'The day on which it is expected to be decided.';

COMMENT ON COLUMN "{schema}_bi".deals.reported_at IS
    'When the last report about it happened.';

COMMENT ON COLUMN "{schema}_bi".deals.gross_profit IS
    'The gross profit reported last, in the same currency.';
