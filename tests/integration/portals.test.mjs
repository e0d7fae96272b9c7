// Portals that are made, changed and removed while the host runs: two hundred at once, over a killed host, with messages on
// their way; and everything that is refused, with its code.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { derive, ForeignPortal } from './foreign_portal.mjs'
import { program, request, until, withWorld } from './harness.mjs'
import { assertNotOnDisk, hook, update } from './hostile.mjs'

const patience = 60_000
const license = () => `tlk_${randomBytes(32).toString('base64url')}`
const call = (world, method, what, json) =>
  request(`${world.adminUrl}/v1/${what}`, { method, headers: { Authorization: `Bearer ${world.adminToken}` }, ...(json === undefined ? {} : { json }) })
const sent = (world, method, what, body) =>
  request(`${world.adminUrl}/v1/${what}`, { method, body, headers: { Authorization: `Bearer ${world.adminToken}`, 'Content-Type': 'application/json' } })
const quick = { retry: { first: '50ms', max: '400ms' }, timeout: '3s' }
const lanes = (more = {}) => [{ name: 'messages', ...quick, ...more }, { name: 'presence', events: ['typing', 'presence'], order: 'keyed', delivery: 'best_effort' }]

async function all(world, list) {
  const out = []
  for (let after = ''; ; ) {
    const { json } = await world.admin(`/v1/${list}?limit=150&after=${encodeURIComponent(after)}`)
    out.push(...json.items)
    if (json.next === undefined) return out
    after = json.next
  }
}
const row = async (world, list, name) => (await all(world, list)).find(each => (each.id ?? each.name) === name)
const depth = async (world, lane) => (await row(world, 'lanes', lane))?.depth

/** One that also takes what is signed and not sealed. */
class OpenPortal extends ForeignPortal {
  async open(headers, body) {
    if (headers['content-type'] !== 'application/json') return super.open(headers, body)
    return { batch: this.keys.verify.verify(body, headers) }
  }
}

/** Many portals behind one port, each below its own path: so many ports would get into other tests' way. */
class Street {
  constructor() {
    this.portals = new Map()
    this.server = http.createServer((request, response) => this.portals.get(request.url.slice(1))?.receive(request, response) ?? response.writeHead(404).end())
  }
  async listen() {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }
  house(portal) {
    portal.url = `${this.url}/${portal.id}`
    this.portals.set(portal.id, portal)
    return portal
  }
  async close() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}

/** Made live, and listened to. */
async function make(world, id, more = {}, street) {
  const portal = street ? street.house(new OpenPortal(license(), id)) : await new OpenPortal(license(), id).listen()
  portal.license = license()
  portal.keys = derive(portal.license)
  const made = await call(world, 'POST', 'portals', { id, url: portal.url, license_key: portal.license, lanes: lanes(), ...more })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(made.json, { status: 'done', id })
  return portal
}

async function attach(world, portal, id = `${portal.id}-telegram`) {
  const made = await call(world, 'POST', 'accounts', { id, connector: 'telegram', portal: portal.id, line: 'support', settings: { token: world.token, secret: world.secret, api_base: world.simUrl } })
  assert.equal(made.status, 200, made.text)
  return id
}

/** A customer of the account says something. */
const from = user => ({ chat: { id: user, type: 'private', first_name: 'Ann' }, from: { id: user, is_bot: false, first_name: 'Ann', language_code: 'en' } })
async function hears(world, account, number, text, user = 5012345) {
  const answer = await hook(world, update(number, text, from(user)), { account })
  assert.equal(answer.status, 200, answer.text)
}
const texts = portal => portal.of('message').map(e => e.message.text)
const inOrder = portal => {
  const of = new Map()
  for (const e of portal.events) of.set(e.lane, [...(of.get(e.lane) ?? []), e.sequence])
  for (const [lane, all] of of) assert.deepEqual(all, [...all].sort((a, b) => a - b), `${portal.id}/${lane}`)
}

/** A host with what the configuration has, and a simulated Telegram. */
async function begun(world, run) {
  const acme = await new ForeignPortal(await world.license()).listen()
  const open = [acme]
  const kept = portal => (open.push(portal), portal)
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: acme.url })
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.slice(0, text.indexOf('accounts:')), { mode: 0o600 })
    await world.host({ file })
    await run({ file, acme, kept })
  } finally {
    await Promise.all(open.map(portal => portal.close()))
  }
}

