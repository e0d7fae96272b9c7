// The host's doors, and what strangers, thieves and broken programs send to them.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import net from 'node:net'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { request, until, withWorld } from './harness.mjs'
import { assertNotOnDisk, assertSecretsKept, hook, raw, update } from './hostile.mjs'

async function running(world, options = {}) {
  const portal = await new ForeignPortal(await world.license()).listen()
  await world.sim()
  await world.host({ portalUrl: portal.url, ...options })
  await world.webhookSet()
  return portal
}
const account = async world => JSON.parse(await world.trunkctl('--json', 'accounts'))[0]
const texts = portal => portal.of('message').map(e => e.message.text)
const isProblem = (answer, status) => {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/)
  assert.equal(answer.json.status, status)
  assert.ok(answer.headers.get('date'), 'every answer carries Date')
}

test('forged webhooks are refused, counted and kept nowhere', withWorld('forged-hook', async world => {
  const portal = await running(world)
  try {
    isProblem(await hook(world, update(1, 'forged one'), { secret: 'wrong' }), 403)
    isProblem(await hook(world, update(2, 'forged two'), { secret: null }), 403)
    isProblem(await hook(world, update(3, 'forged three'), { secret: world.secret.slice(0, -1) }), 403)
    isProblem(await hook(world, update(4, 'forged four'), { secret: `${world.secret}x` }), 403)
    isProblem(await hook(world, '{"broken', { secret: 'wrong' }), 403)
    isProblem(await hook(world, update(5, 'forged five'), { account: 'nobody' }), 404)
    isProblem(await request(`${world.hostUrl}/hooks/acme-telegram`, { method: 'DELETE' }), 405)
    assert.equal((await hook(world, update(6, 'genuine'))).status, 200)
    await until('the genuine one', () => texts(portal).includes('genuine'))
    assert.deepEqual(texts(portal), ['genuine'])
    assert.equal(portal.of('unsupported').length, 0)
    const shown = await account(world)
    assert.equal(shown.forged, 5)
    assert.equal(shown.quarantined, 0)
    assert.match(await world.trunkctl('accounts'), /forged/i)
    assert.equal((await world.admin('/v1/quarantine')).json.items.length, 0)
    await assertSecretsKept(world, { events: portal.events, texts: ['genuine', 'forged'].map(word => `${word} `) })
  } finally {
    await portal.close()
  }
}))

test('a webhook said again is one event, also after a restart', withWorld('repeat', async world => {
  const portal = await running(world)
  try {
    for (let i = 0; i < 3; i++) assert.equal((await hook(world, update(100, 'once'))).status, 200)
    await Promise.all(Array.from({ length: 8 }, () => hook(world, update(101, 'at the same time'))))
    assert.equal((await account(world)).repeats, 2 + 7)
    for (const how of ['SIGTERM', 'SIGKILL']) {
      await world.children.at(-1).kill(how)
      await world.host({ portalUrl: portal.url })
      assert.equal((await hook(world, update(100, 'once'))).status, 200)
      assert.equal((await hook(world, update(101, 'at the same time'))).status, 200)
      assert.equal((await account(world)).repeats, 2)
    }
    await hook(world, update(102, 'last'))
    await until('the last one', () => texts(portal).includes('last'))
    assert.deepEqual(texts(portal), ['once', 'at the same time', 'last'])
    assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
  } finally {
    await portal.close()
  }
}))

