// The orders and deliveries of lanes, with the real host: which order holds at a portal and at a messenger, what a stuck
// conversation holds back, and what a changed configuration means for what waits. The host is killed with -9 in between.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { program, request, until, withWorld } from './harness.mjs'
import { calls, say } from './roundtrip_world.mjs'

const pause = ms => new Promise(done => setTimeout(done, ms))
const patience = 60_000

/** A portal that takes its time, and checks: which requests are on their way together, and what comes after what. */
class WatchfulPortal extends ForeignPortal {
  constructor(license) {
    super(license)
    this.takes = 10
    this.wrong = []
    this.most = 0
    this.first = new Map() // the first appearance of each event
    this.repeats = 0
    this.onTheWay = new Map() // requests by the conversations in them
    /** Who is not taken now: a function of an event. */
    this.refuses = () => false
    this.answer = (batch, { response }) => this.judge(batch, response)
  }
  async judge(batch, response) {
    if (batch.events.length === 0 || batch.lane !== 'messages') return { status: 200 }
    const here = new Set(batch.events.map(e => e.conversation?.id).filter(Boolean))
    const gone = () => this.onTheWay.delete(batch)
    response.once('close', gone)
    if (this.order !== 'parallel')
      for (const others of this.onTheWay.values())
        for (const c of here) if (others.has(c)) this.wrong.push(`two requests of ${c} at once`)
    this.onTheWay.set(batch, here)
    this.most = Math.max(this.most, this.onTheWay.size)
    await pause(this.takes)
    gone()
    if (batch.events.some(this.refuses)) return { status: 500, refuse: true }
    for (const event of batch.events) {
      if (this.first.has(event.sequence)) this.repeats++
      else this.first.set(event.sequence, event)
    }
    return { status: 200 }
  }
  messages() {
    return [...this.first.values()].filter(e => e.type === 'message')
  }
  /** Of each conversation the texts in the order in which they came first. */
  texts() {
    const out = new Map()
    for (const e of this.messages()) out.set(e.conversation.id, [...(out.get(e.conversation.id) ?? []), e.message.text])
    return out
  }
}

async function customers(world, count) {
  const out = []
  for (let i = 0; i < count; i++) out.push((await world.control('users', { name: `Customer ${i}` })).json.id)
  return out
}

/** `each` messages of every customer, in turn; numbered from `from` on. */
async function everybodySays(world, who, each, from = 1) {
  for (let n = from; n < from + each; n++) await Promise.all(who.map(user => say(world, { user, text: `n${n}` })))
}

async function restart(world, file) {
  const host = world.children.find(child => child.name === 'host')
  assert.equal(host.how, undefined, 'the host ended by itself')
  assert.equal((await host.kill('SIGKILL')).signal, 'SIGKILL')
  world.children = world.children.filter(child => child !== host)
  const next = world.start('host', program('trunkline'), ['--config', file])
  await next.started(async () => (await request(`${world.hostUrl}/readyz`)).status === 200)
}

const lane = async (world, name = 'portal/acme/messages') => JSON.parse(await world.trunkctl('--json', 'lanes')).find(row => row.name === name)
const contiguous = portal => {
  const all = [...portal.first.keys()].sort((a, b) => a - b)
  assert.deepEqual(all, all.map((_, i) => i + 1), 'every sequence came')
}

for (const order of ['keyed', 'parallel']) {
  test(`a ${order} lane delivers side by side, loses nothing over kills, and one stuck conversation holds back only itself`, withWorld(`modes-${order}`, async world => {
    const portal = await new WatchfulPortal(await world.license()).listen()
    try {
      portal.order = order
      await world.sim()
      const file = await world.hostConfig({ portalUrl: portal.url, lane: `order: ${order}\nstreams: 4\nbatch: {max_messages: 8}` })
      await world.host({ file })
      await world.webhookSet()
      const who = await customers(world, 12)
      assert.equal((await lane(world)).order, order)
      const stuck = String(who[3])
      portal.refuses = e => e.conversation?.id === stuck
      await everybodySays(world, who, 20)
      const others = () => portal.messages().filter(e => e.conversation.id !== stuck).length
      await until('all others', () => others() === 11 * 20, patience)
      assert.ok(portal.most > 1, `${portal.most} at once`)
      assert.equal((await lane(world)).depth, 20)

      for (let death = 1; death <= 3; death++) {
        const saying = everybodySays(world, who, 10, death * 10 + 11).catch(error => error)
        await pause(150 * death)
        await restart(world, file)
        assert.equal(await saying, undefined)
      }
      await until('all others again', () => others() === 11 * 50, patience)
      portal.refuses = () => false
      await until('everything', () => portal.messages().length === 12 * 50, patience)
      await until('the lane to be empty', async () => (await lane(world)).depth === 0, patience)
      contiguous(portal)
      assert.deepEqual(portal.wrong, [])
      const said = Array.from({ length: 50 }, (_, i) => `n${i + 1}`)
      for (const [conversation, texts] of portal.texts()) {
        assert.equal(texts.length, 50, conversation)
        if (order === 'keyed') assert.deepEqual(texts, said, conversation)
        else assert.deepEqual([...texts].sort(), [...said].sort(), conversation)
      }
      console.log(`${order}: ${portal.first.size} events, ${portal.repeats} repeats after three deaths, ${portal.most} requests at once`)
    } finally {
      await portal.close()
    }
  }))
}

