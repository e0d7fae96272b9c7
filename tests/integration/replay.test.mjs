// What nobody understood at first is understood by a newer connector, and takes its placeholder's place.
import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { assertSecretsKept, hook, update } from './hostile.mjs'
import { build, plugins, request, until, withWorld } from './harness.mjs'

const quarantine = async world => JSON.parse(await world.trunkctl('--json', 'quarantine'))

test('a payload is replayed to a connector that has learned to read it', withWorld('replay', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    world.plugins = path.join(world.dir, 'plugins')
    mkdirSync(world.plugins)
    copyFileSync(path.join(plugins, 'telegram.so'), path.join(world.plugins, 'telegram.so'))
    copyFileSync(path.join(build, 'test-connectors/learner.so'), path.join(world.plugins, 'learner.so'))
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    appendFileSync(file, '  - {id: learning, connector: learner, portal: acme}\n')
    let host = await world.host({ file })
    const send = body => request(`${world.hostUrl}/hooks/learning/deep?topic=1`, { method: 'POST', body, headers: { 'X-Topic': 'orders', Cookie: 'a=b', 'X-Gate-Token': 'sesame' } })
    assert.equal((await send('say hello')).status, 200)
    assert.equal((await send('mumble')).status, 200)
    await until('both placeholders', () => portal.of('unsupported').length === 2)
    const [first, second] = portal.of('unsupported')
    await assert.rejects(world.trunkctl('quarantine', 'replay', first.quarantine), /BAD_INPUT/, 'the connector is the same')

    assert.deepEqual(await host.stop(), { code: 0, signal: null })
    copyFileSync(path.join(build, 'test-connectors/next/learner.so'), path.join(world.plugins, 'learner.so'))
    host = await world.host({ file })
    await world.trunkctl('quarantine', 'replay', first.quarantine)
    const edited = await until('the message in its place', () => portal.of('edited')[0])
    assert.equal(edited.replaces, first.id)
    assert.equal(edited.message.text, 'POST /deep?topic=1 x-topic=orders say hello', 'as it came, but for what opens doors')
    assert.deepEqual((await quarantine(world)).map(row => row.id), [second.quarantine])

    const before = portal.events.length
    await assert.rejects(world.trunkctl('quarantine', 'replay', second.quarantine), /BAD_INPUT/)
    await assert.rejects(world.trunkctl('quarantine', 'replay', first.quarantine), /no such/, 'once')
    assert.deepEqual((await quarantine(world)).map(row => row.id), [second.quarantine])

    // Telegram: understood as what it is, and still nothing that could be shown.
    assert.equal((await hook(world, update(1, undefined, { dice: { emoji: '🎲', value: 4 } }))).status, 200)
    const dice = await until('its placeholder', () => portal.of('unsupported')[2])
    await assert.rejects(world.trunkctl('quarantine', 'replay', dice.quarantine), new RegExp(dice.reason))
    assert.equal((await quarantine(world)).length, 2)
    await hook(world, update(2, 'afterwards'))
    await until('the one after', () => portal.of('message').some(e => e.message.text === 'afterwards'))
    assert.deepEqual(portal.events.slice(before).filter(e => e.type !== 'notice').map(e => e.type), ['unsupported', 'message'], 'refused replays tell the portal nothing')
    await assertSecretsKept(world, { events: portal.events, secrets: ['sesame'] })
  } finally {
    await portal.close()
  }
}))