test('what cannot be read keeps its place and is kept whole', withWorld('unreadable', async world => {
  const portal = await running(world)
  try {
    const bodies = ['{"update_id": 7, "message": {', 'not JSON at all \x00\xff', '[]', '', '['.repeat(100_000), '{"update_id":8,"message":{"dice":{"value":4}}}']
    await hook(world, update(1, 'before'))
    for (const body of bodies) {
      assert.equal((await hook(world, Buffer.from(body, 'latin1'))).status, 200, body.slice(0, 40))
      assert.equal((await hook(world, Buffer.from(body, 'latin1'))).status, 200, 'a repeat')
    }
    await hook(world, update(2, 'after'))
    await until('the one after', () => texts(portal).includes('after'))
    assert.deepEqual(portal.events.filter(e => e.type !== 'notice').map(e => e.type), ['message', ...bodies.map(() => 'unsupported'), 'message'], 'in their place, once each')
    const placeholders = portal.of('unsupported')
    for (const event of placeholders) assert.ok(event.reason, JSON.stringify(event))

    const rows = JSON.parse(await world.trunkctl('--json', 'quarantine'))
    assert.deepEqual(rows.map(row => row.id), placeholders.map(event => event.quarantine))
    assert.deepEqual(rows.map(row => row.bytes), bodies.map(body => body.length))
    assert.match(await world.trunkctl('quarantine', 'show', rows[0].id), /update_id": 7/)
    await assert.rejects(world.trunkctl('quarantine', 'replay', rows[0].id), 'nobody understands it yet')
    assert.equal(JSON.parse(await world.trunkctl('--json', 'quarantine')).length, bodies.length, 'and it is kept')
    await world.trunkctl('quarantine', 'discard', rows[0].id)
    await assert.rejects(world.trunkctl('quarantine', 'show', rows[0].id), /no such/)
    await assert.rejects(world.trunkctl('quarantine', 'replay', rows[0].id), /no such/)
    assert.deepEqual(JSON.parse(await world.trunkctl('--json', 'quarantine')).map(row => row.id), rows.slice(1).map(row => row.id))
    await hook(world, update(3, 'still here'))
    await until('one more', () => texts(portal).includes('still here'))
    assert.equal(portal.of('unsupported').length, bodies.length, 'a replay that fails tells the portal nothing')
    await assertSecretsKept(world, { events: portal.events, texts: ['still here', 'update_id": 7'] })
  } finally {
    await portal.close()
  }
}))

test('bad HTTP is answered, closed and harms nobody else', withWorld('http', async world => {
  const portal = await running(world)
  try {
    const head = (line, ...headers) => `${line}\r\nHost: x\r\n${headers.map(h => `${h}\r\n`).join('')}\r\n`
    const post = (...headers) => head('POST /hooks/acme-telegram HTTP/1.1', `X-Telegram-Bot-Api-Secret-Token: ${world.secret}`, ...headers)
    const big = 5 * 1024 * 1024
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'a'), Buffer.from('\r\n')])
    const cases = {
      'no HTTP': ['GARBAGE\r\n\r\n', 400],
      'a TLS hello': [Buffer.from('16030100c8010000c40303', 'hex'), 400],
      'another version': [head('GET /healthz HTTP/9.9'), 505],
      'HTTP/2 preface': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
      'no Host': ['GET /healthz HTTP/1.1\r\n\r\n', 400],
      'two Hosts': [head('GET /healthz HTTP/1.1', 'Host: y'), 400],
      'a header without colon': [head('GET /healthz HTTP/1.1', 'nonsense'), 400],
      'a folded header': [head('GET /healthz HTTP/1.1', 'A: b', ' c'), 400],
      'a space before the colon': [head('GET /healthz HTTP/1.1', 'A : b'), 400],
      'a zero byte': [head('GET /healthz HTTP/1.1', 'A: b\0c'), 400],
      'a bare line feed': ['GET /healthz HTTP/1.1\nHost: x\n\n', 400],
      'two lengths': [post('Content-Length: 2', 'Content-Length: 3'), 400],
      'a length and chunks': [post('Content-Length: 2', 'Transfer-Encoding: chunked'), 400],
      'a negative length': [post('Content-Length: -1'), 400],
      'an absurd length': [post('Content-Length: 99999999999999999999999'), 400],
      'an unknown coding': [post('Transfer-Encoding: gzip'), 501],
      'a bad chunk': [[post('Transfer-Encoding: chunked'), 'zz\r\n'], 400],
      'a long head': [head('GET /healthz HTTP/1.1', `A: ${'b'.repeat(65_536)}`), 431],
      'many headers': [head('GET /healthz HTTP/1.1', ...Array.from({ length: 300 }, (_, i) => `A${i}: b`)), 431],
      'a long target': [head(`GET /${'a'.repeat(65_536)} HTTP/1.1`), [414, 431]],
      'a large body': [[post(`Content-Length: ${big}`), Buffer.alloc(big, 'a')], 413],
      'a large body in chunks': [[post('Transfer-Encoding: chunked'), ...Array(big / 65_536).fill(chunk)], 413],
      'a body where none belongs': [[head('GET /media/x/y.png HTTP/1.1', 'Content-Length: 5'), 'hello'], 413],
    }
    for (const [what, [bytes, status]] of Object.entries(cases)) {
      const answer = await raw(world.hostPort, bytes)
      assert.ok([status].flat().includes(answer.status), `${what}: ${answer.text.slice(0, 300)}`)
      assert.ok(answer.closed, `${what}: the connection is closed`)
      assert.match(answer.text, /\r\nDate: /i, what)
      assert.match(answer.text, /application\/problem\+json/, what)
      assert.equal((await request(`${world.hostUrl}/healthz`)).status, 200, what)
    }
    // Half a request and away: nothing of it counts.
    for (const cut of [post('Content-Length: 500') + '{"update_id":9', post('Transfer-Encoding: chunked') + '5\r\n{"upd']) {
      const socket = net.connect(world.hostPort, '127.0.0.1')
      await new Promise(done => socket.write(cut, done))
      socket.destroy()
    }
    assert.equal((await hook(world, update(1, 'fine'))).status, 200)
    await until('a good one', () => texts(portal).length === 1)
    assert.equal(portal.of('unsupported').length, 0)
    assert.equal((await account(world)).quarantined, 0)
    await assertSecretsKept(world, { events: portal.events })
  } finally {
    await portal.close()
  }
}))