async function reborn(world, file) {
  const host = world.children.find(child => child.name === 'host')
  assert.equal(host.how, undefined, 'the host ended by itself')
  assert.equal((await host.kill('SIGKILL')).signal, 'SIGKILL')
  world.children = world.children.filter(child => child !== host)
  return world.host({ file })
}

test('two hundred portals are made live, work at once, and are there after a kill', withWorld('portals-many', world => begun(world, async ({ file, acme, kept }) => {
  const ids = Array.from({ length: 200 }, (_, i) => `p${String(i).padStart(3, '0')}`)
  const portals = []
  const street = kept(await new Street().listen())
  for (let i = 0; i < ids.length; i += 20) portals.push(...(await Promise.all(ids.slice(i, i + 20).map(id => make(world, id, {}, street)))))
  await until('each to be opened', () => portals.every(portal => portal.batches.some(batch => batch.events.length === 0)), patience)
  const rows = new Map((await all(world, 'portals')).map(each => [each.id, each]))
  assert.equal(rows.size, 201)
  for (const id of ids) assert.equal(rows.get(id).owner, 'store')
  assert.match(rows.get('acme').owner, /trunkline\.yaml:\d+$/)
  assert.equal((await world.admin('/v1/status')).json.portals, 201)

  const accounts = []
  for (const portal of portals) accounts.push(await attach(world, portal))
  await Promise.all(accounts.map(account => hears(world, account, 1, `one for ${account}`)))
  await until('the first of each', () => portals.every(portal => texts(portal).length === 1), patience)

  await reborn(world, file)
  assert.equal((await all(world, 'portals')).length, 201)
  assert.equal((await all(world, 'accounts')).length, 200)
  await Promise.all(accounts.map(account => hears(world, account, 2, `two for ${account}`)))
  await until('the second of each', () => portals.every(portal => texts(portal).length === 2), patience)
  for (const [i, portal] of portals.entries()) {
    assert.deepEqual(texts(portal), [`one for ${accounts[i]}`, `two for ${accounts[i]}`])
    assert.equal(portal.broken, undefined)
    inOrder(portal)
    assert.equal(portal.batches.filter(batch => batch.events.length === 0).length, 1, 'what was opened is not asked again')
  }
  assert.deepEqual(acme.events, [])

  // Commands go the other way.
  const answered = await portals[7].send(world.hostUrl, [{ id: 'c-1', type: 'accounts' }])
  assert.deepEqual(answered.json.results[0].accounts.map(each => each.account), [accounts[7]])

  const places = { audit: (await world.admin('/v1/audit?limit=1000')).text, portals: (await world.admin('/v1/portals?limit=1000')).text, log: world.children.find(child => child.name === 'host').text() }
  for (const [place, text] of Object.entries(places)) for (const portal of portals) assert.ok(!text.includes(portal.license.slice(4)), `a key is in ${place}`)
  assertNotOnDisk(world, portals.slice(0, 3).map(portal => portal.license.slice(4)))

  // Away again, one by one.
  assert.equal((await call(world, 'DELETE', `portals/${ids[0]}`)).json.code, 'portal_has_accounts')
  await Promise.all(accounts.slice(0, 20).map(async (account, i) => {
    const gone = await call(world, 'DELETE', `accounts/${account}`)
    assert.equal(gone.status, 200, gone.text)
    await until('what it had to tell', async () => (await depth(world, `portal/${ids[i]}/messages`)) === 0, patience)
    const removed = await call(world, 'DELETE', `portals/${ids[i]}`)
    assert.deepEqual([removed.status, removed.json], [200, { status: 'done' }], removed.text)
    assert.equal((await call(world, 'DELETE', `portals/${ids[i]}`)).status, 404)
    assert.equal((await portals[i].send(world.hostUrl, [{ id: 'c-2', type: 'accounts' }])).status, 401)
  }))
  await reborn(world, file)
  assert.deepEqual((await all(world, 'portals')).map(each => each.id), ['acme', ...ids.slice(20)])
})))

