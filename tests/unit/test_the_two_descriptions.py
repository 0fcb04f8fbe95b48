"""What the shipped lifecycles owe to the two descriptions that they implement.

A describes the process with thirteen lists, B the funnel in four phases. Each test quotes the
sentence that it serves.
"""

from itertools import product

import pytest

from domain.lead.state import LeadState, State
from domain.lifecycle.text.complaints import LifecycleInvalid
from domain.lifecycle.text.load import load
from domain.rules.candidacy import Obstacle, obstacle
from domain.rules.lists import on_list
from events.lifecycles.shipped import SHIPPED, shipped_text
from events.outcomes import Recorded
from events.refusals import Refused
from tests.support.ledger_in_memory import LedgerInMemory
from tests.support.stories import Story, day, demand_funnel, jst, shipped_lifecycle

WHOLE = {name: load(shipped_text(name)) for name in SHIPPED}
CALLED_FROM = {"demand_funnel": "SAL", "lead_management": "HANDED_OVER", "merged": "SAL"}
"""Where inside sales screens."""
ACCEPTED_AT = {"demand_funnel": "MAL", "lead_management": "ACCEPTED", "merged": "MAL"}
DEAL_AT = {"demand_funnel": "OPP", "lead_management": "DEAL", "merged": "OPP"}
TARGET = {"industry": "manufacturing", "position": "director"}


def lists_of(story: Story) -> tuple[str, ...]:
    return on_list(story.compiled.lifecycle.lists, story.state, day(1))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("found", ["now", "later", "not_yet"])
def test_the_eleventh_list_holds_all_three_classes(name: str, found: str) -> None:
    """A: 「ここに存在するリードは、今すぐ客、そのうち客、まだまだ客に分類されます」"""
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("stage.corrected", to=CALLED_FROM[name], reason="other")
    story.tell("screening.completed", data={"class": found})
    assert "call_completed" in lists_of(story)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_disqualified_lead_is_on_no_list_of_targets(name: str) -> None:
    """B: 「MLから営業対象外データ、競合を排除したもの」"""
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp", profile=TARGET)
    story.tell("seminar.attended")
    story.tell("seminar.attended")
    targets = {"target", "target_by_market", "likely"}
    assert targets <= set(lists_of(story))
    story.tell("lead.disqualified", reason="competitor")
    assert not targets & set(lists_of(story))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    ("profile", "hindrance"),
    [(TARGET, None), ({"industry": "forestry", "position": "director"}, Obstacle.NOT_LIKELY)],
)
def test_only_a_target_is_selected_as_likely_to_buy(
    name: str, profile: dict[str, str], hindrance: Obstacle | None
) -> None:
    """B: 「属性、行動などから見込み度が高いと判断したターゲット」"""
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp", profile=profile)
    story.tell("owner.assigned", owner="taro", department="marketing")
    assert story.lead.fit
    assert story.lead.points
    assert obstacle(story.compiled, story.state, day(1)) is hindrance


def test_an_unplaced_target_is_on_the_list_of_targets() -> None:
    """A: 「ターゲット」 is a question about 業種・職種・職位, whatever the stage."""
    lead = LeadState(known=True, market="manufacturing", priority="high")
    assert "target" in on_list(demand_funnel().lifecycle.lists, State(lead), day(0))