test('who drips a head byte by byte is cut off, and others never notice', withWorld('drip', async world => {
  const portal = await running(world)
  try {
    const head = Buffer.from(`POST /hooks/acme-telegram HTTP/1.1\r\nHost: x\r\nX-Filler: ${'a'.repeat(4000)}\r\n`)
    const drippers = Array.from({ length: 40 }, () => {
      const dripper = { socket: net.connect(world.hostPort, '127.0.0.1'), sent: 0, open: true }
      dripper.socket.on('error', () => {})
      dripper.socket.on('data', () => {})
      dripper.socket.on('close', () => (dripper.open = false))
      return dripper
    })
    let said = 0
    await until('all to be cut off', async () => {
      for (const dripper of drippers) if (dripper.open) dripper.socket.write(head.subarray(dripper.sent, ++dripper.sent))
      const answer = await hook(world, update(1000 + said, `meanwhile ${said}`))
      assert.equal(answer.status, 200)
      said++
      return drippers.every(dripper => !dripper.open)
    }, 50_000)
    for (const dripper of drippers) assert.ok(dripper.sent < head.length, 'it never came to an end of its own')
    await until('all that was said meanwhile', () => texts(portal).length === said)
    assert.deepEqual(texts(portal), Array.from({ length: said }, (_, i) => `meanwhile ${i}`))
  } finally {
    await portal.close()
  }
}))

