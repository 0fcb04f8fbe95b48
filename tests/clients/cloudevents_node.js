// cloudevents for Node: each mode once, and the same event in both.
const { CloudEvent, HTTP } = require('cloudevents')

const lead = { email: `user-${process.env.WHO}@example.co.jp` }
const form = new CloudEvent({
  type: 'form.submitted',
  source: process.env.LEADLEDGER_SOURCE,
  actor: 'sato',
  data: { lead, data: { form: 'whitepaper' } },
})
const visit = form.cloneWith({
  id: 'visit-1',
  type: 'visit.recorded',
  data: { lead },
})

async function send(message) {
  const answer = await fetch(`${process.env.LEADLEDGER_URL}/v1/events`, {
    method: 'POST',
    headers: { ...message.headers, Authorization: `Bearer ${process.env.LEADLEDGER_KEY}` },
    body: message.body,
  })
  if (!answer.ok) throw new Error(await answer.text())
}

async function main() {
  await send(HTTP.structured(form))
  await send(HTTP.binary(visit))
  await send(HTTP.binary(form))
}

main()