test('order, url, limits and lanes change while messages flow; nothing is lost and nothing overtakes', withWorld('portals-change', world => begun(world, async ({ file, kept }) => {
  const portal = kept(await make(world, 'shop'))
  const other = await new OpenPortal(portal.license, 'shop').listen()
  kept(other)
  // Both are one portal that moves: what it was told, wherever.
  const told = []
  for (const place of [portal, other]) {
    place.answer = batch => {
      told.push(...batch.events.map(e => ({ ...e, lane: batch.lane })))
      return { status: 200 }
    }
  }
  const account = await attach(world, portal)
  const users = [101, 102, 103, 104]
  let number = 0
  let saying = true
  const said = new Map(users.map(user => [user, []]))
  const talk = (async () => {
    while (saying) {
      await Promise.all(users.map(async user => {
        const text = `n${said.get(user).length + 1}`
        said.get(user).push(text)
        await hears(world, account, ++number, text, user)
      }))
    }
  })()
  const patch = async (json, method = 'PATCH') => {
    const before = number
    const changed = await call(world, method, 'portals/shop', json)
    assert.deepEqual([changed.status, changed.json], [200, { status: 'done', id: 'shop' }], changed.text)
    await until('more to be said', () => number >= before + 40, patience)
  }
  await patch({ lanes: lanes({ order: 'keyed', streams: 4 }) })
  await patch({ url: other.url })
  await patch({ lanes: lanes({ order: 'sequential' }), limits: { waiting_bytes: '64MiB' } })
  await patch({ lanes: lanes({ order: 'keyed', streams: 2, batch: { max_messages: 3 }, retention: '2h', timeout: '4s' }), encrypt: false })
  const lane = await row(world, 'lanes', 'portal/shop/messages')
  assert.deepEqual([lane.delivery, lane.state === 'paused'], ['guaranteed', false])
  await patch({ encrypt: true, warn_url: 'http://127.0.0.1:9/told', accept_html: true, allow_private: true })
  // Another lane takes the messages, and what the former one still has is delivered.
  await patch({ lanes: [{ name: 'talk', ...quick }, { name: 'status', events: ['status', 'notice'], ...quick }] })
  await patch({ lanes: lanes() })
  await patch({ url: portal.url, lanes: lanes({ order: 'sequential' }) }, 'PUT')
  saying = false
  assert.equal(await talk, undefined)
  const total = [...said.values()].reduce((sum, each) => sum + each.length, 0)
  const messages = () => new Map(told.filter(e => e.type === 'message').map(e => [`${e.lane} ${e.sequence}`, e]))
  await until('everything', () => messages().size === total, patience)
  assert.equal(portal.broken ?? other.broken, undefined)
  assert.ok(portal.batches.length > 1 && other.batches.length > 1)
  for (const user of users) {
    // Each once, and within one lane in the order in which it was said.
    const heard = [...messages().values()].filter(e => e.conversation.id === String(user))
    assert.deepEqual(heard.map(e => e.message.text).sort(), [...said.get(user)].sort())
    for (const name of ['messages', 'talk']) {
      const numbers = heard.filter(e => e.lane === name).map(e => Number(e.message.text.slice(1)))
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), `${user} in ${name}`)
    }
  }
  assert.match(world.children.find(child => child.name === 'host').text(), /lane\.draining lane=portal\/shop\/talk/)
  const audit = (await world.admin('/v1/audit?limit=1000')).json.items.filter(each => each.did.includes('portals'))
  assert.deepEqual(audit.map(each => each.did).sort(), ['/portals', ...Array(7).fill('PATCH /portals/shop'), 'PUT /portals/shop'])
  assert.ok(audit.every(each => each.who === 'admin'))

  await reborn(world, file)
  assert.equal((await row(world, 'portals', 'shop')).url, portal.url)
  await hears(world, account, ++number, 'after the kill')
  await until('that', () => told.some(e => e.message?.text === 'after the kill'), patience)
})))

