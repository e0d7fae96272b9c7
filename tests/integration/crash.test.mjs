// Programs that are killed with -9 at moments they have no say in: what was acknowledged arrives once and in order, and no
// customer is answered twice. TRUNKLINE_KILLS says how often the host dies, TRUNKLINE_SEED repeats a run's choices.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { contiguous, isFinal, judgeInbound, judgeOutbound } from './crash_judges.mjs'
import { ForeignPortal } from './foreign_portal.mjs'
import { freePort, program, request, until, withWorld } from './harness.mjs'

const kills = Number(process.env.TRUNKLINE_KILLS ?? 50)
const seed = Number(process.env.TRUNKLINE_SEED ?? randomInt(2 ** 31))
const patience = 60_000
const pause = ms => new Promise(done => setTimeout(done, ms))

/** mulberry32: a small generator whose whole state is its seed. */
function generator(state) {
  return (below, from = 0) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return from + Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (below - from))
  }
}

const ready = async world => (await request(`${world.hostUrl}/readyz`)).status === 200

/** The host, killed again and again and always started anew. */
class Mortal {
  constructor(world, file, random) {
    Object.assign(this, { world, file, random, deaths: 0, unready: 0 })
    this.start()
  }
  start() {
    this.child = this.world.start('host', program('trunkline'), ['--config', this.file])
  }
  up() {
    return this.child.started(() => ready(this.world))
  }
  async kill() {
    assert.equal(this.child.how, undefined, 'the host ended before it was killed')
    const how = await this.child.kill('SIGKILL')
    assert.equal(how.signal, 'SIGKILL', `${JSON.stringify(how)}\n${this.child.text().slice(-2000)}`)
    this.world.children = this.world.children.filter(child => child !== this.child)
    this.deaths++
  }
  /** Dies `times` times, one time in five before it was ready. */
  async die(times, longest = 650) {
    for (let i = 0; i < times; i++) {
      if (this.random(5) > 0) {
        await this.up()
        await pause(this.random(longest, 20))
      } else {
        this.unready++
        await pause(this.random(150))
      }
      await this.kill()
      this.start()
    }
    await this.up()
  }
}

/** Every webhook the simulated messenger tried: {update_id, queue, status, update}. */
function webhooks(world) {
  const lines = readFileSync(world.simLog, 'utf8').split('\n').filter(Boolean)
  return lines.map(line => JSON.parse(line)).filter(entry => entry.kind === 'webhook')
}

/** All that was said has been acknowledged, and the portal has as many messages. */
const drained = (world, said) =>
  until(`all ${said} messages at the portal`, async () => (await world.events()).filter(e => e.event.type === 'message').length >= said, patience)
const acknowledgedAll = (world, said) =>
  until('the messenger to have nothing left', async () => {
    const info = await request(`${world.simUrl}/bot${world.token}/getWebhookInfo`)
    return info.json?.result?.pending_update_count === 0 && said() > 0
  }, patience)

/** Forty customers who go on talking until they are stopped. */
class Flood {
  constructor(world, { users = 40, rate = 400 } = {}) {
    Object.assign(this, { world, users, rate, said: 0, going: true })
    this.ended = this.run()
    this.ended.catch(() => {}) // looked at when it is stopped
  }
  async run() {
    for (let round = 0; this.going; round++) {
      const messages = Math.max(1, Math.round(this.rate / this.users))
      const answer = await this.world.control('flood', { users: this.users, messages, rate: this.rate, prefix: `round ${round},` })
      assert.equal(answer.status, 202, answer.text)
      this.said += answer.json.messages
      await pause(1000)
    }
  }
  stop() {
    this.going = false
    return this.ended
  }
}

test(`nothing acknowledged is lost, repeated or reordered while the host is killed ${kills} times`, withWorld('crash-in', async world => {
  const random = generator(seed)
  await world.sim()
  let portal = await world.portal()
  const host = new Mortal(world, await world.hostConfig(), random)
  await host.up()
  await world.webhookSet()
  const flood = new Flood(world)
  let over = false
  let portalDeaths = 0
  const portalDies = (async () => {
    while (!over) {
      await pause(random(4000, 500))
      await portal.kill('SIGKILL')
      portalDeaths++
      world.children = world.children.filter(child => child !== portal)
      await pause(random(1500))
      portal = await world.portal()
    }
  })()
  portalDies.catch(() => {}) // looked at when the killing is over
  try {
    await host.die(kills)
  } finally {
    over = true
    await Promise.allSettled([portalDies, flood.stop()])
  }
  await portalDies
  await flood.ended
  await acknowledgedAll(world, () => flood.said)
  await drained(world, flood.said)

  const figures = judgeInbound(webhooks(world), await world.events())
  assert.equal(figures.acknowledged, flood.said)
  const repeats = [...portal.text().matchAll(/wire\.kept .*repeats=(\d+)/g)].reduce((sum, found) => sum + Number(found[1]), 0)
  console.log(`inbound: seed=${seed} kills=${host.deaths} unready=${host.unready} portal_kills=${portalDeaths} said=${flood.said} acknowledged=${figures.acknowledged} tries=${figures.tries} delivered=${figures.delivered} events=${figures.events} repeats_at_portal=${repeats}`)
}))