def test_an_anonymous_visitor_has_no_origin_but_a_first_touch() -> None:
    """A: 「マーケティング組織起因で発生したリードのみ」: no lead has been brought yet."""
    story = Story()
    story.tell("visit.recorded", channel="organic")
    story.tell("ad.clicked", channel="paid")
    story.tell("content.downloaded")
    assert (story.stage, story.lead.origin, story.lead.channel) == ("AL", None, "organic")
    assert story.lead.first_touch == "marketing-digital"


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    ("channel", "origin"), [("sales_direct", "sales-direct"), ("reseller", "reseller")]
)
def test_a_direct_enquiry_after_anonymous_visits_is_not_marketings(
    name: str, channel: str, origin: str
) -> None:
    """A: 「直接営業組織や販売店に問い合わせが直接入った場合、貢献度には含みません」"""
    story = Story(shipped_lifecycle(name))
    story.tell("visit.recorded", channel="organic")
    story.tell("inquiry.received", mail="example.co.jp", channel=channel)
    assert (story.lead.origin, story.lead.channel) == (origin, channel)
    assert story.lead.flags == {}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_direct_enquiry_of_a_lead_of_marketings_keeps_the_origin_and_is_marked(name: str) -> None:
    """A: 「マーケティング組織起因で発生したリードのみ」, and policies may disagree."""
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp", channel="paid")
    story.tell("inquiry.received", known=True, channel="web")
    assert story.lead.flags == {}
    story.tell("inquiry.received", known=True, channel="reseller")
    assert (story.lead.origin, story.lead.channel) == ("marketing-digital", "paid")
    assert story.lead.flags == {"direct_enquiry": "reseller"}


def test_a_later_pass_begun_by_a_direct_enquiry_is_not_marketings_and_not_marked() -> None:
    """A: 「直接営業組織や販売店に問い合わせが直接入った場合、貢献度には含みません」"""
    story = Story()
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("inquiry.received", known=True, channel="reseller")
    story.tell("order.recorded", known=True, order="o")
    story.tell("inquiry.received", at=9, known=True, channel="sales_direct")
    assert (story.lead.pass_number, story.lead.origin) == (2, "sales-direct")
    assert (story.lead.flags, story.lead.first_touch) == ({}, "marketing-digital")


def test_a_lead_that_becomes_known_without_a_move_has_an_origin_if_a_rule_gives_one() -> None:
    """The event that made the person known sets it, whatever the lead's stage."""
    story = Story()
    story.tell("content.downloaded", known=True, channel="paid")
    assert (story.stage, story.lead.origin) == (None, "marketing-digital")
    story.tell("card.captured", known=True, department="field_sales")
    assert (story.stage, story.lead.origin) == ("ML", "marketing-digital")


def test_a_profile_that_is_copied_from_a_crm_acquires_no_lead() -> None:
    story = Story()
    story.tell("profile.updated", known=True, department="field_sales")
    assert story.lead.origin is None
    story.tell("card.captured", known=True, channel="exhibition")
    assert story.lead.origin == "marketing-offline"


@pytest.mark.parametrize("channel", ["exhibition", "event", "seminar"])
def test_a_card_from_marketings_booth_is_marketings_whatever_department_records_it(
    channel: str,
) -> None:
    """A: 「マーケティング組織起因で発生したリードのみ」"""
    story = Story()
    story.tell("card.captured", known=True, department="field_sales", channel=channel)
    assert story.lead.origin == "marketing-offline"


def test_a_card_that_field_sales_takes_on_a_visit_is_not_marketings() -> None:
    story = Story()
    story.tell("card.captured", known=True, department="field_sales")
    assert story.lead.origin == "sales-direct"


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    ("department", "channel", "origin"),
    [
        ("フィールドセールス", None, "sales-direct"),
        ("field_sales", "exhibition", "marketing-offline"),
        ("マーケティング", None, "marketing-offline"),
    ],
)
def test_cards_in_one_import_are_whose_the_table_says(
    name: str, department: str, channel: str | None, origin: str
) -> None:
    """A: 「マーケティング組織起因で発生したリードのみ」; a CRM table holds everyone's 名刺."""
    ledger = LedgerInMemory(shipped_lifecycle(name))
    card = {"department": department, "lead": {"email": "hanako@acme.example"}}
    ledger.send_one("card.captured", **card, data={"channel": channel})
    (lead,) = (one.state for one in ledger.subjects.values() if isinstance(one.state, LeadState))
    assert lead.origin == origin


