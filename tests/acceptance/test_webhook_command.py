"""`leadledger webhook` does everything that the HTTP interface can."""

import json
from asyncio import to_thread
from pathlib import Path

from tests.support.running_service import running_service
from tests.support.webhook_receiver import receiving


async def test_a_webhook_is_made_tried_rotated_and_removed_by_command(data_dir: Path) -> None:
    with running_service(data_dir, LEADLEDGER_WEBHOOK_PRIVATE_ADDRESSES="true") as service:

        async def run(*arguments: str, expected: int = 0) -> str:
            done = await to_thread(service.command, "webhook", *arguments, key=service.key)
            assert done.returncode == expected, done.stdout + done.stderr
            return done.stdout + done.stderr

        async with receiving() as receiver:
            made = json.loads(
                await run("create", receiver.url, "--stage", "mql", "--description", "x", "--json")
            )
            webhook_id = made["id"]
            assert (made["stages"], made["description"], made["types"]) == (["MQL"], "x", [])
            assert "delivered" in await run("test", webhook_id)
            receiver.answering = lambda _: 500
            assert "answered 500" in await run("test", webhook_id, expected=9)
            rotated = await run("rotate-secret", webhook_id)
            assert rotated.startswith("whsec_")
            assert rotated.strip() != made["secret"]
            await run("update", webhook_id, "--type", "lead.qualified", "--disable")
            (listed,) = json.loads(await run("list", "--json"))
            assert (listed["types"], listed["enabled"]) == (["lead.qualified"], False)
            assert "disabled by hand" in await run("list")
            assert "nothing to change" in await run("update", webhook_id, expected=2)
            assert "no dead letter" in await run("replay", webhook_id, "7", expected=9)
            assert await run("replay", webhook_id) == "0 events are queued again.\n"
            assert json.loads(await run("dead-letters", webhook_id, "--json")) == []
            await run("delete", webhook_id)
            assert "No webhook has this id" in await run("delete", webhook_id, expected=9)
            assert "expected https" in await run("create", "gopher://x", expected=9)
