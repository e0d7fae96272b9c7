// A connector that crashes, hangs and eats runs in a child: nobody else notices, and nothing is lost.
import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { hook, update } from './hostile.mjs'
import { build, plugins, request, until, withWorld } from './harness.mjs'

const put = (world, file) => copyFileSync(path.join(build, 'test-connectors', file), path.join(world.plugins, 'brittle.so'))

/** The host with two accounts of the brittle connector and one of another, that has nothing to do with it. */
async function running(world, portal, { more = '' } = {}) {
  world.plugins = path.join(world.dir, 'plugins')
  mkdirSync(world.plugins)
  put(world, 'brittle.so')
  copyFileSync(path.join(plugins, 'telegram.so'), path.join(world.plugins, 'telegram.so'))
  await world.sim()
  const file = await world.hostConfig({ portalUrl: portal.url, top: `connectors: {brittle: {isolation: process, memory: 256MiB, reply_within: 2s${more}}}` })
  appendFileSync(file, '  - {id: shaky, connector: brittle, portal: acme}\n  - {id: calm, connector: brittle, portal: acme}\n')
  const host = await world.host({ file })
  await world.webhookSet()
  return { file, host }
}

const post = (world, account, id, text) =>
  request(`${world.hostUrl}/hooks/${account}`, { method: 'POST', json: { chat: 'c', id: String(id), text } })
/** As a messenger does: again until it was taken. */
const deliver = (world, account, id, text) => until(`${account} ${id} to be taken`, async () => (await post(world, account, id, text)).status === 200)
const of = (portal, account) => portal.events.filter(e => e.account === account && ['message', 'unsupported', 'edited'].includes(e.type))
const shown = event => event.message?.text ?? event.type
const children = async world => JSON.parse(await world.trunkctl('--json', 'plugins')).find(row => row.name === 'brittle').children
const metric = async (world, name) => {
  const { text } = await world.admin('/metrics')
  return Number(new RegExp(`^${name}\\{connector="brittle"\\} (\\d+)`, 'm').exec(text)?.[1] ?? NaN)
}

for (const [fault, reason] of Object.entries({
  segfault: /signal 11 \(SIGSEGV\)/,
  abort: /signal 6 \(SIGABRT\): brittle: this cannot happen/,
  hang: /gave no answer within 2000 ms/,
  eat: /out of memory/,
})) {
  test(`a payload that makes its connector ${fault} is set aside in its place, and nobody else notices`, withWorld(`isolation-${fault}`, async world => {
    const portal = await new ForeignPortal(await world.license()).listen()
    try {
      const { host } = await running(world, portal)
      await deliver(world, 'shaky', 1, 'before')
      const poison = deliver(world, 'shaky', 2, fault)
      await until('its first death', async () => (await metric(world, 'trunkline_connector_child_deaths_total')) > 0)
      const behind = deliver(world, 'shaky', 3, 'behind')
      // Another connector is served at once, as if nothing were the matter.
      for (let i = 1; i <= 20; i++) assert.equal((await hook(world, update(i, `telegram ${i}`))).status, 200)
      await deliver(world, 'calm', 1, 'calm')
      await Promise.all([poison, behind])
      await deliver(world, 'shaky', 4, 'flood')
      await until('all of it', () => of(portal, 'shaky').length === 4 && of(portal, 'calm').length === 1 && of(portal, 'acme-telegram').length === 20)
      assert.deepEqual(of(portal, 'shaky').map(shown), ['before', 'unsupported', 'behind', 'flood'])
      assert.deepEqual(of(portal, 'acme-telegram').map(shown), Array.from({ length: 20 }, (_, i) => `telegram ${i + 1}`))
      const placeholder = of(portal, 'shaky')[1]
      const rows = JSON.parse(await world.trunkctl('--json', 'quarantine'))
      assert.deepEqual(rows.map(row => row.id), [placeholder.quarantine])
      const kept = JSON.parse(await world.trunkctl('--json', 'quarantine', 'show', placeholder.quarantine))
      assert.match(JSON.stringify(kept), new RegExp(`\\\\"text\\\\":\\\\"${fault}\\\\"`))
      assert.match(host.text(), new RegExp(`isolation\\.died connector=brittle@1\\.0\\.0#1 reason="${reason.source}`))
      assert.equal(await metric(world, 'trunkline_connector_child_deaths_total'), 3, 'three tries, and not one more')
      const [listed] = (await children(world)).filter(child => child.deaths > 0)
      assert.equal(listed.state, 'serving')
      assert.match(listed.last_death, reason)
      assert.deepEqual(await host.stop(), { code: 0, signal: null })
    } finally {
      await portal.close()
    }
  }))
}