test('what came while the portal had never been up is all there afterwards', withWorld('crash-down', async world => {
  const random = generator(seed + 1)
  const times = Math.min(kills, 8)
  await world.sim()
  world.portalPort = await freePort()
  world.portalUrl = `http://127.0.0.1:${world.portalPort}`
  const host = new Mortal(world, await world.hostConfig(), random)
  await host.up()
  await world.webhookSet()
  const flood = new Flood(world)
  try {
    await host.die(times)
  } finally {
    await flood.stop()
  }
  await acknowledgedAll(world, () => flood.said)
  await world.portal()
  await drained(world, flood.said)
  const figures = judgeInbound(webhooks(world), await world.events())
  assert.equal(figures.acknowledged, flood.said)
  console.log(`portal down: seed=${seed} kills=${host.deaths} said=${flood.said} acknowledged=${figures.acknowledged} tries=${figures.tries} delivered=${figures.delivered}`)
}))

/** No word of it is in any other answer; one in eight is too long for one message. */
function answerText(operator, number, random) {
  const count = random(8) === 0 ? random(900, 500) : 2
  return Array.from({ length: count }, (_, i) => `${operator}:${number}/${i}`).join(' ')
}

/** Makes some of the messenger's next calls go wrong, in every way that a call can. */
async function trouble(world, random, method = 'sendmessage') {
  const kinds = [
    { action: 'drop_after' }, { action: 'drop_after' }, { action: 'drop_before' }, { action: 'delay', delay_ms: random(600, 50) }, { action: 'html502' },
    { action: 'error', code: 400, description: 'Bad Request: made up' },
    { action: 'error', code: 429, description: 'Too Many Requests: retry after 1', parameters: { retry_after: 1 } },
  ]
  return world.control('faults', { method, skip: random(6), count: 1, ...kinds[random(kinds.length)] })
}

test(`no customer is answered twice while the host is killed ${kills} times`, withWorld('crash-out', async world => {
  const random = generator(seed + 2)
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url, portal: 'limits: {commands_per_second: 10000, events_per_second: 10000}' })
    const host = new Mortal(world, file, random)
    await host.up()
    await world.webhookSet()
    const users = []
    for (let i = 0; i < 12; i++) {
      users.push((await world.control('users', { name: `Customer ${i}` })).json.id)
      await world.control('say', { user: users[i], text: 'hello' })
    }
    await until('the customers to be known', () => portal.of('message').length === users.length)

    const sent = [] // {id, user, text}
    let retries = 0
    let over = false // no new commands
    let failed = false // the host stays down, so nobody waits for its answers
    /** One request, repeated with the same commands until the host has answered for them. */
    const insist = async commands => {
      for (;;) {
        assert.ok(!failed, 'the host is gone')
        const answer = await portal.send(world.hostUrl, commands).catch(() => ({ status: 0 }))
        if (answer.status === 202) return answer.json.results
        assert.ok([0, 503].includes(answer.status), `${answer.status} ${answer.text}`)
        retries++
        await pause(random(60, 10))
      }
    }
    const operator = async (user, number) => {
      let made = 0
      while (!over) {
        const commands = Array.from({ length: random(2, 1) }, () => {
          const text = answerText(number, ++made, random)
          return { id: `${user}-${made}`, type: 'send', account: 'acme-telegram', conversation: String(user), message: { text } }
        })
        // Sometimes the same request is under way twice, as when a portal has given up waiting for the first.
        if (random(5) === 0) void portal.send(world.hostUrl, commands).catch(() => {})
        const results = await insist(commands)
        assert.deepEqual(results, commands.map(({ id }) => ({ id, status: 'accepted' })))
        sent.push(...commands.map(c => ({ id: c.id, user, text: c.message.text })))
        if (random(4) === 0) assert.deepEqual(await insist(commands), results, 'the same again is answered alike')
        await pause(random(3000, 400)) // about as much as Telegram takes in one chat
      }
    }
    const operators = users.map(operator)
    for (const one of operators) one.catch(() => {}) // looked at when the killing is over
    const troubles = (async () => {
      while (!over) {
        await trouble(world, random)
        await pause(random(500, 100))
      }
    })()
    try {
      await host.die(kills)
    } catch (error) {
      failed = true
      throw error
    } finally {
      over = true
    }
    const died = Date.now()
    await Promise.all([...operators, troubles])

    const ended = () => new Set(portal.of('status').filter(isFinal).map(s => s.command)).size
    await until('every command to have ended', () => ended() >= sent.length, patience)
    contiguous(portal.events.map(e => e.sequence), 'lane')
    const chats = new Map()
    for (const user of users) chats.set(user, (await world.chat(user)).filter(m => m.from.is_bot).map(m => m.text))
    const counts = judgeOutbound(sent, portal.of('status'), chats)
    assert.ok(counts.sent > sent.length / 2, `most are sent: ${JSON.stringify(counts)}`)
    console.log(`outbound: seed=${seed} kills=${host.deaths} unready=${host.unready} commands=${sent.length} ${Object.entries(counts).map(([k, v]) => `${k}=${v}`).join(' ')} portal_retries=${retries} drained_ms=${Date.now() - died}`)
  } finally {
    await portal.close()
  }
}))

