// Files of messengers that delete them, and large ones both ways: what a portal is told comes true, whatever happens in between.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { build, plugins, request, until, withWorld } from './harness.mjs'

const kMiB = 1 << 20
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')
const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString()

/** Bytes in which every place is another. */
function bytes(size) {
  const out = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) out.writeUInt32LE(at, at)
  return out
}

/** A messenger: says where a file is, gives it, forgets it; takes messages with files. */
class Messenger {
  constructor() {
    this.files = new Map() // reference -> bytes
    this.silent = new Set() // references about which it never answers
    this.failing = new Set() // and those that it cannot give just now
    this.people = new Map()
    this.asked = [] // paths
    this.sent = []
    this.server = http.createServer((ask, answer) => this.handle(ask, answer).catch(() => answer.destroy()))
  }
  async listen() {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }
  async close() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
  askedForFiles() {
    return this.asked.filter(one => /^\/(where|file)\//.test(one)).length
  }
  async handle(ask, answer) {
    this.asked.push(ask.url)
    const [, room, name] = ask.url.split('/').map(decodeURIComponent)
    if (room === 'send') return this.take(ask, answer)
    if (room === 'user') {
      const person = this.people.get(name)
      return answer.writeHead(person ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(person ?? {}))
    }
    if (this.silent.has(name)) return // until the host gives up
    if (this.failing.has(name)) return answer.writeHead(503).end()
    const file = this.files.get(name)
    if (!file) return answer.writeHead(404).end()
    if (room === 'where') return answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ url: `${this.url}/file/${encodeURIComponent(name)}` }))
    const range = /^bytes=(\d+)-(\d+)$/.exec(ask.headers.range ?? '')
    if (!range) return answer.writeHead(200, { 'Content-Length': file.length, 'Accept-Ranges': 'bytes' }).end(file)
    const [from, to] = [Number(range[1]), Number(range[2])]
    answer.writeHead(206, { 'Content-Range': `bytes ${from}-${to}/${file.length}` }).end(file.subarray(from, to + 1))
  }
  /** A multipart form with one file; its digest is all that is kept of it. */
  async take(ask, answer) {
    const pieces = []
    for await (const piece of ask) pieces.push(piece)
    const body = Buffer.concat(pieces)
    const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(ask.headers['content-type']).slice(1).find(Boolean)
    const parts = {}
    for (let at = body.indexOf(`--${boundary}`); ; ) {
      const head = body.indexOf('\r\n\r\n', at)
      const end = head < 0 ? -1 : body.indexOf(`\r\n--${boundary}`, head)
      if (end < 0) break
      const [, name] = /name="([^"]+)"/.exec(body.subarray(at, head).toString('latin1'))
      parts[name] = body.subarray(head + 4, end)
      at = end + 2
    }
    this.sent.push({ text: parts.text?.toString(), size: parts.file?.length, sha256: parts.file && sha256(parts.file), publicUrl: parts.public_url?.toString() })
    answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id: String(this.sent.length) }))
  }
}

/** The host with one account at that messenger. */
async function running(world, run, { portal: more = '', top = '' } = {}) {
  const portal = await new ForeignPortal(await world.license()).listen()
  const messenger = await new Messenger().listen()
  try {
    world.plugins = path.join(world.dir, 'plugins')
    mkdirSync(world.plugins)
    copyFileSync(path.join(build, 'test-connectors/mortal.so'), path.join(world.plugins, 'mortal.so'))
    copyFileSync(path.join(plugins, 'telegram.so'), path.join(world.plugins, 'telegram.so'))
    const file = await world.hostConfig({ portalUrl: portal.url, portal: more, top, apiBase: messenger.url })
    appendFileSync(file, `  - {id: shop, connector: mortal, portal: acme, settings: {base_url: "${messenger.url}"}}\n`)
    const host = await world.host({ file })
    await run({ portal, messenger, host, file })
    const lane = portal.events.filter(e => e.lane === 'messages').map(e => e.sequence)
    assert.deepEqual(lane, lane.map((_, i) => i + 1), 'contiguous from 1')
  } finally {
    await portal.close()
    await messenger.close()
  }
}

const hook = async (world, what) => {
  const answer = await request(`${world.hostUrl}/hooks/shop`, { json: { chat: 'c', ...what } })
  assert.equal(answer.status, 200, answer.text)
}
const arrived = (portal, id, type = 'message') => until(`${type} ${id}`, () => portal.of(type).find(e => e.message.id === id))
const link = event => event.message.attachments[0].url
const metric = async (world, name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec((await world.admin('/metrics')).text)?.[1] ?? NaN)
const copies = async world => JSON.parse(await world.trunkctl('--json', 'status')).copies

async function download(url, headers = {}) {
  const answer = await fetch(url, { headers })
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()), headers: answer.headers }
}
async function refused(url, status, code) {
  const answer = await request(url)
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers.get('content-type'), /application\/problem\+json/)
  assert.equal(answer.json.code, code, answer.text)
}

