// What the tests of the whole way share: everything started, the customer's words in, the portal's words out.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { ForeignPortal } from './foreign_portal.mjs'
import { request, until } from './harness.mjs'

export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==', 'base64')
export const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')
export const codePoints = text => [...text].length

/** Simulated Telegram, host and reference portal; answers the customer's id. */
export async function everything(world) {
  await world.sim()
  await world.portal()
  await world.host()
  await world.webhookSet()
  return (await world.control('users', { name: 'Вера 👋', username: 'vera_k', language: 'ru' })).json.id
}

/** The same with a portal made of other people's libraries, which can say more than a page has buttons for. */
export async function withForeignPortal(world, run, options = {}) {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    await world.host({ portalUrl: portal.url, ...options })
    if (options.receive !== 'poll') await world.webhookSet()
    const user = (await world.control('users', { name: 'Вера 👋', username: 'vera_k', language: 'ru' })).json.id
    await say(world, { user, text: 'Здравствуйте' })
    await until('the first message', () => portal.of('message')[0])
    await run(portal, user)
    assert.deepEqual(portal.events.filter(e => e.lane === 'messages').map(e => e.sequence), portal.events.filter(e => e.lane === 'messages').map((_, i) => i + 1), 'contiguous from 1')
  } finally {
    await portal.close()
  }
}

/** The portal's event of this type for which `match` holds, once it is there. */
export const event = (world, type, match = () => true) =>
  until(`a ${type} event`, async () => (await world.events()).map(e => e.event).find(e => e.type === type && match(e)))

export async function say(world, what) {
  const answer = await world.control('say', what)
  assert.equal(answer.status, 200, answer.text)
  return answer.json
}

/** An update that the simulated customer has no button for, as Telegram would send it. */
export async function update(world, kind, payload, queue = 'other') {
  const answer = await world.control('update', { kind, queue, payload })
  assert.equal(answer.status, 200, answer.text)
}

/** What the bot asked of Telegram: the calls of one method, in order. */
export async function calls(world, method) {
  const log = (await world.control('log?count=10000')).json
  return log.filter(entry => entry.kind === 'call' && entry.method === method.toLowerCase())
}

/** The message that the customer sees, once it is there. */
export const arrives = (world, user, what, match) =>
  until(what, async () => (await world.chat(user)).find(message => message.from.is_bot && match(message)))

/** Commands of a portal, and what becomes of each. */
export class Speaker {
  constructor(world, portal, user) {
    Object.assign(this, { world, portal, conversation: String(user) })
  }
  async command(type, more = {}) {
    const id = `${type}-${randomUUID()}`
    const answer = await this.portal.send(this.world.hostUrl, [{ id, type, account: 'acme-telegram', conversation: this.conversation, ...more }])
    assert.equal(answer.status, 202, answer.text)
    assert.equal(answer.json.results[0].status, 'accepted', answer.text)
    return { id, result: answer.json.results[0] }
  }
  async send(message, more = {}) {
    return (await this.command('send', { message, ...more })).id
  }
  /** The states a command went through so far. */
  states(id) {
    return this.portal.of('status').filter(s => s.command === id).map(s => s.state)
  }
  async status(id, state = 'sent') {
    const found = await until(`status ${state} of ${id}`, () => this.portal.of('status').find(s => s.command === id && s.state === state))
    assert.equal(found.type, 'status')
    assert.equal(found.conversation.id, this.conversation)
    return found
  }
  /** Hands a file to the host; answers its media id. */
  async upload(name, mime, bytes) {
    const { result } = await this.command('media', { conversation: undefined, media: { name, mime, size: bytes.length, sha256: sha256(bytes) } })
    const put = await fetch(result.media.put, { method: 'PUT', body: bytes })
    assert.equal(put.status, 204)
    return result.media.id
  }
}

/** What the customer downloads of a file that the bot sent. */
export async function download(world, file) {
  const { json } = await request(`${world.simUrl}/bot${world.token}/getFile?file_id=${file.file_id}`)
  const answer = await fetch(`${world.simUrl}/file/bot${world.token}/${json.result.file_path}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** The page's own way: one conversation of the reference portal. */
export class Desk {
  constructor(world, conversation) {
    Object.assign(this, { world, conversation, root: `${world.portalUrl}/api/conversations/${conversation}` })
  }
  static async open(world) {
    const conversation = await until('a conversation', async () => (await request(`${world.portalUrl}/api/conversations`)).json.conversations[0])
    return new Desk(world, conversation.id)
  }
  async call(path, method, json) {
    const answer = await request(`${this.root}/${path}`, { method, json, headers: { Origin: this.world.portalUrl } })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  async messages() {
    return (await request(`${this.root}/messages`)).json.messages
  }
  post(body) {
    return this.call('messages', 'POST', body)
  }
  /** The desk's own view of what it sent, once it has this state. */
  async reaches(sent, state) {
    return until(`${state} on the desk`, async () => (await this.messages()).find(m => m.id === sent.id && m.state === state))
  }
  async upload(name, mime, bytes) {
    const answer = await fetch(`${this.world.portalUrl}/api/files?name=${encodeURIComponent(name)}&mime=${mime}`, {
      method: 'POST', body: bytes, headers: { 'Content-Type': 'application/octet-stream', Origin: this.world.portalUrl },
    })
    const uploaded = await answer.json()
    assert.ok(answer.ok, JSON.stringify(uploaded))
    return uploaded.id ?? uploaded.file.id
  }
}