def test_screening_is_called_by_what_it_is_and_not_by_the_telephone() -> None:
    """B: 「メールや電話、Web会議など」"""
    lifecycle = WHOLE["demand_funnel"]
    assert lifecycle.events["screening.attempted"].words.label["ja"] == "スクリーニング接触"
    assert lifecycle.events["capacity.declared"].words.label["ja"].startswith("スクリーニング可能")
    assert lifecycle.events["screening.completed"].words.label["ja"] == "スクリーニング完了"
    called = WHOLE["lead_management"].events["screening.completed"].words
    assert called.label == {"ja": "コール完了", "en": "call completed"}
    for one in WHOLE.values():
        assert not any(word in one.text for word in ("架電", "起点"))
        assert one.pace.deadlines["first_attempt"].words.label["ja"] == "初回接触期限"


def test_phases_and_key_accounts_are_defined_as_in_the_description() -> None:
    """B: 「ターゲットを決めてスクリーニングし…」「需要集中顧客に絞り込む」「太く繋がる顧客」"""
    lifecycle = WHOLE["demand_funnel"]
    assert "スクリーニング" in lifecycle.phases["customer_acquisition"].definition["ja"]
    assert "需要集中顧客に絞り込む" in lifecycle.phases["customer_growth"].definition["ja"]
    stages = lifecycle.account.stages
    assert "太く繋がる顧客" in stages["KA"].words.definition["ja"]
    assert stages["CHURNED"].words.label["ja"] == "取引終了(解約)"


@pytest.mark.parametrize(
    ("name", "label"),
    [("demand_funnel", "MQL認定"), ("merged", "MQL認定"), ("lead_management", "マーケ選定")],
)
def test_the_decision_that_qualifies_is_called_by_where_it_leads(name: str, label: str) -> None:
    """A: 「マーケ選定リスト」 is the seventh list's part that is nurtured; B: MQL."""
    assert WHOLE[name].events["lead.qualified"].words.label["ja"] == label


def test_an_event_and_a_list_that_share_a_word_share_a_stage() -> None:
    """One word, one meaning: 営業受入 cannot lead to SAL and be a list of SQL."""
    text = shipped_text("demand_funnel")
    for old, new in (
        ("営業受入リード(スクリーニング後)", "営業受入リード"),
        ("{ja: マーケ選定リスト", "{ja: MQL認定リスト"),
    ):
        assert text.count(old) == 1
        changed = text.replace(old, new)
        with pytest.raises(LifecycleInvalid) as refused:
            load(changed)
        (complaint,) = refused.value.complaints
        list_line = changed[: changed.index(new)].count("\n")
        assert (complaint.line, "is also a name of lead." in complaint.message) == (list_line, True)
    load(text.replace("{ja: ハウスリスト", "{ja: MQL認定リスト"))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_comes_of_a_contact_is_one_of_the_codes_that_people_use(name: str) -> None:
    """B: 「メールや電話、Web会議など」 end as one of these; hard and soft are a mail's."""
    lifecycle = WHOLE[name]
    of_call = lifecycle.events["screening.attempted"].fields["outcome"]
    labels = " ".join(lifecycle.outcomes[code].label["ja"] for code in of_call.values)
    assert labels == "不在 話中 担当者不在 折返し依頼 番号違い 受付止まり 会話できた"
    assert lifecycle.events["email.bounced"].fields["outcome"].values == ("hard", "soft")
    assert of_call.names["担当者不在"] == "person_away"