test('the admin side opens to tokens only, and gives each what its role may', withWorld('admin', async world => {
  const reader = randomBytes(16).toString('hex')
  const operator = randomBytes(16).toString('hex')
  const portal = await running(world, { top: `admin: {tokens: [{name: monitoring, token: "${reader}", role: read}, {name: desk, token: "${operator}", role: operate}]}` })
  try {
    const ask = (what, { token, method, body } = {}) => request(`${world.adminUrl}${what}`, { method, body, headers: token === undefined ? {} : { Authorization: token } })
    const paths = ['/v1/status', '/v1/accounts', '/v1/plugins', '/v1/lanes', '/v1/quarantine', '/v1/dead-letters', '/v1/audit', '/metrics', '/v1/nothing', '/']
    for (const what of paths) {
      for (const token of [undefined, 'Bearer', 'Bearer ', 'Bearer wrong', `Bearer ${world.adminToken}x`, `Bearer ${world.adminToken.slice(1)}`, `Basic ${world.adminToken}`, world.adminToken]) {
        const answer = await ask(what, { token })
        isProblem(answer, 401)
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
      }
      // Nothing of the admin side is to be had at the public door.
      assert.equal((await request(`${world.hostUrl}${what}`, { headers: { Authorization: `Bearer ${world.adminToken}` } })).status, 404, what)
    }
    for (const what of ['/healthz', '/readyz']) assert.equal((await ask(what)).status, 200)

    const admin = { token: `Bearer ${world.adminToken}` }
    isProblem(await ask('/v1/nothing', admin), 404)
    isProblem(await ask('/v1/quarantine/01ARZ3NDEKTSV4RRFFQ69G5FAV', admin), 404)
    isProblem(await ask('/v1/quarantine/%zz', admin), 400)
    isProblem(await ask('/elsewhere', admin), 404)
    for (const body of ['{"lane":', '[]', '"x"', 'null', '['.repeat(50_000)]) isProblem(await ask('/v1/lanes/pause', { ...admin, method: 'POST', body }), 400)
    isProblem(await ask('/v1/lanes/pause', { ...admin, method: 'POST', body: '{"lane":"portal/nobody/messages"}' }), 404)
    isProblem(await ask('/v1/dead-letters/requeue', { ...admin, method: 'POST', body: '{"lane":"portal/acme/messages","sequences":["1"]}' }), 400)
    isProblem(await ask('/v1/lanes/pause', { ...admin, method: 'POST', body: `{"lane":"${'x'.repeat(300_000)}"}` }), 413)

    const read = { token: `Bearer ${reader}` }
    assert.equal((await ask('/v1/lanes', read)).status, 200)
    assert.equal((await ask('/metrics', read)).status, 200)
    const lane = '{"lane":"portal/acme/messages"}'
    for (const [what, body] of [['/v1/lanes/pause', lane], ['/v1/lanes/resume', lane], ['/v1/dead-letters/discard', '{"lane":"portal/acme/messages","all":true}'], ['/v1/portals/acme/license/rotate', '{}'], ['/v1/nothing', '{}']]) {
      isProblem(await ask(what, { ...read, method: 'POST', body }), 403)
    }
    isProblem(await ask('/v1/quarantine/01ARZ3NDEKTSV4RRFFQ69G5FAV', read), 403) // content is more than figures
    for (const what of ['recent', 'diff']) isProblem(await ask(`/v1/plugins/telegram/${what}`, read), 403)
    assert.equal((await ask('/v1/plugins/telegram/recent', { token: `Bearer ${operator}` })).status, 200)
    const operate = { token: `Bearer ${operator}`, method: 'POST' }
    isProblem(await ask('/v1/portals/acme/license/rotate', { ...operate, body: '{}' }), 403)
    for (const [method, what] of [['POST', ''], ['PUT', '/acme'], ['PATCH', '/acme'], ['DELETE', '/acme']]) isProblem(await ask(`/v1/portals${what}`, { ...operate, method, body: '{}' }), 403)
    assert.equal((await ask('/v1/lanes/pause', { ...operate, body: lane })).status, 200)
    assert.equal((await ask('/v1/lanes/resume', { ...operate, body: lane })).status, 200)
    const audit = (await ask('/v1/audit', admin)).json.items
    assert.deepEqual(audit.map(entry => [entry.who, entry.did]), [['desk', '/lanes/pause'], ['desk', '/lanes/resume']], 'what was refused is not in it, what was done is')
    await assertSecretsKept(world, { events: portal.events, secrets: [reader, operator] })
  } finally {
    await portal.close()
  }
}))

