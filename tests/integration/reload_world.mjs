// A host with two accounts of the connector "parcel" (connectors/CMakeLists.txt), a portal that keeps what it is given, and customers
// who never stop writing.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { ForeignPortal } from './foreign_portal.mjs'
import { build, freePort, until } from './harness.mjs'

export const parcel = name => path.join(build, 'test-connectors/reload', name, 'parcel.so')

/** The parcel messenger: takes what is sent and numbers it. */
class Messenger {
  sent = []
  async listen() {
    this.port = await freePort()
    this.server = http.createServer((incoming, outgoing) => {
      const pieces = []
      incoming.on('data', piece => pieces.push(piece))
      incoming.on('end', () => {
        this.sent.push(JSON.parse(Buffer.concat(pieces)))
        outgoing.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id: String(this.sent.length) }))
      })
    })
    await new Promise(done => this.server.listen(this.port, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${this.port}`
  }
  close() {
    this.server.closeAllConnections()
    return new Promise(done => this.server.close(done))
  }
}

/** Customers: each connection posts one message after the other, and remembers which were acknowledged. */
export class Customers {
  constructor(world, { connections = 8, account = i => (i % 2 ? 'second' : 'first'), prefix = '', text = () => 'hello' } = {}) {
    this.world = world
    this.acknowledged = []
    this.refusals = []
    this.slowest = 0
    this.going = true
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections })
    this.done = Promise.all(Array.from({ length: connections }, (_, i) => this.write(account(i), `${prefix}${account(i)}-${i}`, text)))
  }
  async write(account, chat, text) {
    for (let id = 1; this.going; ++id) {
      const began = performance.now()
      const status = await this.post(account, { chat, id, text: text(chat, id) })
      this.slowest = Math.max(this.slowest, performance.now() - began)
      if (status === 200) this.acknowledged.push({ account, chat, id })
      else this.refusals.push({ account, chat, id: id--, status })
    }
  }
  post(account, body) {
    return new Promise(done => {
      const bytes = JSON.stringify(body)
      const call = http.request(
        `${this.world.hostUrl}/hooks/${account}`,
        { method: 'POST', agent: this.agent, headers: { 'X-Webhook-Secret': 'parcel-secret', 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(bytes) } },
        answer => {
          answer.resume()
          answer.on('end', () => done(answer.statusCode))
        },
      )
      call.on('error', () => setTimeout(done, 50, 0)) // the host is gone, which the judge will not overlook
      call.end(bytes)
    })
  }
  async stop() {
    this.going = false
    await this.done
    this.agent.destroy()
  }
}

/** Starts everything, with `first` as the connector's first generation. */
export async function start(world, { first = 'first', extra = '', before = () => {} } = {}) {
  const portal = await new ForeignPortal(await world.license()).listen()
  portal.take = (batch, webhookId) => {
    portal.batches.push({ ...batch, webhookId })
    portal.last ??= new Map()
    const lane = `${batch.lane}/${batch.epoch}`
    for (const event of batch.events) {
      if (event.sequence <= (portal.last.get(lane) ?? 0)) continue // a repeat
      portal.last.set(lane, event.sequence)
      portal.events.push({ ...event, lane: batch.lane, epoch: batch.epoch })
    }
  }
  const messenger = new Messenger()
  await messenger.listen()
  world.plugins = path.join(world.dir, 'plugins')
  mkdirSync(world.plugins)
  if (first) copyFileSync(parcel(first), path.join(world.plugins, 'parcel.so'))
  world.hostPort = await freePort()
  world.adminPort = await freePort()
  world.hostUrl = `http://127.0.0.1:${world.hostPort}`
  world.adminUrl = `http://127.0.0.1:${world.adminPort}`
  const file = path.join(world.dir, 'trunkline.yaml')
  writeFileSync(file, `listen: {public: "127.0.0.1:${world.hostPort}", admin: "127.0.0.1:${world.adminPort}", threads: 2}
public_url: ${world.hostUrl}
admin_token: ${world.adminToken}
store: {path: ${world.dir}/store, key: {file: ${world.dir}/store.key}}
plugins: {directory: ${world.plugins}, watch: true${extra}}
network: {allow_private: true}
portals:
  - id: acme
    url: ${portal.url}
    license_key: ${await world.license()}
    limits: {events_per_second: 100000}
accounts:
  - {id: first, connector: parcel, portal: acme, line: support, settings: {base_url: "${messenger.url}/first", secret: parcel-secret}}
  - {id: second, connector: parcel, portal: acme, line: support, settings: {base_url: "${messenger.url}/second", secret: parcel-secret}}
`, { mode: 0o600 })
  await before()
  const host = await world.host({ file })
  const end = async () => {
    await portal.close()
    await messenger.close()
  }
  return { portal, messenger, host, file, end }
}

/** Deploys as operators should: under another name first, then by rename. */
export function deploy(world, from) {
  const target = path.join(world.plugins, 'parcel.so')
  if (Buffer.isBuffer(from)) writeFileSync(`${target}.tmp`, from)
  else copyFileSync(from, `${target}.tmp`)
  renameSync(`${target}.tmp`, target)
}
export const remove = world => rmSync(path.join(world.plugins, 'parcel.so'))

export const plugin = async world => (await world.admin('/v1/plugins')).json.items.find(row => row.file === path.join(world.plugins, 'parcel.so'))

/** Waits until the connector's generation is another one than `before`. */
export const nextGeneration = (world, before) =>
  until(`a generation behind ${before}`, async () => {
    const row = await plugin(world)
    const told = row.last_attempt?.to.endsWith(`#${row.generation}`)
    if (row.state === 'serving' && row.generation > before && row.draining === 0 && told) return row
    return undefined
  })

/** Everything that was acknowledged is at the portal once, in the order of its conversation, in a lane without gaps. */
export async function judge(portal, customers) {
  await until('every acknowledged message at the portal', () => portal.events.length >= customers.acknowledged.length, 60_000)
  const lanes = new Map()
  const ids = new Map()
  for (const event of portal.events) {
    const lane = `${event.lane}/${event.epoch}`
    assert.equal(event.sequence, (lanes.get(lane) ?? 0) + 1, `a gap or a repeat in ${lane}`)
    lanes.set(lane, event.sequence)
    if (event.type !== 'message') continue
    const chat = event.conversation.id
    if (!ids.has(chat)) ids.set(chat, [])
    ids.get(chat).push(Number(event.message.id))
  }
  const acknowledged = new Map()
  for (const { chat, id } of customers.acknowledged) {
    if (!acknowledged.has(chat)) acknowledged.set(chat, [])
    acknowledged.get(chat).push(id)
  }
  for (const [chat, wanted] of acknowledged) assert.deepEqual(ids.get(chat), wanted, `the messages of ${chat}`)
}

export const unmapped = (host, generation) => until(`generation ${generation} to be unmapped`, () => host.text().includes(`plugins.unmapped connector=parcel@`) && new RegExp(`plugins\\.unmapped connector=parcel@\\S+#${generation}\\b`).test(host.text()))

export const residentBytes = pid => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
