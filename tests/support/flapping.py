"""A lifecycle in which a lead's grade changes every day for most of a year, with few events.

A visit gives points and takes the same number away. Both decay by one percent every other day, on
alternating days, so that the score is below zero on one day and zero on the next.
"""

from tests.support.lifecycle_edits import edited
from tests.support.small_lifecycle import SMALL

STEPS = 100
FLAPS = 2 * STEPS


def flapping_text() -> str:
    """Write a small lifecycle in which a grade flaps after each visit."""
    return edited(SMALL, _block())


def _block() -> str:
    def ageing(first_day: int) -> str:
        return "\n".join(
            f"        - {{after_days: {first_day + 2 * step}, percent: {99 - step}}}"
            for step in range(STEPS)
        )

    return f"""
fields:
  event: {{type: position}}
events:
  decisions:
    event.voided: {{label: {{en: event voided}}, required: [event]}}
  derived:
    lead.restated: {{label: {{en: restated}}}}
    account.absorbed: {{label: {{en: company absorbed}}, subject: account}}
    account.restated: {{label: {{en: company restated}}, subject: account}}
    grade.changed: {{label: {{en: grade changed}}}}
grades:
  even:
    label: {{en: even}}
    definition: {{en: zero points or more}}
    when: {{lead.interest: {{at_least: 0}}}}
scoring:
  events:
    given:
      label: {{en: given}}
      on: [visit.recorded]
      points: 100
      ageing:
{ageing(1)}
    taken:
      label: {{en: taken}}
      on: [visit.recorded]
      points: -100
      ageing:
{ageing(2)}
"""
