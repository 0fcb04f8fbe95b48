// posthog-node, with the protocol that POSTHOG_CAPTURE_MODE names
const { PostHog } = require('posthog-node')

const [visitor, user] = ['visitor', 'user'].map((kind) => `${kind}-${process.env.WHO}`)

const client = new PostHog(process.env.LEADLEDGER_KEY, {
  host: process.env.LEADLEDGER_URL,
  fetchRetryDelay: 100,
})
client.capture({
  distinctId: visitor,
  event: '$pageview',
  properties: { $pathname: '/pricing', $process_person_profile: false },
})
client.alias({ distinctId: user, alias: visitor })
client.identify({ distinctId: user, properties: { email: `${user}@example.co.jp` } })
client.capture({ distinctId: user, event: 'Form Submitted', properties: { form: 'whitepaper' } })
client.capture({ distinctId: user, event: 'Widget Turned', groups: { company: 'acme' } })
client.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { name: 'Acme' } })
client.shutdown()