test('what was accepted under one order is delivered in it, also when the configuration has another at the next start', withWorld('modes-change', async world => {
  const portal = await new WatchfulPortal(await world.license()).listen()
  try {
    portal.order = 'keyed'
    portal.refuses = e => e.type === 'message'
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url, lane: 'order: sequential\nbatch: {max_messages: 4}' })
    await world.host({ file })
    await world.webhookSet()
    const who = await customers(world, 8)
    await everybodySays(world, who, 5)
    await until('them to wait', async () => (await lane(world)).depth === 40, patience)
    writeFileSync(file, readFileSync(file, 'utf8').replace('order: sequential', 'order: keyed\n        streams: 4'), { mode: 0o600 })
    await restart(world, file)
    assert.equal((await lane(world)).order, 'sequential', 'as long as these wait')
    await everybodySays(world, who, 5, 6)
    portal.takes = 60
    portal.refuses = () => false
    await until('the first half', () => portal.first.size >= 41, patience)
    const before = [...portal.first.keys()].slice(0, 41)
    assert.deepEqual(before, before.map((_, i) => i + 1), 'one after the other')
    await until('everything', () => portal.messages().length === 80, patience)
    assert.ok(portal.most > 1, 'then side by side')
    assert.equal((await lane(world)).order, 'keyed')
    contiguous(portal)
    assert.deepEqual(portal.wrong, [])
    for (const texts of portal.texts().values()) assert.deepEqual(texts, Array.from({ length: 10 }, (_, i) => `n${i + 1}`))
  } finally {
    await portal.close()
  }
}))

for (const order of ['sequential', 'keyed', 'parallel']) {
  test(`best effort, ${order}: what a portal does not take is not sent again`, withWorld(`modes-effort-${order}`, async world => {
    const portal = await new WatchfulPortal(await world.license()).listen()
    const requests = []
    portal.answer = async batch => {
      if (batch.lane !== 'fast') return { status: 200 }
      requests.push(batch.events.map(e => [e.conversation.id, e.message.text]))
      const status = portal.down ? 503 : 200
      await pause(20)
      return { status }
    }
    try {
      await world.sim()
      const file = await world.hostConfig({ portalUrl: portal.url })
      const fast = `      - {name: fast, events: [message], order: ${order}, ${order === 'sequential' ? '' : 'streams: 3, '}delivery: best_effort, batch: {max_messages: 2}}\n`
      writeFileSync(file, readFileSync(file, 'utf8').replace('      - {name: presence', `${fast}      - {name: presence`), { mode: 0o600 })
      await world.host({ file })
      await world.webhookSet()
      const [vera] = await customers(world, 1)
      const seen = text => requests.flat().filter(([, t]) => t === text).length
      await say(world, { user: vera, text: 'one' })
      await until('the first', () => seen('one') === 1)
      portal.down = true
      await say(world, { user: vera, text: 'two' })
      await until('the second to be tried', () => seen('two') === 1)
      portal.down = false
      await say(world, { user: vera, text: 'three' })
      await until('the third', () => seen('three') === 1)
      assert.equal(seen('two'), 1)
      const row = await lane(world, 'portal/acme/fast')
      assert.deepEqual([row.order, row.delivery, row.depth], [order, 'best_effort', 0])
      await until('what was dropped to be counted', async () => /^trunkline_lanes_dropped_total [1-9]/m.test((await world.admin('/metrics')).text))
    } finally {
      await portal.close()
    }
  }))
}

test('commands: sequentially one is on its way, and with one try what fails is told of and not tried again', withWorld('modes-commands', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    writeFileSync(file, readFileSync(file, 'utf8').replace('    line: support\n', '    line: support\n    commands: {order: sequential, streams: 1, delivery: best_effort}\n'), { mode: 0o600 })
    await world.host({ file })
    await world.webhookSet()
    const who = await customers(world, 3)
    for (const user of who) await say(world, { user, text: 'hello' })
    await until('all to be heard', () => portal.of('message').length === 3)
    const row = await lane(world, 'account/acme-telegram')
    assert.deepEqual([row.order, row.delivery], ['sequential', 'best_effort'])
    const command = (n, user) => ({ id: `c${n}`, type: 'send', account: 'acme-telegram', conversation: String(user), message: { text: `answer ${n}` } })
    const status = id => portal.of('status').filter(s => s.command === id)
    await world.control('faults', { on: 'calls', method: 'sendMessage', action: '5xx', count: 1 })
    assert.equal((await portal.send(world.hostUrl, [1, 2, 3, 4, 5, 6].map(n => command(n, who[n % 3])))).status, 202)
    await until('all to end', () => [1, 2, 3, 4, 5, 6].every(n => status(`c${n}`).some(s => ['sent', 'failed', 'unknown'].includes(s.state))), patience)
    const ends = [1, 2, 3, 4, 5, 6].map(n => status(`c${n}`).find(s => s.state !== 'delayed').state)
    assert.equal(ends.filter(state => state !== 'sent').length, 1, JSON.stringify(ends))
    const sent = (await calls(world, 'sendMessage')).map(call => call.parameters.text)
    assert.deepEqual(sent, [1, 2, 3, 4, 5, 6].map(n => `answer ${n}`), 'each once, in the order of the commands')
  } finally {
    await portal.close()
  }
}))
