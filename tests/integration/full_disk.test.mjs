// The store on a file system that really is full. What was acknowledged is delivered, what was not is the messenger's to repeat,
// and nobody has to come and restart anything.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { ForeignPortal } from './foreign_portal.mjs'
import { program, request, until, withWorld } from './harness.mjs'
import { hook, update } from './hostile.mjs'

const mount = folder => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', folder], { encoding: 'utf8' })
const unmount = folder => assert.equal(spawnSync('umount', [folder]).status, 0, `${folder} is unmounted`)

/** What keeps this process from mounting; undefined when nothing does. */
function hindrance() {
  const folder = mkdtempSync(path.join(tmpdir(), 'trunkline-mount-'))
  const { status, stderr, error } = mount(folder)
  if (status === 0) unmount(folder)
  rmdirSync(folder)
  return status === 0 ? undefined : error?.message ?? stderr.trim()
}
const hindered = hindrance()
const insideNamespace = process.env.TRUNKLINE_MOUNT_NAMESPACE === '1'

if (hindered !== undefined && !insideNamespace) {
  // Who may not mount here may be able to in a namespace of their own, in which all of this file then runs.
  test('the disk is filled in a mount namespace', () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { status, stdout, stderr, error } = spawnSync('unshare', ['-Urm', process.execPath, '--test', fileURLToPath(import.meta.url)], { encoding: 'utf8', env: { ...env, TRUNKLINE_MOUNT_NAMESPACE: '1' } })
    assert.equal(status, 0, `mounting here: ${hindered}; in a namespace: ${error?.message ?? ''}\n${stdout}${stderr}`)
  })
} else {
  test('a file system can be mounted', () => assert.equal(hindered, undefined))
  test('a full disk refuses, delivers what it has, and recovers when there is space', withWorld('full', onSmallDisk(recover)))
  test('kill -9 on a full disk loses nothing that was acknowledged', withWorld('full-kill', onSmallDisk(endWhileFull('SIGKILL'))))
  test('a host that is told to stop on a full disk ends in good order and loses nothing', withWorld('full-stop', onSmallDisk(endWhileFull('SIGTERM'))))
}

/** The world's store on 96 MiB (RocksDB resumes when a write buffer of 32 MiB has room), of which a ballast file takes a part; `free` takes it away. */
function onSmallDisk(run) {
  return async world => {
    const folder = path.join(world.dir, 'store')
    const ballast = path.join(folder, 'ballast')
    mkdirSync(folder)
    const mounted = mount(folder)
    assert.equal(mounted.status, 0, mounted.stderr)
    const portal = await new ForeignPortal(await world.license()).listen()
    try {
      writeFileSync(ballast, Buffer.alloc(72 << 20))
      await world.sim()
      await world.host({ portalUrl: portal.url })
      await world.webhookSet()
      const user = (await world.control('users', { name: 'Ann' })).json.id
      await world.control('say', { user, text: 'one who can be answered' })
      await until('the first message', () => portal.of('message').length === 1)
      world.user = user
      await run(world, portal, () => rmSync(ballast))
    } finally {
      await Promise.all(world.children.map(child => child.kill()))
      await portal.close()
      unmount(folder)
    }
  }
}

/** A messenger with some customers, each of whom says one thing after the other. */
class Messenger {
  constructor(world, customers = 8) {
    this.world = world
    this.updates = 1_000_000 // far from those of the simulator
    this.customers = Array.from({ length: customers }, (_, i) => ({ id: 7000 + i, said: 0, acknowledged: 0, pending: undefined }))
  }
  /** Delivers the customer's next message, or again the one that was refused; gives the answer back. */
  async next(customer) {
    if (!customer.pending) {
      const id = ++this.updates
      const chat = { id: customer.id, type: 'private', first_name: `Customer ${customer.id}` }
      customer.pending = update(id, `${customer.id}:${++customer.said} ${'я'.repeat(4000)}`, { chat, from: { ...chat, is_bot: false } })
    }
    const answer = await hook(this.world, customer.pending)
    if (answer.status === 200) {
      customer.pending = undefined
      customer.acknowledged = customer.said
    } else {
      assert.equal(answer.status, 503, answer.text)
      assert.ok(Number(answer.headers.get('retry-after')) > 0, 'it says when to come back')
    }
    return answer.status
  }
  everybody(work) {
    return Promise.all(this.customers.map(work))
  }
  async untilRefused() {
    await this.everybody(async customer => {
      while ((await this.next(customer)) === 200);
    })
  }
  get acknowledged() {
    return this.customers.reduce((sum, customer) => sum + customer.acknowledged, 0)
  }
  arrived(portal) {
    return portal.of('message').filter(e => e.message.text.endsWith('я'))
  }
  /** All that was acknowledged is at the portal, once, in order, and nothing else. */
  check(portal) {
    assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1), 'contiguous')
    const all = this.arrived(portal)
    for (const customer of this.customers) {
      const got = all.filter(e => e.conversation.id === String(customer.id)).map(e => Number(/^\d+:(\d+) я{4000}$/.exec(e.message.text)[1]))
      assert.deepEqual(got, Array.from({ length: customer.acknowledged }, (_, i) => i + 1), `customer ${customer.id}`)
    }
  }
}
async function fillUp(world, portal) {
  portal.answer = () => ({ status: 503 })
  const messenger = new Messenger(world)
  await messenger.untilRefused()
  assert.ok(messenger.acknowledged > 500, 'it was full only after a while')
  assert.equal(messenger.arrived(portal).length, 0)
  const ready = await until('the host to say why it is not ready', async () => {
    const answer = await request(`${world.hostUrl}/readyz`)
    return answer.status === 503 && answer
  })
  assert.deepEqual(ready.json.reasons, ['the store is full or broken'])
  assert.equal((await request(`${world.hostUrl}/healthz`)).status, 200, 'it is alive')
  assert.equal((await world.admin('/v1/status')).json.store.read_only, true)
  return messenger
}

