// @segment/analytics-next, the client for browsers, in a headless window.
const { JSDOM } = require('jsdom')

const address = 'https://www.example.co.jp/pricing?utm_campaign=spring&utm_medium=email'
const { window } = new JSDOM('<title>Pricing</title>', { url: address, pretendToBeVisual: true })
window.fetch = fetch
globalThis.window = window
for (const name of ['document', 'location', 'localStorage', 'sessionStorage', 'navigator']) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true })
}
const { AnalyticsBrowser } = require('@segment/analytics-next')

const [strategy] = process.argv.slice(2)
const user = `user-${process.env.WHO}`
// Segment normally tells its client how to send; here the page does.
const integration = {
  apiKey: process.env.LEADLEDGER_KEY,
  apiHost: `${new URL(process.env.LEADLEDGER_URL).host}/v1`,
  protocol: 'http',
  deliveryStrategy: { strategy, config: { size: 5, timeout: 500 } },
}

async function main() {
  const analytics = AnalyticsBrowser.load({
    writeKey: process.env.LEADLEDGER_KEY,
    cdnSettings: { integrations: { 'Segment.io': integration } },
  })
  await analytics.page('Pricing')
  await analytics.identify(user, { email: `${user}@example.co.jp` })
  await analytics.track('Form Submitted', { form: 'whitepaper' })
  await analytics.track('Widget Turned', { turns: 3 })
  await analytics.group('acme', { name: 'Acme' })
  // A browser has no shutdown at which everything is flushed.
  setTimeout(() => process.exit(0), 5_000)
}

main()