async function commands(world, portal, list) {
  const answer = await portal.send(world.hostUrl, list.map(one => ({ id: randomUUID(), account: 'shop', ...one })))
  assert.equal(answer.status, 202, answer.text)
  assert.deepEqual(answer.json.results.map(r => r.status), list.map(() => 'accepted'), answer.text)
  return answer.json.results
}

/** Uploads and sends; waits until the messenger has it. */
async function sendFile(world, portal, messenger, content) {
  const text = randomUUID()
  const [announced] = await commands(world, portal, [{ type: 'media', media: { name: 'big.pdf', mime: 'application/pdf', size: content.length, sha256: sha256(content) } }])
  const put = await fetch(announced.media.put, { method: 'PUT', body: content })
  assert.equal(put.status, 204)
  await commands(world, portal, [{ type: 'send', conversation: 'c', message: { text, attachments: [{ kind: 'file', media: announced.media.id }] } }])
  return until('the messenger to have the file', () => messenger.sent.find(one => one.text === text))
}

const peakKiB = host => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${host.process.pid}/status`, 'utf8'))[1])
const forgetPeak = host => writeFileSync(`/proc/${host.process.pid}/clear_refs`, '5')

test('20 MB go in and out, whole and in ranges, and the host does not grow', withWorld('media-large', async world => {
  await running(world, async ({ portal, messenger, host }) => {
    const big = bytes(20 * kMiB)
    const digest = sha256(big)
    messenger.files.set('big', big)
    await hook(world, { id: '1', file: { kind: 'file', ref: 'big', name: 'big.bin', mime: 'application/zip' } })
    const url = link(await arrived(portal, '1'))
    const once = async () => {
      const got = await download(url)
      assert.equal(got.status, 200)
      assert.equal(sha256(got.body), digest)
    }
    const out = async () => assert.equal((await sendFile(world, portal, messenger, big)).sha256, digest)
    await Promise.all([once(), out()]) // what is allocated once is
    forgetPeak(host)
    const before = peakKiB(host)
    await Promise.all([once(), once(), once(), out(), out(), out()])
    const grown = peakKiB(host) - before
    if (!process.env.TRUNKLINE_SANITIZED) assert.ok(grown < 15 * 1024, `grew by ${grown} KiB at its highest`)
    const part = await download(url, { Range: 'bytes=10485760-10485775' })
    assert.equal(part.status, 206)
    assert.deepEqual(part.body, big.subarray(10485760, 10485776))
    assert.equal(part.headers.get('content-range'), `bytes 10485760-10485775/${big.length}`)

    // What only takes addresses gets one that ends as its kind does, and needs nobody's secret.
    const { publicUrl } = messenger.sent[0]
    assert.match(publicUrl, /\/media\/[\w-]+\/big\.pdf$/)
    assert.equal(sha256((await download(publicUrl)).body), digest)
  })
}))

test('a file that dies at its messenger is copied at once, also when the host is killed in between', withWorld('media-copies', async world => {
  await running(world, async ({ portal, messenger, host, file }) => {
    const photo = bytes(300_000)
    messenger.files.set('photo', photo)
    await hook(world, { id: '1', file: { kind: 'image', ref: 'photo', name: 'a.png', mime: 'image/png', expires: inOneHour() } })
    const first = await arrived(portal, '1')
    assert.ok(first.message.attachments[0].expires, 'the portal is told when it dies')
    await until('its copy', async () => (await copies(world)).files === 1)
    messenger.files.delete('photo')
    const asked = messenger.askedForFiles()
    const got = await download(link(first))
    assert.equal(got.status, 200)
    assert.equal(got.headers.get('content-type'), 'image/png')
    assert.deepEqual(got.body, photo)
    assert.deepEqual((await download(link(first), { Range: 'bytes=100-103' })).body, photo.subarray(100, 104))
    assert.equal(messenger.askedForFiles(), asked, 'the messenger is not needed any more')
    assert.ok((await copies(world)).bytes >= photo.length)
    for (const name of readdirSync(path.join(world.dir, 'store/copies')))
      assert.equal(readFileSync(path.join(world.dir, 'store/copies', name)).indexOf(photo.subarray(1000, 1032)), -1, 'encrypted')

    // Accepted, on its way, and the host dies.
    messenger.files.set('late', photo)
    messenger.silent.add('late')
    await hook(world, { id: '2', file: { kind: 'file', ref: 'late', name: 'b.bin', expires: inOneHour() } })
    const second = await arrived(portal, '2')
    await until('the connector to look for it', () => messenger.asked.includes('/where/late'))
    await host.kill()
    messenger.silent.clear()
    await world.host({ file })
    await until('its copy', async () => (await copies(world)).files === 2)
    messenger.files.clear()
    assert.deepEqual((await download(link(second))).body, photo)
    assert.deepEqual((await download(link(first))).body, photo)
    assert.equal(await metric(world, 'trunkline_media_copied_total'), 1, 'the one that was missing, and only that')
  })
}))

test('what cannot be had is told in its conversation and by its link, and holds nothing up', withWorld('media-lost', async world => {
  await running(world, async ({ portal, messenger }) => {
    const soon = new Date(Date.now() + 4_000).toISOString()
    messenger.failing.add('never')
    await hook(world, { id: '1', file: { kind: 'file', ref: 'never', name: 'never.pdf', mime: 'application/pdf', expires: soon } })
    messenger.files.set('large', bytes(2 * kMiB))
    await hook(world, { id: '2', file: { kind: 'video', ref: 'large', name: 'l.mp4', mime: 'video/mp4', expires: inOneHour() } })
    await hook(world, { id: '3', text: 'behind both' })
    await arrived(portal, '3')
    assert.deepEqual(portal.of('message').map(e => e.message.id), ['1', '2', '3'])

    const notice = id => until(`a notice about ${id}`, () => portal.of('notice').find(e => e.code === 'media_lost' && e.message.id === id))
    const large = await notice('2')
    assert.equal(large.reason, 'too_large')
    assert.equal(link(large), link(portal.of('message')[1]), 'by which the portal knows it')
    await refused(link(large), 413, 'too_large')
    const never = await notice('1')
    assert.equal(never.reason, 'not_in_time')
    assert.equal(never.conversation.id, 'c')
    await refused(link(never), 410, 'expired')
    await hook(world, { id: '4', file: { kind: 'file', ref: 'nowhere', name: 'n.pdf' } })
    await refused(link(await arrived(portal, '4')), 404, 'gone')
    assert.equal(await metric(world, 'trunkline_media_copy_failed_total'), 2)
    assert.equal(await metric(world, 'trunkline_media_copies'), 0)
  }, { portal: 'limits: {media_bytes: 1MiB}' })
}))

test('where there is no room for copies the file stays relayed, and its portal is told until when', withWorld('media-no-room', async world => {
  await running(world, async ({ portal, messenger }) => {
    messenger.files.set('photo', bytes(20_000))
    const expires = inOneHour()
    await hook(world, { id: '1', file: { kind: 'image', ref: 'photo', name: 'a.png', mime: 'image/png', expires } })
    const notice = await until('a notice', () => portal.of('notice').find(e => e.code === 'media_lost'))
    assert.equal(notice.reason, 'no_room')
    assert.equal(notice.until, expires)
    assert.equal((await download(link(portal.of('message')[0]))).body.length, 20_000)
    assert.equal(await metric(world, 'trunkline_media_copy_refused_total'), 1)
  }, { top: 'keep: {copied_bytes: 16KiB}' })
}))

test('a file that comes later than its message comes as an edit of it', withWorld('media-late', async world => {
  await running(world, async ({ portal, messenger }) => {
    await hook(world, { id: '1', text: 'see here', file: { kind: 'file', name: 'offer.pdf', mime: 'application/pdf' } })
    await hook(world, { id: '2', text: 'and then' })
    const pending = await arrived(portal, '1')
    assert.equal(link(pending), '', 'not there yet')
    messenger.files.set('offer', Buffer.from('%PDF-'))
    await hook(world, { id: '1', edited: 'yes', text: 'see here', file: { kind: 'file', ref: 'offer', name: 'offer.pdf', mime: 'application/pdf' } })
    const edited = await arrived(portal, '1', 'edited')
    assert.match(link(edited), /\/offer\.pdf$/)
    assert.equal((await download(link(edited))).body.toString(), '%PDF-')
    assert.deepEqual(portal.events.filter(e => e.account === 'shop').map(e => e.type), ['message', 'message', 'edited'])
  })
}))

test('who a customer is comes behind the messages, once, and with a picture', withWorld('media-profile', async world => {
  await running(world, async ({ portal, messenger, host, file }) => {
    const face = bytes(5_000)
    messenger.people.set('c', { name: 'Ann Lee', avatar_ref: 'face', phone: '+15550100' })
    messenger.files.set('face', face)
    await hook(world, { id: '1', text: 'one' })
    const told = await until('the profile', () => portal.of('conversation')[0])
    assert.deepEqual(told.conversation.id, 'c')
    assert.deepEqual({ ...told.sender, avatar: '' }, { id: 'c', name: 'Ann Lee', username: '', language: '', avatar: '', phone: '+15550100', bot: false })
    assert.ok(told.sequence > portal.of('message')[0].sequence)
    assert.deepEqual((await download(told.sender.avatar)).body, face)
    await hook(world, { id: '2', text: 'two' })
    await host.stop()
    await world.host({ file })
    await hook(world, { id: '3', text: 'three' })
    await hook(world, { id: '4', chat: 'nobody', text: 'four' })
    await until('the other one to be asked for', () => messenger.asked.includes('/user/nobody'))
    await arrived(portal, '4')
    assert.deepEqual(messenger.asked.filter(path => path.startsWith('/user/')), ['/user/c', '/user/nobody'])
    assert.equal(portal.of('conversation').length, 1)
  })
}))
