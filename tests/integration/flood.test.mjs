// Floods of answers: they leave at the pace the messenger allows, in their order, none lost and none twice, also when the host is
// killed with -9 in the middle; and whoever waits is told until when. TRUNKLINE_FLOOD says how many answers go to one chat, and as
// many again to a hundred others (500: about nine minutes), but to those never so few that they wait for the account's own limit less
// than is told.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { build, program, request, until, withWorld } from './harness.mjs'
import { calls, say } from './roundtrip_world.mjs'

const size = Number(process.env.TRUNKLINE_FLOOD ?? 20)
const others = Math.max(size, 240)
const patience = 60_000 + size * 3_000
const chats = 100

const sum = (text, name) => Number(new RegExp(`^${name}\\{account="[^"]+"\\} ([0-9.]+)`, 'm').exec(text)?.[1] ?? NaN)

/** Hands the commands to the host, as fast as it takes them. */
async function sendAll(world, portal, commands) {
  for (let at = 0; at < commands.length; at += 50) {
    const piece = commands.slice(at, at + 50)
    const answer = await until('the host to take commands', async () => {
      const tried = await portal.send(world.hostUrl, piece)
      return tried.status === 202 && tried
    }, patience)
    for (const result of answer.json.results) assert.equal(result.status, 'accepted', JSON.stringify(result))
  }
}

const command = (conversation, n, account = 'acme-telegram') => {
  const id = `${conversation}-${String(n).padStart(4, '0')}`
  return { id, type: 'send', account, conversation: String(conversation), message: { text: id } }
}

async function restart(world, file) {
  const host = world.children.find(child => child.name === 'host')
  assert.equal(host.how, undefined, 'the host ended by itself')
  assert.equal((await host.kill('SIGKILL')).signal, 'SIGKILL')
  world.children = world.children.filter(child => child !== host)
  const next = world.start('host', program('trunkline'), ['--config', file])
  await next.started(async () => (await request(`${world.hostUrl}/readyz`)).status === 200)
}

test(`${size} answers to one chat and ${others} to ${chats} others leave at the allowed pace, and survive two deaths of the host`, withWorld('flood', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url, portal: 'limits: {commands_per_second: 1000}' })
    await world.host({ file })
    await world.webhookSet()
    const one = (await world.control('users', { name: 'Vera' })).json.id
    await say(world, { user: one, text: 'hello' })
    const first = 6_000_000_000
    await world.control('flood', { users: chats, messages: 1, first_id: first })
    await until('every customer to be heard', () => portal.of('message').length === chats + 1)
    await world.control('rates', { on: true })

    const to = { one: [], many: [] }
    for (let n = 1; n <= size; n++) to.one.push(command(one, n))
    const each = Math.ceil(others / chats)
    for (let n = 1; n <= each; n++) for (let i = 0; i < chats && to.many.length < others; i++) to.many.push(command(first + i, n))
    const all = [...to.one, ...to.many]
    await sendAll(world, portal, all)

    // Long before its turn the last one's portal knows until when it will wait.
    const statuses = (id, state) => portal.of('status').filter(s => s.command === id && (state === undefined || s.state === state))
    const sent = async () => calls(world, 'sendMessage')
    if (size > 12) {
      const last = await until('the last one to be told of', () => statuses(to.one.at(-1).id, 'delayed')[0], patience)
      assert.ok((await sent()).length < all.length, 'it is told before, not afterwards')
      // One a second, and up to three at once.
      const waits = (Date.parse(last.until) - Date.parse(last.time)) / 1000
      assert.ok(waits <= size + 1, `${last.time} until ${last.until}`)
      const quota = JSON.parse(await world.trunkctl('--json', 'accounts', 'quota', 'acme-telegram'))
      const chat = quota.find(row => row.scope === 'chat' && row.conversation === String(one))
      assert.ok(chat && chat.room < chat.burst, JSON.stringify(quota))
      const metrics = (await world.admin('/metrics')).text
      assert.ok(sum(metrics, 'trunkline_account_waits_total') > 0)
      assert.ok(sum(metrics, 'trunkline_account_waiting') >= 0)
    }

    // It dies twice in the middle.
    for (const part of [3, 1.5]) {
      await until('a part to be sent', async () => (await sent()).filter(call => call.parameters?.chat_id == one).length >= size / part, patience)
      await restart(world, file)
    }
    const final = state => ['sent', 'failed', 'unknown'].includes(state)
    const ends = () => portal.of('status').filter(s => final(s.state))
    await until('every command to end', () => new Set(ends().map(s => s.command)).size === all.length, patience)

    // None lost, none twice; what was in flight at a death is said to be unknown.
    assert.equal(ends().length, all.length, 'each ends once')
    const ended = new Map(ends().map(s => [s.command, s.state]))
    assert.deepEqual(ends().filter(s => s.state === 'failed'), [])
    const unknown = all.filter(c => ended.get(c.id) === 'unknown')
    assert.ok(unknown.length <= 16, `${unknown.length} are unknown after two deaths with eight in flight at most`)
    const log = await sent()
    assert.deepEqual(log.filter(call => call.refused), [], 'nothing was too fast')
    const texts = log.map(call => call.parameters.text)
    assert.equal(new Set(texts).size, texts.length, 'nothing was sent twice')
    for (const c of all) if (ended.get(c.id) === 'sent') assert.ok(texts.includes(c.id), `${c.id} is sent`)

    // In each chat they came in the order of the commands.
    const byChat = new Map()
    for (const text of texts) {
      const chat = text.slice(0, text.lastIndexOf('-'))
      byChat.set(chat, [...(byChat.get(chat) ?? []), text])
    }
    for (const [chat, got] of byChat) assert.deepEqual(got, [...got].sort(), `the order in ${chat}`)

    // One `delayed` for each that had to wait for long, and none left before the time it was told.
    const at = new Map(log.map(call => [call.parameters.text, call.at]))
    const told = portal.of('status').filter(s => s.state === 'delayed')
    assert.equal(new Set(told.map(s => s.command)).size, told.length, 'each is told once')
    const late = to.one.slice(8)
    for (const c of late) assert.equal(statuses(c.id, 'delayed').length, 1, `${c.id} was told`)
    assert.ok(to.many.some(c => statuses(c.id, 'delayed').length === 1), 'who waits for others is told too')
    const order = portal.of('status')
    for (const s of told) {
      assert.ok(s.until, JSON.stringify(s))
      if (at.has(s.command)) assert.ok(at.get(s.command) >= Date.parse(s.until) - 1000, `${s.command} left before ${s.until}`)
      assert.ok(order.indexOf(s) < order.findIndex(o => o.command === s.command && final(o.state)), 'told before it ended')
    }
    const span = log.length ? (log.at(-1).at - log[0].at) / 1000 : 0
    console.log(`flood: size=${size}+${others} sent=${texts.length} unknown=${unknown.length} delayed=${told.length} seconds=${span.toFixed(1)} per_second=${(texts.length / span).toFixed(1)}`)
  } finally {
    await portal.close()
  }
}))

