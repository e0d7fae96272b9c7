// Starts the real programs on loopback, each test in a folder of its own, and ends them whatever happens.
import { spawn, execFile } from 'node:child_process'
import { randomBytes, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

globalThis.crypto ??= webcrypto // Debian's Node 18 hides it behind a flag; jose needs it

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..')
export const build = process.env.TRUNKLINE_BUILD ?? path.join(root, 'build/release')
export const program = name => path.join(build, 'bin', name)
export const plugins = path.join(build, 'plugins')

/** Waits until `look` gives something truthy, and gives it back; fails naming what was waited for. */
export async function until(what, look, ms = Number(process.env.TRUNKLINE_PATIENCE ?? 30_000)) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const found = await look()
      if (found) return found
      last = found
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}; last seen: ${last instanceof Error ? last.stack : JSON.stringify(last)}`)
    await new Promise(done => setTimeout(done, 25))
  }
}

const taken = new Set()
/** A port that was free a moment ago and that nobody else of this process was given. */
export async function freePort() {
  for (;;) {
    const server = net.createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    server.close()
    await once(server, 'close')
    if (!taken.has(port)) return taken.add(port), port
  }
}

export async function request(url, { method = 'GET', json, headers = {}, body } = {}) {
  const answer = await fetch(url, {
    method: json !== undefined && method === 'GET' ? 'POST' : method,
    headers: { ...(json !== undefined ? { 'Content-Type': 'application/json' } : {}), ...headers },
    body: json !== undefined ? JSON.stringify(json) : body,
    redirect: 'manual',
  })
  const text = await answer.text()
  let parsed
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  return { status: answer.status, headers: answer.headers, text, json: parsed }
}

class Running {
  constructor(name, file, args, env, log) {
    this.name = name
    this.log = log
    this.process = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = new Promise(done => {
      this.process.on('exit', (code, signal) => done({ code, signal }))
      this.process.on('error', error => done({ error: error.message })) // it could not be started: there is no exit to wait for
    })
    this.ended.then(how => (this.how = how))
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', piece => appendFileSync(log, piece))
  }
  text() {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8') : ''
  }
  async started(look) {
    return until(`${this.name} to start`, async () => {
      if (this.how) throw new Error(`${this.name} ended: ${JSON.stringify(this.how)}\n${this.text().slice(-3000)}`)
      return look()
    })
  }
  async kill(signal = 'SIGKILL') {
    if (!this.how) this.process.kill(signal)
    return this.ended
  }
  async stop() {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 20_000)
    const how = await this.kill('SIGTERM')
    clearTimeout(timer)
    return how
  }
}

/** One folder with everything a test starts. `await using`-like: call `end()` in `after`. */
export class World {
  constructor(name) {
    this.dir = mkdtempSync(path.join(tmpdir(), `trunkline-${name}-`))
    this.children = []
    this.adminToken = randomBytes(16).toString('hex')
    this.token = `123456:${randomBytes(16).toString('hex')}`
    this.secret = randomBytes(12).toString('hex')
  }

  start(name, file, args, env = {}) {
    const child = new Running(name, file, args, env, path.join(this.dir, `${name}.log`))
    this.children.push(child)
    return child
  }

  async license() {
    this.key ??= (await promisify(execFile)(program('trunkctl'), ['license', 'new'])).stdout.trim()
    return this.key
  }

  async sim({ args = [], token = this.token } = {}) {
    this.simPort ??= await freePort()
    this.simUrl = `http://127.0.0.1:${this.simPort}`
    this.simLog = path.join(this.dir, 'sim.jsonl')
    const child = this.start('sim', program('trunkline-sim-telegram'), [
      '--listen', `127.0.0.1:${this.simPort}`, '--token', token, '--allow-http-webhook', '--allow-private-webhook', '--fast', '20', '--log', this.simLog, ...args,
    ])
    await child.started(() => child.text().includes('listening on'))
    return child
  }
  control(what, json) {
    return request(`${this.simUrl}/control/${what}`, json === undefined ? {} : { json })
  }
  async chat(user) {
    return (await this.control(`chats/${user}/messages`)).json
  }

  async portal() {
    this.portalPort ??= await freePort()
    this.portalUrl = `http://127.0.0.1:${this.portalPort}`
    this.hostPort ??= await freePort()
    const file = path.join(this.dir, 'portal.yaml')
    writeFileSync(file, `listen: 127.0.0.1:${this.portalPort}
public_url: ${this.portalUrl}
host: {url: "http://127.0.0.1:${this.hostPort}", portal: acme, license_key: ${await this.license()}}
store: {path: ${this.dir}/portal.db}
files: {path: ${this.dir}/portal-files}
allow_private: true
`, { mode: 0o600 })
    const child = this.start('portal', program('trunkline-portal'), ['--config', file])
    await child.started(async () => (await request(`${this.portalUrl}/healthz`)).status === 200)
    return child
  }

  /** `portal`, `lane` and `settings` are lines of YAML put into their places. */
  async hostConfig({ portalUrl, portal = '', lane = '', settings = '', top = '', receive = 'webhook', apiBase } = {}) {
    this.hostPort ??= await freePort()
    this.adminPort ??= await freePort()
    this.hostUrl = `http://127.0.0.1:${this.hostPort}`
    this.adminUrl = `http://127.0.0.1:${this.adminPort}`
    const file = path.join(this.dir, 'trunkline.yaml')
    writeFileSync(file, `listen: {public: "127.0.0.1:${this.hostPort}", admin: "127.0.0.1:${this.adminPort}", threads: 2}
public_url: ${this.hostUrl}
admin_token: ${this.adminToken}
store: {path: ${this.dir}/store, key: {file: ${this.dir}/store.key}}
plugins: {directory: ${this.plugins ?? plugins}}
network: {allow_private: true}
${top}
portals:
  - id: acme
    url: ${portalUrl ?? `${this.portalUrl}/trunkline/events`}
    license_key: ${await this.license()}
${portal.replace(/^/gm, '    ')}
    lanes:
      - name: messages
        retry: {first: 50ms, max: 400ms}
        timeout: 3s
${lane.replace(/^/gm, '        ')}
      - {name: presence, events: [typing, presence], order: keyed, delivery: best_effort}
accounts:
  - id: acme-telegram
    connector: telegram
    portal: acme
    line: support
    settings:
      token: "${this.token}"
      secret: ${this.secret}
      api_base: ${apiBase ?? this.simUrl}
      receive: ${receive}
${settings.replace(/^/gm, '      ')}
`, { mode: 0o600 })
    return file
  }

  async host(options = {}) {
    const file = options.file ?? (await this.hostConfig(options))
    const child = this.start('host', program('trunkline'), ['--config', file], options.env)
    await child.started(async () => (await request(`${this.hostUrl}/readyz`)).status === 200)
    return child
  }
  admin(what, json) {
    return request(`${this.adminUrl}${what}`, { headers: { Authorization: `Bearer ${this.adminToken}` }, ...(json === undefined ? {} : { json }) })
  }
  async trunkctl(...words) {
    const { stdout } = await promisify(execFile)(program('trunkctl'), ['--admin', this.adminUrl, '--token', this.adminToken, ...words])
    return stdout
  }
  async webhookSet() {
    return until('the webhook to be set', async () => {
      const info = await request(`${this.simUrl}/bot${this.token}/getWebhookInfo`)
      return info.json?.result?.url?.includes('/hooks/')
    })
  }

  /** All events the portal has stored, in its order: {position, lane, epoch, sequence, event}. */
  async events(lane = 'messages') {
    const out = []
    for (;;) {
      const after = out.length ? out[out.length - 1].position : 0
      const page = (await request(`${this.portalUrl}/api/events?lane=${lane}&after=${after}&limit=1000`)).json
      if (!page?.events) throw new Error('the portal does not answer')
      out.push(...page.events)
      if (page.events.length < 1000) return out
    }
  }

  async end(failed = false) {
    await Promise.all(this.children.map(child => child.kill()))
    if (failed || process.env.TRUNKLINE_KEEP) console.error(`kept: ${this.dir}`)
    else rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Runs a test with a world of its own; on failure its folder is kept and its logs' ends are printed. */
export function withWorld(name, run) {
  return async t => {
    const world = new World(name)
    let failed = true
    try {
      await run(world, t)
      failed = false
    } finally {
      if (failed) {
        for (const child of world.children) console.error(`--- ${child.name}\n${child.text().slice(-2500)}`)
      }
      await world.end(failed)
    }
  }
}