test('a new url is asked first, and what waits goes there once it is open', withWorld('portals-url', world => begun(world, async ({ kept, file }) => {
  const portal = kept(await make(world, 'shop'))
  const other = kept(await new OpenPortal(portal.license, 'shop').listen())
  const account = await attach(world, portal)
  await hears(world, account, 1, 'at the first')
  await until('it', () => texts(portal).length === 1)
  other.answer = () => ({ status: 503 })
  assert.equal((await call(world, 'PATCH', 'portals/shop', { url: other.url })).status, 200)
  await until('a knock', () => other.requests > 0)
  await hears(world, account, 2, 'waits')
  assert.equal((await row(world, 'portals', 'shop')).state, 'opening')
  // A lane that is made meanwhile waits, too.
  assert.equal((await call(world, 'PATCH', 'portals/shop', { lanes: [{ name: 'messages', ...quick, events: ['message'] }, { name: 'rest', ...quick }] })).status, 200)
  assert.equal((await row(world, 'lanes', 'portal/shop/rest')).paused_reason, 'opening')
  await reborn(world, file)
  assert.equal((await row(world, 'lanes', 'portal/shop/rest')).paused_reason, 'opening')
  other.answer = () => ({ status: 200 })
  await until('what waited', () => texts(other).includes('waits'), patience)
  assert.equal(other.batches[0].events.length, 0, 'the empty batch comes first')
  assert.deepEqual(texts(portal), ['at the first'])
  await until('all of it to be open', async () => (await all(world, 'lanes')).every(each => each.paused_reason === ''))
  // Back to one that was never closed here: asked again, and open.
  assert.equal((await call(world, 'PATCH', 'portals/shop', { url: portal.url })).status, 200)
  await hears(world, account, 3, 'back')
  await until('it', () => texts(portal).includes('back'), patience)
})))

test('another delivery of a lane, another key, and limits hold at once', withWorld('portals-delivery', world => begun(world, async ({ kept }) => {
  const portal = kept(await make(world, 'shop'))
  const account = await attach(world, portal)
  await until('it to be opened', () => portal.batches.length > 0)
  const fast = delivery => [...lanes(), { name: 'fast', events: ['message'], delivery, ...quick }]
  for (const [i, delivery] of ['best_effort', 'guaranteed'].entries()) {
    const changed = await call(world, 'PATCH', 'portals/shop', { lanes: fast(delivery) })
    assert.equal(changed.status, 200, changed.text)
    await hears(world, account, i + 1, `${i} ${delivery}`)
    await until('it', () => texts(portal).includes(`${i} ${delivery}`), patience)
    assert.equal(portal.of('message').at(-1).lane, 'fast')
    const names = new Map((await all(world, 'lanes')).map(each => [each.name, each.delivery]))
    assert.equal(names.get('portal/shop/fast'), delivery)
  }
  // Its epoch is lower than that of a lane in memory would be, which the portal would never get over.
  const back = await call(world, 'PATCH', 'portals/shop', { encrypt: false, lanes: fast('best_effort') })
  assert.deepEqual([back.status, back.json.code], [409, 'conflict'], back.text)
  assert.match(back.json.detail, /^lanes\[2\]\.delivery: lane fast is, or was, guaranteed and cannot become best_effort/)
  assert.equal((await row(world, 'portals', 'shop')).encrypt, true, 'nothing of it is done')
  // One in memory that comes back begins anew, and is heard.
  const slow = { name: 'slow', events: ['message'], delivery: 'best_effort', ...quick }
  for (const n of [3, 4]) {
    assert.equal((await call(world, 'PATCH', 'portals/shop', { lanes: [...lanes(), slow] })).status, 200)
    await hears(world, account, n, `slow ${n}`)
    await until('it', () => portal.of('message').some(e => e.lane === 'slow' && e.message.text === `slow ${n}`), patience)
    assert.equal((await call(world, 'PATCH', 'portals/shop', { lanes: fast('guaranteed') })).status, 200)
    assert.equal(await row(world, 'lanes', 'portal/shop/slow'), undefined)
  }
  const key = license()
  portal.answer = () => ({ status: 503 })
  await hears(world, account, 10, 'under another key')
  await until('it waits', async () => (await depth(world, 'portal/shop/fast')) === 1)
  portal.keys = derive(key)
  assert.equal((await call(world, 'PATCH', 'portals/shop', { license_key: key })).status, 200)
  portal.answer = () => ({ status: 200 })
  await until('it', () => texts(portal).includes('under another key'), patience)
  assert.equal((await portal.send(world.hostUrl, [{ id: 'c-1', type: 'accounts' }])).status, 202)
  assert.equal((await portal.send(world.hostUrl, [{ id: 'c-2', type: 'accounts' }], { keys: derive(portal.license) })).status, 401)
  assert.equal((await call(world, 'PATCH', 'portals/shop', { limits: { events_per_second: 1 } })).status, 200)
  const flood = await Promise.all(Array.from({ length: 20 }, (_, i) => hook(world, update(100 + i, `flood ${i}`), { account })))
  assert.ok(flood.some(answer => answer.status === 503), 'some are to come again')
  assert.equal((await call(world, 'PATCH', 'portals/shop', { limits: null })).status, 200)
  const calm = await Promise.all(Array.from({ length: 20 }, (_, i) => hook(world, update(200 + i, `calm ${i}`), { account })))
  assert.ok(calm.every(answer => answer.status === 200))
})))

