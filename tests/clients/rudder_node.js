// @rudderstack/rudder-sdk-node
const RudderAnalytics = require('@rudderstack/rudder-sdk-node')

const [visitor, user] = ['visitor', 'user'].map((kind) => `${kind}-${process.env.WHO}`)

const analytics = new RudderAnalytics(process.env.LEADLEDGER_KEY, {
  dataPlaneUrl: process.env.LEADLEDGER_URL,
  flushInterval: 100,
  gzip: true,
})
analytics.page({ anonymousId: visitor, name: 'Pricing', properties: { path: '/pricing' } })
analytics.identify({ userId: user, anonymousId: visitor, traits: { email: `${user}@example.co.jp` } })
analytics.track({ userId: user, event: 'Form Submitted', properties: { form: 'whitepaper' } })
analytics.track({ userId: user, event: 'Widget Turned', properties: { turns: 3 } })
analytics.screen({ userId: user, name: 'Home' })
analytics.group({ userId: user, groupId: 'acme', traits: { name: 'Acme' } })
analytics.alias({ userId: user, previousId: visitor })
analytics.flush()