async function recover(world, portal, free) {
  const messenger = await fillUp(world, portal)
  const host = world.children.at(-1)
  assert.match(host.text(), /error store\.read_only reason=/)
  const command = { id: 'f-1', type: 'send', account: 'acme-telegram', conversation: String(world.user), message: { text: 'are you there?' } }
  const refused = await portal.send(world.hostUrl, [command])
  assert.equal(refused.status, 503, 'a command cannot be kept either')

  portal.answer = () => ({ status: 200 })
  await world.trunkctl('lanes', 'kick', 'portal/acme/messages')
  await until('all that was acknowledged', () => messenger.arrived(portal).length >= messenger.acknowledged)
  messenger.check(portal)

  free()
  await until('the host to recover by itself', async () => (await request(`${world.hostUrl}/readyz`)).status === 200)
  assert.match(host.text(), /info store\.writable_again/)
  const reasons = [...host.text().matchAll(/store\.(still_read_only reason="[^"]*"|writable_again)/g)].map(match => match[1])
  assert.ok(reasons.every((reason, i) => reason !== reasons[i - 1]), `said once, not every second: ${reasons.join('\n')}`)
  await until('the messenger to get rid of what was refused', async () => {
    await messenger.everybody(customer => customer.pending && messenger.next(customer))
    return messenger.customers.every(customer => !customer.pending)
  })
  await messenger.everybody(async customer => {
    for (let i = 0; i < 5; i++) assert.equal(await messenger.next(customer), 200)
  })
  await until('everything', () => messenger.arrived(portal).length >= messenger.acknowledged)
  messenger.check(portal)
  const sent = await portal.send(world.hostUrl, [command])
  assert.equal(sent.json?.results[0].status, 'accepted', sent.text)
  const status = await until('its status', () => portal.of('status').find(e => e.command === 'f-1'))
  assert.equal(status.state, 'sent', JSON.stringify(status))
  assert.equal((await world.admin('/v1/dead-letters')).json.items.length, 0)
  assert.equal((await world.admin('/v1/status')).json.store.read_only, false)

  // What was acknowledged while nothing could be written is known after a restart, too.
  const before = portal.events.length
  assert.deepEqual(await host.stop(), { code: 0, signal: null })
  const delivered = portal.batches.flatMap(batch => batch.events).length
  await world.host({ portalUrl: portal.url })
  await messenger.everybody(customer => messenger.next(customer))
  await until('one more of each', () => messenger.arrived(portal).length >= messenger.acknowledged)
  messenger.check(portal)
  const repeated = portal.batches.flatMap(batch => batch.events).length - delivered - (portal.events.length - before)
  assert.equal(repeated, 0, 'a clean stop leaves nothing to be delivered again')
}

function endWhileFull(signal) {
  return async (world, portal, free) => {
    const messenger = await fillUp(world, portal)
    const how = await (signal === 'SIGTERM' ? world.children.at(-1).stop() : world.children.at(-1).kill())
    assert.deepEqual(how, signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal })
    // Started on a full disk it may not come up; then it says what is the matter and leaves everything as it is.
    const tried = spawnSync(program('trunkline'), ['--config', path.join(world.dir, 'trunkline.yaml')], { encoding: 'utf8', timeout: 5_000, killSignal: 'SIGKILL' })
    if (tried.signal === null) {
      assert.equal(tried.status, 1, tried.stderr)
      assert.match(tried.stderr, /host\.not_built reason=.*(No space left|no space)/i)
    }
    free()
    portal.answer = () => ({ status: 200 })
    await world.host({ portalUrl: portal.url })
    await until('the messenger to get rid of what was refused', async () => {
      await messenger.everybody(customer => customer.pending && messenger.next(customer))
      return messenger.customers.every(customer => !customer.pending)
    })
    await until('everything', () => messenger.arrived(portal).length >= messenger.acknowledged)
    messenger.check(portal)
    assert.equal((await world.admin('/v1/dead-letters')).json.items.length, 0)
  }
}