/** A messenger of two calls: it remembers what it was sent. */
async function counter() {
  const got = []
  const server = createServer(async (incoming, response) => {
    const pieces = []
    for await (const piece of incoming) pieces.push(piece)
    got.push(JSON.parse(Buffer.concat(pieces)).message.text)
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id: String(got.length) }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { got, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

for (const isolation of ['in_process', 'process']) {
  test(`what is spent of an hour's quota is spent also after kill -9 (isolation ${isolation})`, withWorld('spent', async world => {
    const portal = await new ForeignPortal(await world.license()).listen()
    const messenger = await counter()
    try {
      await world.sim()
      world.plugins = path.join(world.dir, 'plugins')
      mkdirSync(world.plugins)
      copyFileSync(path.join(build, 'test-connectors/thrifty.so'), path.join(world.plugins, 'thrifty.so'))
      copyFileSync(path.join(build, 'plugins/telegram.so'), path.join(world.plugins, 'telegram.so'))
      const file = await world.hostConfig({ portalUrl: portal.url, top: `connectors: {thrifty: {isolation: ${isolation}}}` })
      appendFileSync(file, `  - {id: shop, connector: thrifty, portal: acme, settings: {base_url: "${messenger.url}"}}\n`)
      await world.host({ file })
      for (const chat of ['a', 'b', 'c', 'd', 'e']) {
        await until('the customer to be heard', async () => (await request(`${world.hostUrl}/hooks/shop`, { method: 'POST', json: { chat, id: `in-${chat}`, text: 'hello' } })).status === 200)
      }
      const counted = n => ({ ...command(['a', 'b', 'c', 'd', 'e'][n], n, 'shop'), message: { text: `counted ${n}` } })
      await sendAll(world, portal, [0, 1, 2, 3, 4].map(counted))
      const late = () => portal.of('status').filter(s => s.state === 'delayed')
      await until('three to leave and two to be told', () => messenger.got.length === 3 && late().length === 2)
      // The messenger gives back one in twenty minutes, and of two that wait each has its turn.
      const waits = late().map(s => (Date.parse(s.until) - Date.parse(s.time)) / 60_000).sort((a, b) => a - b)
      assert.ok(waits[0] > 18 && waits[0] <= 20.1 && waits[1] > 38 && waits[1] <= 40.1, JSON.stringify(waits))
      const quota = async () => JSON.parse(await world.trunkctl('--json', 'accounts', 'quota', 'shop')).find(row => row.bucket === 'sends')
      assert.ok((await quota()).room < 1)
      assert.equal((await quota()).waiting, 2)

      for (let deaths = 1; deaths <= 2; deaths++) {
        await restart(world, file)
        await until('both to stand in line again', async () => (await quota()).waiting === 2)
        assert.ok((await quota()).room < 1, JSON.stringify(await quota()))
        assert.ok(Date.parse((await quota()).next) > Date.now() + 15 * 60_000)
        assert.equal(messenger.got.length, 3, 'nothing more left')
      }
      assert.equal(late().length, 2, 'nobody is told again')

      // What names no bucket is not held up, behind it in other conversations.
      const free = ['a', 'b', 'c', 'd', 'e'].find(chat => !late().some(s => s.conversation.id === chat))
      await sendAll(world, portal, [{ ...command(free, 9, 'shop'), message: { text: 'free' } }])
      await until('the free one', () => messenger.got.includes('free'))
      assert.equal(messenger.got.length, 4)
    } finally {
      messenger.close()
      await portal.close()
    }
  }))
}
