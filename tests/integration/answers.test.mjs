// Portals that are ill: whatever they answer, nothing is lost, nothing is given up on before its time, and order holds.
import assert from 'node:assert/strict'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { until, withWorld } from './harness.mjs'

const html = { status: 200, refuse: true, headers: { 'Content-Type': 'text/html' }, body: '<html>This domain is parked</html>' }
const ill = {
  'answers 400 to everything': () => ({ status: 400 }),
  'answers 422 without saying which': () => ({ status: 422, body: '{}' }),
  'shows a parking page with 200': () => html,
  'redirects': () => ({ status: 302, headers: { Location: 'http://127.0.0.1:1/' } }),
  'answers 401': () => ({ status: 401 }),
  'answers 404': () => ({ status: 404 }),
  'answers 500 with a page': () => ({ status: 500, body: '<html>oops</html>' }),
  'cuts the connection': (batch, { response }) => void response.socket.destroy(),
  'hangs': () => undefined,
  'answers 503 and when to come back': () => ({ status: 503, headers: { 'Retry-After': '1' } }),
}

for (const [what, answer] of Object.entries(ill)) {
  test(`a portal that ${what} loses nothing and gets all once it is well`, withWorld('ill', async world => {
    const portal = await new ForeignPortal(await world.license()).listen()
    try {
      await world.sim()
      await world.host({ portalUrl: portal.url })
      await world.webhookSet()
      const user = (await world.control('users', { name: 'Ann' })).json.id
      await world.control('say', { user, text: 'before' })
      await until('the first message', () => portal.of('message').length === 1)
      portal.answer = answer
      const before = portal.requests
      for (let i = 0; i < 20; i++) await world.control('say', { user, text: `while ill ${i}` })
      await until('three tries', () => portal.requests >= before + (what === 'hangs' ? 1 : 3))
      assert.equal(portal.of('message').length, 1)
      assert.equal((await world.admin('/v1/dead-letters')).json.items.length, 0, 'nothing is given up on')
      // Well from a try of the first on: one that refuses it and then takes the next tells the host that it is at fault.
      let well = false
      portal.answer = (...asked) => ((well ||= asked[0].events[0].message?.text === 'while ill 0') ? { status: 200 } : answer(...asked))
      await until('all of them', () => portal.of('message').length === 21)
      assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
      assert.deepEqual(portal.of('message').slice(1).map(e => e.message.text), Array.from({ length: 20 }, (_, i) => `while ill ${i}`))
      assert.equal((await world.admin('/v1/dead-letters')).json.items.length, 0)
    } finally {
      await portal.close()
    }
  }))
}

test('one event that a portal cannot take is found by halving, and a notice stands in its place', withWorld('poison', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    await world.host({ portalUrl: portal.url })
    await world.webhookSet()
    const user = (await world.control('users', { name: 'Ann' })).json.id
    portal.answer = batch => ({ status: batch.events.some(e => e.message?.text === 'poison') ? 400 : 200 })
    for (let i = 0; i < 10; i++) await world.control('say', { user, text: i === 4 ? 'poison' : `good ${i}` })
    await until('all but one', () => portal.of('message').length === 9)
    const gap = portal.of('notice').find(e => e.code === 'gap')
    assert.ok(gap, JSON.stringify(portal.of('notice')))
    assert.equal(gap.gap.from, gap.gap.through)
    assert.equal(gap.sequence, gap.gap.through, 'it stands where the gap is')
    assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
    const dead = (await world.admin('/v1/dead-letters')).json.items
    assert.equal(dead.length, 1)
    assert.equal(dead[0].sequence, gap.sequence)

    // 422 naming it is quicker, 413 halves, and partial acceptance is believed.
    portal.answer = batch => {
      const bad = batch.events.find(e => e.message?.text === 'named')
      return bad ? { status: 422, refuse: true, body: JSON.stringify({ rejected: [{ id: bad.id, reason: 'no' }] }), headers: { 'Content-Type': 'application/json' } } : { status: 200 }
    }
    await world.control('say', { user, text: 'named' })
    await world.control('say', { user, text: 'after named' })
    await until('the one after', () => portal.of('message').some(e => e.message.text === 'after named'))
    portal.answer = batch => (batch.events.length > 1 ? { status: 200, through: batch.events[0].sequence, body: JSON.stringify({ accepted_through: batch.events[0].sequence }), headers: { 'Content-Type': 'application/json' } } : { status: 200 })
    for (let i = 0; i < 5; i++) await world.control('say', { user, text: `partial ${i}` })
    await until('all partial ones', () => portal.of('message').filter(e => e.message.text.startsWith('partial')).length === 5)
    assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
  } finally {
    await portal.close()
  }
}))