@pytest.mark.parametrize("name", SHIPPED)
def test_customers_have_a_segment_and_a_role_whatever_their_stage(name: str) -> None:
    """B: 「守りと攻めの視点から顧客を選別して、営業マンの役割を明確にした」

    and 「ハイセグメントとローセグメントなど」.
    """
    fields = WHOLE[name].events["account.segmented"].fields
    assert (fields["segment"].names["ハイセグメント"], fields["key_role"].names["守り"]) == (
        *("high", "defend"),
    )
    story = Story(shipped_lifecycle(name), account="account-1")
    story.tell("order.recorded", known=True, account="account-1", order="o")
    story.tell("account.segmented", segment="low", key_role="attack", owner="ito")
    account = story.state.account
    assert account is not None
    assert (account.segment, account.key_role, account.owner) == ("low", "attack", "ito")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lead_has_a_person_of_each_department_that_worked_on_it(name: str) -> None:
    """B: 「インサイドセールスとフィールドセールスが役割分担をきめて」"""
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp")
    for department, stage in (
        ("marketing", ACCEPTED_AT[name]),
        ("inside_sales", CALLED_FROM[name]),
        ("field_sales", DEAL_AT[name]),
    ):
        story.tell("stage.corrected", to=stage, reason="other")
        story.tell("owner.assigned", owner=f"{department}-1", department="customer_success")
        assert story.lead.owner is None
        story.tell("owner.assigned", owner=f"{department}-2", for_department=department)
        assert story.lead.owner == f"{department}-2"
    assert story.lead.owners == {
        "customer_success": "field_sales-1",
        **{one: f"{one}-2" for one in ("marketing", "inside_sales", "field_sales")},
    }
    story.tell("owner.unassigned", for_department="marketing")
    story.tell("owner.unassigned")
    assert (story.lead.owner, *sorted(story.lead.owners)) == (
        *(None, "customer_success", "inside_sales"),
    )


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("marketer", [None, "sato"])
def test_what_sales_sends_back_is_marketings_and_the_seller_is_remembered(
    name: str, marketer: str | None
) -> None:
    """A: 「マーケティング部門がフォローする担当者別」"""
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("stage.corrected", to=ACCEPTED_AT[name], reason="other")
    if marketer is not None:
        story.tell("owner.assigned", owner=marketer, department="marketing")
    story.tell("stage.corrected", to=CALLED_FROM[name], reason="other")
    story.tell("owner.assigned", owner="ito", department="inside_sales")
    story.tell("lead.recycled", reason="too_early")
    assert (story.stage, story.lead.owner) == (ACCEPTED_AT[name], marketer)
    assert story.lead.owners["inside_sales"] == "ito"
    if name != "lead_management":
        assert ("marketing_accepted" in lists_of(story)) is (marketer is not None)


def test_a_new_owner_learns_who_had_the_lead_before() -> None:
    story = Story().reach("SAL")
    story.tell("owner.assigned", owner="ito")
    story.tell("screening.completed", data={"class": "not_yet"})
    assert (story.stage, story.lead.owner) == ("MAL", None)
    story.tell_all("lead.qualified")
    handed = [one for one in story.events if one.data.get("hand_over") == "to_inside_sales"]
    assert handed[-1].data["brief"]["lead.owners.inside_sales"] == "ito"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_eighth_list_is_chosen_from_the_seventh(name: str) -> None:
    """A: 「マーケ選定リスト」 is a choice of 「マーケ受入(担当)リスト」, at every stage."""
    lists = shipped_lifecycle(name).lifecycle.lists
    assert "マーケ受入(担当)リスト" in lists["marketing_accepted"].words.aliases
    selected = 0
    for stage in shipped_lifecycle(name).lifecycle.lead.stages:
        for mark, person in product((None, "started", "completed"), (None, "marketing", "sales")):
            marks = {"scenario": mark} if mark else {}
            owners = {person: "sato"} if person else {}
            lead = LeadState(stage=stage, known=True, owner="sato", owners=owners, marks=marks)
            found = on_list(lists, State(lead), day(0))
            assert "marketing_accepted" in found or "marketing_selected" not in found
            selected += "marketing_selected" in found
    assert selected


@pytest.mark.parametrize("name", SHIPPED)
def test_a_reseller_is_handed_a_lead_and_owes_a_report(name: str) -> None:
    """A: 「営業組織・販売店視点」: resellers sell too, and report the progress of a lead."""
    story = Story(shipped_lifecycle(name))
    story.tell("inquiry.received", mail="example.co.jp", channel="reseller", reseller="r-1")
    assert (story.lead.reseller, "reseller_report" in story.lead.deadlines) == ("r-1", False)
    assert story.tell_all("lead.handed_over", reseller="r-2") == [
        "lead.handed_over",
        "deadline.started",
    ]
    started = story.events[-1].data
    assert (started["deadline"], started["reseller"]) == ("reseller_report", "r-2")
    # Ten business days from Wednesday, 2026-04-01.
    assert story.lead.deadlines["reseller_report"].due_at == jst("2026-04-15 18:00")
    reported = story.tell_all("reseller.reported", at=7, reseller="r-2", data={"class": "later"})
    assert reported[:2] == ["reseller.reported", "deadline.met"]
    assert "reseller_report" not in story.lead.deadlines