test('what waits is not given up unless it is said so; a portal of the same name begins anew', withWorld('portals-remove', world => begun(world, async ({ file, kept }) => {
  const portal = kept(await make(world, 'shop', { lanes: lanes({ order: 'keyed', streams: 2 }) }))
  const account = await attach(world, portal)
  await until('it to be opened', () => portal.batches.length > 0)
  portal.answer = () => ({ status: 503 })
  for (let i = 1; i <= 5; i++) await hears(world, account, i, `lost ${i}`)
  assert.equal((await call(world, 'DELETE', 'portals/shop?discard=true')).json.code, 'portal_has_accounts')
  assert.equal((await call(world, 'DELETE', `accounts/${account}`)).status, 200)
  const refused = await call(world, 'DELETE', 'portals/shop')
  assert.deepEqual([refused.status, refused.json.code], [409, 'portal_has_events'])
  assert.equal((await call(world, 'DELETE', 'portals/shop?discard=perhaps')).status, 400)
  assert.ok((await depth(world, 'portal/shop/messages')) >= 5)
  const removed = await call(world, 'DELETE', 'portals/shop?discard=true')
  assert.equal(removed.status, 200, removed.text)
  assert.equal((await all(world, 'lanes')).some(each => each.name.startsWith('portal/shop/')), false)
  assert.ok((await world.admin('/v1/audit')).json.items.some(each => each.did === 'DELETE /portals/shop?discard=true'))
  const denied = await call(world, 'POST', 'accounts', { id: 'x', connector: 'telegram', portal: 'shop', settings: { token: world.token } })
  assert.equal(denied.status, 400, denied.text)
  await reborn(world, file)
  assert.doesNotMatch(world.children.find(child => child.name === 'host').text().split('host.').at(-1), /lane\.orphaned/)
  const again = kept(await make(world, 'shop'))
  const next = await attach(world, again)
  await hears(world, next, 50, 'new')
  await until('it', () => texts(again).includes('new'), patience)
  assert.deepEqual(texts(again), ['new'])
})))