/** Each of these must be found, or the tests above prove nothing. */
test('the judges find what is lost, repeated and reordered', () => {
  const told = n => ({ update_id: n, status: 200, update: { message: { message_id: n, text: `t${n}`, chat: { id: 7 } } } })
  const row = (n, place = n) => ({ epoch: 1, sequence: place, event: { id: `e${place}`, type: 'message', conversation_sequence: place, conversation: { id: '7' }, message: { id: String(n), text: `t${n}` } } })
  const tries = [1, 2, 3].map(told)
  assert.equal(judgeInbound([{ ...told(2), status: 0 }, ...tries], [row(1), row(2), row(3)]).delivered, 3)
  for (const [what, events] of Object.entries({
    'the last is lost': [row(1), row(2)], 'one is lost': [row(1), row(3, 2)], 'one is twice': [row(1), row(2), row(2, 3), row(3, 4)], 'two changed places': [row(2, 1), row(1, 2), row(3)],
    'a number is left out': [row(1), row(2), row(3, 4)], 'a number repeats': [row(1), row(2), row(3, 2)], 'nothing came': [],
  })) assert.throws(() => judgeInbound(tries, events), assert.AssertionError, what)
  assert.throws(() => judgeInbound([...tries, { ...told(4), status: 500 }], [row(1), row(2), row(3)]), 'a refusal')

  const commands = ['a', 'b', 'c', 'd'].map(id => ({ id, user: 7, text: `${id}/0 ${id}/1` }))
  const end = (command, state, more) => ({ command, state, ...more })
  const ends = [end('a', 'sent'), end('b', 'failed'), end('c', 'unknown'), end('d', 'delayed'), end('d', 'sent')]
  const judge = (statuses, texts) => judgeOutbound(commands, statuses, new Map([[7, texts]]))
  assert.deepEqual(judge(ends, ['a/0 a/1', 'd/0', 'd/1']), { sent: 2, failed: 1, unknown: 1, unknown_seen: 0, split: 0 })
  assert.equal(judge(ends, ['a/0 a/1', 'c/0 c/1', 'd/0 d/1']).unknown_seen, 1)
  for (const [what, texts] of Object.entries({
    'an answer is twice': ['a/0 a/1', 'a/0 a/1', 'd/0 d/1'], 'an unknown one is twice': ['a/0 a/1', 'c/0 c/1', 'c/0 c/1', 'd/0 d/1'], 'a part is twice': ['a/0 a/1', 'd/0', 'd/0', 'd/1'],
    'a sent one is missing': ['a/0 a/1'], 'a part is missing': ['a/0', 'd/0 d/1'], 'a failed one is there': ['a/0 a/1', 'b/0 b/1', 'd/0 d/1'], 'two changed places': ['d/0 d/1', 'a/0 a/1'], 'nobody wrote that': ['a/0 a/1', 'x', 'd/0 d/1'],
  })) assert.throws(() => judge(ends, texts), assert.AssertionError, what)
  assert.throws(() => judge(ends.slice(0, 4), ['a/0 a/1', 'd/0 d/1']), 'one never ended')
  assert.throws(() => judge([...ends, end('a', 'unknown')], ['a/0 a/1', 'd/0 d/1']), 'one ended twice')
})