test('a fixed version reads what was set aside, and each message takes its placeholder\'s place in their order', withWorld('isolation-fixed', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    const { file, host } = await running(world, portal)
    const texts = ['one', 'segfault', 'two', 'abort', 'three']
    for (const [i, text] of texts.entries()) await deliver(world, 'shaky', i, text)
    await until('all of it', () => of(portal, 'shaky').length === 5)
    assert.deepEqual(of(portal, 'shaky').map(shown), ['one', 'unsupported', 'two', 'unsupported', 'three'])
    const placeholders = of(portal, 'shaky').filter(e => e.type === 'unsupported')
    assert.deepEqual(await host.stop(), { code: 0, signal: null })
    put(world, 'fixed/brittle.so')
    await world.host({ file })
    for (const placeholder of placeholders) await world.trunkctl('quarantine', 'replay', placeholder.quarantine)
    await until('both to be readable', () => portal.of('edited').length === 2)
    assert.deepEqual(portal.of('edited').map(e => [e.replaces, e.message.text]), [[placeholders[0].id, 'segfault'], [placeholders[1].id, 'abort']])
    assert.deepEqual(JSON.parse(await world.trunkctl('--json', 'quarantine')), [])
    assert.equal(await metric(world, 'trunkline_connector_child_deaths_total'), 0)
  } finally {
    await portal.close()
  }
}))

test('a command that kills the child fails, and the next one is sent', withWorld('isolation-command', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await running(world, portal)
    await deliver(world, 'shaky', 1, 'hello')
    await until('the conversation', () => of(portal, 'shaky').length === 1)
    const command = (id, text) => ({ id, type: 'send', account: 'shaky', conversation: 'c', message: { text } })
    const answer = await portal.send(world.hostUrl, [command('bad', 'segfault'), command('good', 'hello yourself')])
    assert.equal(answer.status, 202, answer.text)
    const status = id => portal.of('status').find(e => e.command === id && e.state !== 'delayed')
    await until('both to be decided', () => status('bad') && status('good'))
    assert.equal(status('bad').state, 'failed')
    assert.match(status('bad').error.message, /died of it 3 times: signal 11/)
    assert.equal(status('good').state, 'sent')
    assert.deepEqual(status('good').messages, ['sent-hello yourself'])
    const dead = JSON.parse(await world.trunkctl('--json', 'dead-letters'))
    assert.equal(dead.length, 1)
    assert.equal(dead[0].lane, 'account/shaky')
  } finally {
    await portal.close()
  }
}))

test('what a connector may not do is refused, and the host says so', withWorld('isolation-refused', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    const { host } = await running(world, portal)
    await deliver(world, 'shaky', 1, 'open')
    await until('the first line', () => host.text().includes('isolation.refused'))
    await deliver(world, 'calm', 2, 'socket')
    await until('both', () => of(portal, 'shaky').length === 1 && of(portal, 'calm').length === 1)
    assert.deepEqual([...of(portal, 'shaky'), ...of(portal, 'calm')].map(shown), ['open refused', 'socket refused'])
    assert.match(host.text(), /isolation\.refused connector=brittle@1\.0\.0#1 call=openat /)
    assert.equal(await metric(world, 'trunkline_connector_child_refused_calls_total'), 2)
    const seen = readFileSync(`/proc/${(await children(world))[0].pid}/status`, 'utf8')
    assert.match(seen, /^NoNewPrivs:\s+1$/m)
    assert.match(seen, /^Seccomp:\s+2$/m)
  } finally {
    await portal.close()
  }
}))

test('children that are killed under load lose nothing, double nothing and keep the order', withWorld('isolation-killed', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await running(world, portal)
    const count = 400
    const sent = (async () => {
      for (let i = 0; i < count; i++) await deliver(world, 'shaky', i, `text ${i}`)
    })()
    const beside = (async () => {
      for (let i = 0; i < count; i++) await deliver(world, 'calm', i, `calm ${i}`)
    })()
    for (let deaths = 0; deaths < 4; deaths++) {
      const before = of(portal, 'shaky').length
      await until('some more to arrive', () => of(portal, 'shaky').length > Math.min(before + 10, count - 1))
      for (const child of await children(world)) if (child.pid) process.kill(child.pid, 'SIGKILL')
    }
    await Promise.all([sent, beside])
    await until('all of it', () => of(portal, 'shaky').length >= count && of(portal, 'calm').length >= count)
    assert.deepEqual(of(portal, 'shaky').map(shown), Array.from({ length: count }, (_, i) => `text ${i}`))
    assert.deepEqual(of(portal, 'calm').map(shown), Array.from({ length: count }, (_, i) => `calm ${i}`))
    assert.equal(JSON.parse(await world.trunkctl('--json', 'quarantine')).length, 0)
  } finally {
    await portal.close()
  }
}))

test('no child outlives its host', withWorld('isolation-orphans', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    const { host } = await running(world, portal)
    const pids = (await children(world)).map(child => child.pid)
    assert.ok(pids.length > 0 && pids.every(pid => pid > 0))
    await host.kill()
    const gone = pid => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].startsWith('Z') // nobody is left to reap it but init
      } catch {
        return true
      }
    }
    await until('all children to be gone', () => pids.every(gone))
  } finally {
    await portal.close()
  }
}))