test('before patience ends the owner is told at a second address, sealed, and at most once a share', withWorld('patience', async world => {
  const license = await world.license()
  const portal = await new ForeignPortal(license).listen()
  const owner = await new ForeignPortal(license).listen()
  const told = []
  owner.answer = batch => (told.push(batch), { status: 500, refuse: true })
  try {
    await world.sim()
    await world.host({ portalUrl: portal.url, portal: `warn_url: ${owner.url}`, lane: 'retention: 6s' })
    await world.webhookSet()
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, text: 'taken' })
    await until('the first message', () => portal.of('message').length === 1)
    assert.deepEqual(told, [])
    portal.answer = () => ({ status: 503 })
    const at = Date.now()
    for (let i = 0; i < 3; i++) await world.control('say', { user, text: `waits ${i}` })
    await until('the dead letters', async () => (await world.admin('/v1/dead-letters')).json.items.length === 3)
    assert.deepEqual(told.map(t => t.code), ['retention_50', 'retention_80', 'retention_95'])
    for (const [i, share] of [0.5, 0.8, 0.95].entries()) {
      const { type, portal: of, lane, text, waiting, oldest, expires } = told[i]
      assert.deepEqual([type, of, lane, waiting], ['warning', 'acme', 'messages', 3])
      assert.match(text, new RegExp(`for ${share * 100} % of 6 s; 3 events wait`))
      assert.equal(Date.parse(expires) - Date.parse(oldest), 6000)
      assert.ok(Math.abs(Date.parse(oldest) - at) < 5000, oldest)
    }
    const [row] = (await world.admin('/v1/lanes')).json.items.filter(l => l.name === 'portal/acme/messages')
    assert.equal(row.last_alarm.code, 'retention_95')
    const metrics = (await world.admin('/metrics')).text
    for (const share of [50, 80, 95]) assert.match(metrics, new RegExp(`trunkline_alarms_total\\{lane="portal/acme/messages",code="retention_${share}"\\} 1\\b`))
  } finally {
    await portal.close()
    await owner.close()
  }
}))

test('what outlives its retention goes to the dead letters, a notice takes its place, and requeueing brings it back', withWorld('retention', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    await world.host({ portalUrl: portal.url, lane: 'retention: 2s' })
    await world.webhookSet()
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, text: 'kept' })
    await until('the first message', () => portal.of('message').length === 1)
    portal.answer = () => ({ status: 503 })
    for (let i = 0; i < 5; i++) await world.control('say', { user, text: `late ${i}` })
    const dead = await until('five dead letters', async () => {
      const { items } = (await world.admin('/v1/dead-letters')).json
      return items.length === 5 && items
    })
    assert.deepEqual(new Set(dead.map(d => d.reason)), new Set(['retention']))
    portal.answer = () => ({ status: 200 })
    const gap = await until('the notice', () => portal.of('notice').find(e => e.code === 'gap'))
    assert.equal(gap.gap.count, 5)
    assert.equal(gap.gap.reason, 'retention')
    assert.equal(gap.sequence, gap.gap.through)
    assert.equal(gap.gap.through - gap.gap.from, 4)
    const lane = 'portal/acme/messages'
    assert.match(await world.trunkctl('dead-letters'), /retention/)
    assert.match(await world.trunkctl('dead-letters', 'show', lane, String(dead[0].sequence)), /late 0/)
    await world.trunkctl('dead-letters', 'requeue', lane, '--all')
    await until('all of them', () => portal.of('message').length === 6)
    const late = portal.of('message').slice(1)
    assert.deepEqual(late.map(e => e.message.text), Array.from({ length: 5 }, (_, i) => `late ${i}`))
    assert.deepEqual(late.map(e => e.id), dead.map(d => d.id), 'the id stays')
    assert.deepEqual(late.map(e => e.requeued.sequence), dead.map(d => d.sequence))
    assert.equal((await world.admin('/v1/dead-letters')).json.items.length, 0)
  } finally {
    await portal.close()
  }
}))

test('410 pauses the portal until it is resumed', withWorld('gone', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    await world.host({ portalUrl: portal.url })
    await world.webhookSet()
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await until('the opening batch', () => portal.batches.length > 0)
    portal.answer = () => ({ status: 410 })
    await world.control('say', { user, text: 'anyone?' })
    await until('the pause', async () => /gone/.test(await world.trunkctl('lanes')))
    portal.answer = () => ({ status: 200 })
    await world.trunkctl('portals', 'resume', 'acme')
    await until('the message', () => portal.of('message').length === 1)
  } finally {
    await portal.close()
  }
}))