def test_a_department_that_takes_over_owes_no_report_of_a_reseller() -> None:
    story = Story(shipped_lifecycle("demand_funnel"))
    story.tell("contact.requested", mail="example.co.jp", channel="web")
    story.tell("lead.handed_over", data={"to_department": "inside_sales"})
    assert "reseller_report" not in story.lead.deadlines


@pytest.mark.parametrize("name", SHIPPED)
def test_a_reseller_that_reports_nothing_is_late_and_a_new_pass_is_nobodys(name: str) -> None:
    story = Story(shipped_lifecycle(name))
    story.tell("inquiry.received", mail="example.co.jp", channel="reseller", reseller="r-1")
    story.tell("lead.handed_over", reseller="r-1")
    assert "deadline.breached" in story.wait_until(day(30))
    assert story.lead.deadlines["reseller_report"].breached is not None
    story.tell("lead.recycled", at=31, reason="too_early")
    assert (story.lead.pass_number, story.lead.reseller) == (2, None)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_deal_and_an_order_may_be_a_resellers(name: str) -> None:
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("opportunity.created", opportunity="d", reseller="r-1")
    assert story.lead.reseller == "r-1"
    story.tell("order.recorded", order="o", opportunity="d", reseller="r-2")
    assert story.lead.reseller == "r-2"
    for type in ("inquiry.received", "opportunity.created", "opportunity.won", "order.recorded"):
        assert story.compiled.lifecycle.events[type].fields["reseller"].type == "code"


@pytest.mark.parametrize("name", SHIPPED)
def test_only_a_reseller_is_handed_a_lead_where_no_department_takes_over(name: str) -> None:
    story = Story(shipped_lifecycle(name))
    story.tell("form.submitted", mail="example.co.jp")
    story.tell("opportunity.created", opportunity="d")
    assert story.stage == DEAL_AT[name]
    assert story.refuse("lead.handed_over").reason == "move-not-allowed"
    assert story.tell("lead.handed_over", reseller="r-1") == ["lead.handed_over"]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("opportunity.created", {"opportunity": "d"}),
        ("opportunity.updated", {"opportunity": "d"}),
        ("opportunity.won", {"opportunity": "d"}),
        ("order.recorded", {"order": "o"}),
        ("order.amended", {"order": "o"}),
    ],
)
def test_deals_and_orders_state_their_gross_profit_in_addition_to_the_value(
    name: str, type: str, data: dict[str, str]
) -> None:
    """B: 「売上と利益」. A sale at a loss has a gross profit too."""
    ledger = LedgerInMemory(shipped_lifecycle(name))
    reported = {**data, "value": "1200", "currency": "JPY", "gross_profit": "-12.50"}
    lead = {"email": "hanako@acme.example"}
    assert isinstance(ledger.send_one(type, lead=lead, data=reported), Recorded)
    assert ledger.records[0].event.data == reported
    refused = ledger.send_one(type, lead=lead, data={**reported, "gross_profit": "30 %"})
    assert isinstance(refused, Refused)
    assert refused.refusal.pointer == "/data/gross_profit"


DEFAULT_FIGURES = {
    "public_relations": "新規匿名訪問 認知したターゲット企業",
    "marketing": "ターゲット新規獲得 MQL件数",
    "inside_sales": "SQL件数 商談化",
    "field_sales": "受注件数 受注金額 粗利",
    "customer_success": "更新 拡大受注 取引終了(解約) 需要集中顧客数",
}


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("department", DEFAULT_FIGURES)
def test_every_department_has_figures_to_set_targets_for(name: str, department: str) -> None:
    """A: 「宣伝広報部門、マーケティング部門、営業部門、CS部門…目標を立てて」"""
    figures = WHOLE[name].target_figures.values()
    found = [one.words.label["ja"] for one in figures if department in one.departments]
    assert " ".join(found) == DEFAULT_FIGURES[department]