test('media and upload addresses cannot be made up', withWorld('links', async world => {
  const portal = await running(world)
  try {
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, kind: 'document', name: 'a.txt', mime: 'text/plain', bytes: Buffer.from('the file').toString('base64') })
    const file = await until('the file', () => portal.of('message').find(e => e.message.attachments)?.message.attachments[0])
    assert.equal(await (await fetch(file.url)).text(), 'the file')
    const [, token, name] = /\/media\/([^/]+)\/(.+)$/.exec(file.url)
    const get = async what => (await request(`${world.hostUrl}/media/${what}`)).status
    const flip = at => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    for (let at = 0; at < token.length; at += 7) assert.equal(await get(`${flip(at)}/${name}`), 404, `character ${at}`)
    for (const bad of ['', token.slice(0, -4), `${token}AAAA`, 'A'.repeat(200), '%00', '..%2f..%2fetc%2fpasswd', '....']) assert.equal(await get(`${bad}/${name}`), 404, bad)
    assert.equal(await get('../../etc/passwd'), 404)
    const put = async what => (await request(`${world.hostUrl}/v1/uploads/${what}`, { method: 'PUT', body: 'x' })).status
    for (const bad of ['', 'nothing', token, '..%2f..%2fx', 'A'.repeat(200)]) assert.equal(await put(bad), 404, bad)
    assert.ok([200, 404].includes(await get(`${token}/another-name.html`)))
    await assertSecretsKept(world, { secrets: [token] })
  } finally {
    await portal.close()
  }
}))

test('nothing on disk can be read without the store key', withWorld('disk', async world => {
  const portal = await running(world)
  try {
    const needles = ['planted-words-of-a-customer', 'planted-unreadable-payload', 'planted-answer-of-the-desk', 'PlantedSurname', 'planted-bytes-of-a-file']
    const user = (await world.control('users', { name: `Ann ${needles[3]}` })).json.id
    await world.control('say', { user, text: 'hello' })
    await until('the first one', () => texts(portal).length === 1)
    portal.answer = () => ({ status: 503 }) // so that all of it waits on disk
    await world.control('say', { user, text: needles[0] })
    assert.equal((await hook(world, `{"${needles[1]}`)).status, 200)
    await world.control('faults', { method: 'sendMessage', action: 'error', code: 429, description: 'Too Many Requests: retry after 60', parameters: { retry_after: 60 }, count: 100 })
    const sent = await portal.send(world.hostUrl, [{ id: 'd-1', type: 'send', account: 'acme-telegram', conversation: String(user), message: { text: needles[2] } }])
    assert.equal(sent.status, 202, sent.text)
    const file = Buffer.from(`${'.'.repeat(100_000)}${needles[4]}${'.'.repeat(100_000)}`)
    const media = { name: 'a.txt', mime: 'text/plain', size: file.length, sha256: createHash('sha256').update(file).digest('hex') }
    const granted = (await portal.send(world.hostUrl, [{ id: 'd-2', type: 'media', account: 'acme-telegram', media }])).json.results[0]
    assert.equal((await request(granted.media.put, { method: 'PUT', body: file })).status, 204)
    const withFile = { text: needles[2], attachments: [{ kind: 'file', media: granted.media.id }] }
    assert.equal((await portal.send(world.hostUrl, [{ id: 'd-3', type: 'send', account: 'acme-telegram', conversation: String(user), message: withFile }])).status, 202)
    await until('all to wait', async () => {
      const lanes = (await world.admin('/v1/lanes')).json.items
      return lanes.find(l => l.name === 'portal/acme/messages').depth >= 2 && lanes.find(l => l.name === 'account/acme-telegram').depth >= 1
    })
    const secrets = [world.token, world.token.split(':')[1], world.secret, await world.license(), world.adminToken]
    assertNotOnDisk(world, [...needles, ...secrets])
    await assertSecretsKept(world, { events: portal.events, texts: needles })
    await world.children.find(child => child.name === 'host').stop() // which writes the tables out
    assertNotOnDisk(world, [...needles, ...secrets])
  } finally {
    await portal.close()
  }
}))
