// The host as it is measured: Telegram accounts p0, p1, ..., each with a portal of the same name.
import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { Server, build, call, fresh, load, program, sleep } from './machine.mjs'

export const ports = { hooks: 18080, admin: 18081, sink: 18090, dead: 18091, zoo: 18092 }
export const sink = `127.0.0.1:${ports.sink}`
const adminToken = 'bench-bench-bench-bench'
const secret = 'bench-secret'
const run = promisify(execFile)
let licenseKey

const row = members => `  - {${Object.entries(members).map(([name, value]) => `${name}: ${value}`).join(', ')}}\n`

/** Where portal i is, unless a measurement says otherwise. */
const atSink = i => `http://${sink}/p${i}`

export async function configuration(folder, { portals = 8, accounts = portals, encrypt = false, url = atSink, lanes } = {}) {
  licenseKey ??= (await run(program('trunkctl'), ['license', 'new'])).stdout.trim()
  let text = `listen: {public: "127.0.0.1:${ports.hooks}", admin: "127.0.0.1:${ports.admin}"}
public_url: http://127.0.0.1:${ports.hooks}
admin_token: ${adminToken}
store: {path: ${folder}/store, key: {file: ${folder}/store.key}}
plugins: {directory: ${build}/plugins}
network: {allow_private: true}
portals:
`
  const limits = '{events_per_second: 1000000, waiting_bytes: 8GiB}'
  for (let i = 0; i < portals; i++) text += row({ id: `p${i}`, url: `"${url(i)}"`, license_key: licenseKey, encrypt, limits, ...(lanes ? { lanes } : {}) })
  text += accounts > 0 ? 'accounts:\n' : ''
  for (let i = 0; i < accounts; i++) {
    const settings = `{token: "${100_000 + i}:${'A'.repeat(35)}", secret: ${secret}, api_base: "http://127.0.0.1:${ports.dead}", receive: webhook}`
    text += row({ id: `p${i}`, connector: 'telegram', portal: `p${i}`, line: 'l', settings })
  }
  const file = path.join(folder, 'trunkline.yaml')
  writeFileSync(file, text)
  chmodSync(file, 0o600)
  return file
}

export class Host {
  /** `folder`: one that holds a store already. */
  static async start({ folder = fresh('host'), wait = 120, ...config } = {}) {
    const host = new Host()
    host.folder = folder
    host.portals = config.portals ?? 8
    const file = await configuration(folder, config)
    host.began = Date.now()
    host.server = await Server.start('host', program('trunkline'), ['--config', file], { port: ports.hooks, wait, env: config.env })
    return host
  }

  async admin(method, address, body) {
    const answer = await fetch(`http://127.0.0.1:${ports.admin}/v1/${address}`, {
      method, headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }

  async metrics() {
    const answer = await fetch(`http://127.0.0.1:${ports.admin}/metrics`, { headers: { Authorization: `Bearer ${adminToken}` } })
    const sums = {}
    for (const line of (await answer.text()).split('\n')) {
      const found = /^([a-z_]+)(?:\{.*\})? ([\d.e+-]+)$/.exec(line)
      if (found) sums[found[1]] = (sums[found[1]] ?? 0) + Number(found[2])
    }
    return sums
  }

  /** One load from webhook to portal. Each takes other update numbers, or the host would know them again. */
  async load(options) {
    this.loads = (this.loads ?? 0) + 1
    const before = this.server.cpuSeconds()
    const figures = await load({
      mode: 'bench', url: `http://127.0.0.1:${ports.hooks}/hooks/p{portal}`, sink, portals: this.portals,
      header: `X-Telegram-Bot-Api-Secret-Token: ${secret}`, first: this.loads * 100_000_000, drain: 30, ...options,
    })
    figures.cpu_us = ((this.server.cpuSeconds() - before) * 1e6) / Math.max(1, figures.accepted)
    return figures
  }

  /** A load that nobody at the sink can read: how fast it was delivered is what the host itself counts. */
  async loadSealed(options) {
    const delivered = async () => (await this.metrics()).trunkline_lanes_delivered_total
    const before = await delivered()
    const began = Date.now()
    const seen = []
    let loaded = false
    const loading = this.load(options).finally(() => (loaded = true))
    await sleep(options.seconds)
    for (; !loaded; await sleep(0.02)) seen.push({ count: (await delivered()) - before, seconds: (Date.now() - began) / 1000 })
    const figures = await loading
    const all = seen.find(({ count }) => count >= figures.accepted)
    if (!all) throw new Error(`of ${figures.accepted} sealed messages ${seen.at(-1)?.count} were delivered`)
    return { ...figures, delivered_per_s: figures.accepted / all.seconds }
  }

  /** A portal is asked before it is given anything; a light load until all of them have been. */
  async open() {
    for (let tries = 0; tries < 40; tries++) {
      await this.load({ seconds: 0.5, rate: 200, idle: 1 })
      const { items: portals } = await this.admin('GET', 'portals?limit=1000')
      if (portals.every(portal => portal.state === 'ok')) return
    }
    throw new Error('the portals are not open')
  }

  async stop() {
    await this.server.stop()
    await sleep(0.2)
  }
}

/** Fills a store with events that wait; the folder is for `Host.start`. */
export async function fill({ lanes, each, bytes = 1000, url = `http://${sink}`, name = 'host' }) {
  const folder = fresh(name)
  const figures = await call(program('trunkline-bench-fill'), `${folder}/store/db`, `${folder}/store.key`, lanes, each, bytes, url)
  return { folder, ...figures }
}

/** How long from now until a webhook is taken. */
export async function firstTaken(since, patience = 600_000) {
  for (let number = 900_000_000; Date.now() - since < patience; number++) {
    try {
      const answer = await fetch(`http://127.0.0.1:${ports.hooks}/hooks/p0`, {
        method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': secret },
        body: JSON.stringify({ update_id: number, message: { message_id: number, date: 1, chat: { id: 1, type: 'private' }, from: { id: 1, is_bot: false, first_name: 'A' }, text: 'first' } }),
      })
      await answer.text()
      if (answer.status === 200) return (Date.now() - since) / 1000
    } catch {} // nobody listens yet
    await sleep(0.005)
  }
  throw new Error('no webhook is taken')
}