@pytest.mark.parametrize("name", SHIPPED)
def test_sales_is_the_sum_of_inside_and_field_sales(name: str) -> None:
    """A: 「営業部門」 is one of the four that set targets."""
    assert WHOLE[name].department_parts == {"sales": ("inside_sales", "field_sales")}
    ledger = LedgerInMemory(shipped_lifecycle(name))
    target = {"for_department": "営業", "figure": "受注金額", "plan": "90000000", "currency": "JPY"}
    data = {**target, "starts_on": "2026-10-01", "ends_on": "2026-12-31"}
    assert isinstance(ledger.send_one("target.set", data=data), Recorded)
    assert ledger.records[0].event.data["for_department"] == "sales"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_persons_work_is_reported_in_words_or_codes(name: str) -> None:
    """A: 「どんな業種・職種・職位の名刺情報が欲しいのか」"""
    ledger = LedgerInMemory(shipped_lifecycle(name))
    profile = {"industry": "鉄鋼", "job": "情シス", "position": "部長", "region": "東京"}
    lead = {"email": "hanako@acme.example", "profile": {**profile, "company_size": "5000+"}}
    ledger.send_one("card.captured", lead=lead)
    (found,) = (one.state for one in ledger.subjects.values() if isinstance(one.state, LeadState))
    assert dict(found.attributes) == {
        "company_domain": "",
        "industry": "steel",
        "job": "information_systems",
        "position": "department_head",
        "region": "tokyo",
        "company_size": "5000+",
    }
    assert (found.market, found.priority) == ("manufacturing", "high")


@pytest.mark.parametrize("name", SHIPPED)
def test_an_unlisted_word_for_a_persons_work_stays_outside_the_record(name: str) -> None:
    ledger = LedgerInMemory(shipped_lifecycle(name))
    lead = {"email": "hanako@acme.example", "profile": {"industry": "宇宙産業"}}
    assert isinstance(ledger.send_one("card.captured", lead=lead), Recorded)
    assert ledger.records[0].event.effects["attributes"] == {"company_domain": ""}
    assert ledger.entries[0].report is not None
    assert "宇宙産業".encode() in ledger.entries[0].report.content


@pytest.mark.parametrize("name", SHIPPED)
def test_whom_targets_and_points_ask_for_has_words(name: str) -> None:
    lifecycle = WHOLE[name]
    for words, lists in (
        (lifecycle.industries, ("manufacturing", "technology", "service")),
        (lifecycle.positions, ("deciding", "leading")),
        (lifecycle.jobs, ("concerned",)),
    ):
        for one in lists:
            (listed,) = (v for n, v in lifecycle.value_lists.items() if n.startswith(f"{one}_"))
            assert listed <= words.keys()


@pytest.mark.parametrize("name", SHIPPED)
def test_the_funnel_has_a_side_of_marketing_and_one_of_sales_and_resellers(name: str) -> None:
    """A: 「マーケティング組織視点と営業組織・販売店視点で分けたもの」"""
    lifecycle = WHOLE[name]
    sides = {one.words.label["ja"]: one.origins for one in lifecycle.sides.values()}
    assert sides == {
        "マーケティング組織起因": ("marketing-digital", "marketing-offline"),
        "営業組織・販売店": ("sales-direct", "reseller"),
    }
    assert lifecycle.contribution is not None
    assert lifecycle.sides["marketing"].origins == lifecycle.contribution.marketing_origins


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "[sales-direct, reseller]",
            "[reseller, marketing-digital]",
            "already belongs to the side marketing",
        ),
        ("[sales-direct, reseller]", "[friends]", "'friends' is not an origin"),
    ],
)
def test_no_origin_is_of_two_sides(old: str, new: str, complaint: str) -> None:
    with pytest.raises(LifecycleInvalid, match=complaint):
        load(shipped_text("demand_funnel").replace(old, new, 1))