test('what is wrong is refused whole, with its code and the name of the member', withWorld('portals-refused', world => begun(world, async ({ acme, file, kept }) => {
  const good = { id: 'x', url: 'http://127.0.0.1:9/e', license_key: license() }
  const wrong = [
    [{ url: good.url }, /id: is missing/],
    [{ id: 'x' }, /url: is missing/],
    [{ ...good, id: 'Big' }, /id: "Big" is not \[a-z0-9_-\]/],
    [{ ...good, id: 5 }, /id: /],
    [{ ...good, url: 'ftp://x' }, /url: is not an http or https URL/],
    [{ ...good, url: 'http://${HOME}/' }, /url: holds "\$\{": variables are replaced in the configuration only/],
    [{ ...good, url: 'http://$\uE000HOME\uE001.example/', warn_url: 'no' }, /warn_url: is not an http or https URL/],
    [{ ...good, license_key: '${TRUNKLINE_TOKEN}' }, /license_key: holds/],
    [{ ...good, license_key: { file: '/etc/hostname' } }, /license_key: expected text/],
    [{ ...good, license_key: 'tlk_short' }, /license_key: is not a license key/],
    [{ ...good, next_license_key: 'tlk_short' }, /next_license_key: is not a license key/],
    [{ ...good, licence_key: 'x' }, /licence_key: unknown key; did you mean "license_key"/],
    [{ ...good, format: 'protobuf' }, /format: the format protobuf is not in this version/],
    [{ ...good, encrypt: 'maybe' }, /encrypt: "maybe" is neither true nor false/],
    [{ ...good, url: 'http://shop.example/', encrypt: false }, /encrypt: false needs https or loopback/],
    [{ ...good, limits: { events_per_second: 0 } }, /limits\.events_per_second: 0 is outside 1 to/],
    [{ ...good, limits: { waiting_bytes: '1MiB' }, lanes: lanes({ batch: { max_bytes: '2MiB' } }) }, /lanes\[0\]\.batch\.max_bytes: is larger than limits\.waiting_bytes/],
    [{ ...good, lanes: lanes({ retry: { first: '2s', max: '1s' } }) }, /lanes\[0\]\.retry\.max: is shorter than first/],
    [{ ...good, lanes: lanes({ retention: '1s', batch: { linger: '2s' } }) }, /lanes\[0\]\.batch\.linger: is not shorter than retention/],
    [{ ...good, lanes: lanes({ order: 'random' }) }, /lanes\[0\]\.order: "random" is none of/],
    [{ ...good, lanes: lanes({ streams: 2 }) }, /lanes\[0\]\.streams: a sequential lane has one/],
    [{ ...good, lanes: lanes({ delivery: 'best_effort' }) }, /lanes\[0\]\.events: a best-effort lane must name its events/],
    [{ ...good, lanes: [] }, /lanes: exactly one guaranteed lane/],
    [{ ...good, lanes: lanes({ name: 'presence' }) }, /lanes: two lanes are called presence/],
    [{ ...good, lanes: 'messages' }, /lanes: expected a list/],
  ]
  for (const [document, words] of wrong) {
    const answer = await call(world, 'POST', 'portals', document)
    assert.deepEqual([answer.status, answer.json?.code], [400, 'malformed'], answer.text)
    assert.match(answer.json.detail, words)
  }
  const both = await call(world, 'PUT', 'portals/x', { url: 'no', encrypt: 7 })
  assert.match(both.json.detail, /url: .*; encrypt: |encrypt: .*; url: /, 'all of it is told at once')
  for (const [body, words] of [
    ['', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['{"url": "http://a/" # yaml\n}', /not a JSON object/],
    ['{"url":"http://127.0.0.1:9/","url":"http://127.0.0.1:8/"}', /url: is written twice/],
    ['{"url":"http://127.0.0.1:9/","limits":{"media_bytes":"1MiB","media_b\\u0079tes":"2MiB"}}', /limits\.media_bytes: is written twice/],
    ['{"url":"http://127.0.0.1:9/","lanes":[{"name":"a"},{"name":"b","events":["typing"],"name":"c"}]}', /lanes\[1\]\.name: is written twice/],
  ]) {
    const answer = await sent(world, 'PUT', 'portals/x', body)
    assert.deepEqual([answer.status, answer.json?.code], [400, 'malformed'], answer.text)
    assert.match(answer.json.detail, words)
  }
  assert.equal((await sent(world, 'PUT', 'portals/x', JSON.stringify({ url: `http://a/${'x'.repeat(300_000)}` }))).status, 413)
  assert.match((await call(world, 'PUT', 'portals/x', { ...good, id: 'y' })).json.detail, /id: is not "x", which the address names/)
  assert.equal((await call(world, 'PATCH', 'portals/x', { url: good.url })).status, 404)
  assert.equal((await call(world, 'DELETE', 'portals/x')).status, 404)
  for (const [method, what, json] of [['POST', 'portals', { ...good, id: 'acme' }], ['PUT', 'portals/acme', good], ['PATCH', 'portals/acme', { url: good.url }], ['DELETE', 'portals/acme']]) {
    const answer = await call(world, method, what, json)
    assert.deepEqual([answer.status, answer.json.code], [409, 'owned_by_configuration'], answer.text)
    assert.equal(answer.json.place.file, file)
  }
  assert.deepEqual((await all(world, 'portals')).map(each => each.id), ['acme'])
  assert.deepEqual((await world.admin('/v1/audit')).json.items, [], 'nothing was changed')

  // A key is made where none is given, shown once, and stays.
  const portal = kept(await new ForeignPortal(license(), 'x').listen())
  const made = await call(world, 'PUT', 'portals/x', { url: portal.url, lanes: lanes() })
  assert.equal(made.status, 201, made.text)
  assert.match(made.json.license_key, /^tlk_[\w-]{43}$/)
  portal.keys = derive(made.json.license_key)
  await until('it to be opened', () => portal.batches.length === 1)
  const again = await call(world, 'POST', 'portals', { id: 'x', url: portal.url })
  assert.deepEqual([again.status, again.json.code], [409, 'conflict'])
  for (const [method, json] of [['PUT', { url: portal.url, lanes: lanes() }], ['PATCH', { accept_html: true }]]) {
    const answer = await call(world, method, 'portals/x', json)
    assert.deepEqual([answer.status, answer.json], [200, { status: 'done', id: 'x' }], answer.text)
  }
  for (const [json, words] of [[{ license_key: null }, /license_key: cannot be taken away/], [{ id: 'y' }, /id: is not "x"/], [{ url: null }, /url: is missing/], [{ lanes: [{ name: 'a' }, { name: 'b' }] }, /exactly one guaranteed/]]) {
    const answer = await call(world, 'PATCH', 'portals/x', json)
    assert.deepEqual([answer.status, answer.json.code], [400, 'malformed'], answer.text)
    assert.match(answer.json.detail, words)
  }
  assert.equal((await portal.send(world.hostUrl, [{ id: 'c-1', type: 'accounts' }])).status, 202, 'its key is the one it was')

  // So many changes of order may wait one behind the other.
  portal.answer = () => ({ status: 503 })
  const account = await attach(world, portal)
  await hears(world, account, 1, 'waits')
  const orders = ['keyed', 'sequential']
  let refused
  for (let i = 0; i < 20 && !refused; i++) {
    await hears(world, account, 10 + i, `under change ${i}`)
    const answer = await call(world, 'PATCH', 'portals/x', { accept_html: i % 2 === 0, lanes: lanes({ order: orders[i % 2] }) })
    if (answer.status !== 200) refused = answer
  }
  assert.deepEqual([refused.status, refused.json.code], [409, 'conflict'], refused.text)
  assert.match(refused.json.detail, /order of lane messages cannot change now/)
  portal.answer = () => ({ status: 200 })
  await until('all of it', async () => (await depth(world, 'portal/x/messages')) === 0, patience)
  inOrder(portal)
  assert.equal((await call(world, 'PATCH', 'portals/x', { lanes: lanes({ order: 'parallel', streams: 3 }) })).status, 200)

  // By the command line, too.
  const json = path.join(world.dir, 'y.json')
  writeFileSync(json, JSON.stringify({ id: 'y', url: portal.url }))
  assert.match(await world.trunkctl('portals', 'create', json), /license_key: tlk_/)
  writeFileSync(json, JSON.stringify({ encrypt: false }))
  assert.match(await world.trunkctl('portals', 'change', 'y', json), /status: done/)
  assert.equal((await row(world, 'portals', 'y')).encrypt, false)
  const typed = promisify(execFile)(program('trunkctl'), ['--admin', world.adminUrl, '--token', world.adminToken, 'portals', 'put', 'y', '-'])
  typed.child.stdin.end(JSON.stringify({ url: portal.url }))
  assert.match((await typed).stdout, /status: done/)
  assert.equal((await row(world, 'portals', 'y')).encrypt, true)
  assert.match(await world.trunkctl('portals', 'remove', 'y'), /status: done/)

  // In the configuration and in the store: nobody could tell which holds.
  const host = world.children.find(child => child.name === 'host')
  await host.stop()
  writeFileSync(file, readFileSync(file, 'utf8').replace('- id: acme', '- id: x'))
  const clash = world.start('clash', program('trunkline'), ['--config', file])
  assert.notEqual((await clash.ended).code, 0)
  assert.match(clash.text(), /portal x is written in \S+trunkline\.yaml:\d+ and was also made at run time/)
  assert.deepEqual(acme.events, [])
})))
