// What waits when the configuration changes under it, and what a webhook waits for.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { until, withWorld } from './harness.mjs'
import { hook, update } from './hostile.mjs'

const texts = portal => portal.of('message').map(e => e.message.text)
const lanes = async world => JSON.parse(await world.trunkctl('--json', 'lanes'))

/** A host whose portal takes the opening batch and nothing else, and one message that waits. */
async function waiting(world, text) {
  const portal = await new ForeignPortal(await world.license()).listen()
  await world.sim()
  portal.answer = batch => ({ status: batch.events.length === 0 ? 200 : 503 })
  const host = await world.host({ portalUrl: portal.url })
  await world.webhookSet()
  assert.equal((await hook(world, update(1, text))).status, 200)
  // Behind the notice that the account is ready.
  await until('it waits', async () => (await lanes(world)).find(lane => lane.name === 'portal/acme/messages')?.depth === 2)
  return { portal, host, file: await world.hostConfig({ portalUrl: portal.url }) }
}

test('a lane that was renamed is delivered to its end', withWorld('renamed-lane', async world => {
  const { portal, host, file } = await waiting(world, 'before the rename')
  try {
    await host.kill('SIGTERM')
    writeFileSync(file, readFileSync(file, 'utf8').replace('- name: messages', '- name: talk'))
    portal.answer = () => ({ status: 200 })
    const next = await world.host({ file })
    await until('what waited', () => texts(portal).includes('before the rename'))
    assert.match(next.text(), /lane\.draining lane=portal\/acme\/messages/)
    assert.equal((await hook(world, update(2, 'after it'))).status, 200)
    await until('what came after', () => texts(portal).includes('after it'))
    assert.deepEqual(texts(portal), ['before the rename', 'after it'])
    const names = new Map((await lanes(world)).map(lane => [lane.name, lane.depth]))
    assert.equal(names.get('portal/acme/messages'), 0)
    assert.ok(names.has('portal/acme/talk'))
    await next.kill('SIGTERM')
    const last = await world.host({ file })
    assert.equal(last.text().split('lane.draining').length, 2, 'an empty lane is forgotten: it was told once, by the start before')
  } finally {
    await portal.close()
  }
}))

test('what waits for a portal that is gone is shown, kept, and delivered when it is back', withWorld('orphaned', async world => {
  const { portal, host, file } = await waiting(world, 'for a portal that goes')
  const whole = readFileSync(file, 'utf8')
  try {
    await host.kill('SIGTERM')
    writeFileSync(file, whole.replaceAll('acme', 'other'))
    const alone = await world.host({ file })
    assert.match(alone.text(), /lane\.orphaned lane=portal\/acme\/messages waiting=2/)
    const orphan = (await lanes(world)).find(lane => lane.name === 'portal/acme/messages')
    assert.equal(orphan.state, 'orphaned')
    assert.equal(orphan.depth, 2)
    await alone.kill('SIGTERM')
    writeFileSync(file, whole)
    portal.answer = () => ({ status: 200 })
    await world.host({ file })
    await until('what waited', () => texts(portal).includes('for a portal that goes'))
  } finally {
    await portal.close()
  }
}))

test('a webhook is answered when its events are durable, whatever its connector still does', withWorld('answered-early', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    await world.host({ portalUrl: portal.url })
    await world.webhookSet()
    // The connector tells Telegram that the press was seen; that call now takes longer than a webhook may.
    await world.control('faults', { method: 'answerCallbackQuery', count: 1, action: 'delay', delay_ms: 60_000 })
    const pressed = { id: '77', from: { id: 5012345, is_bot: false, first_name: 'Ann' }, chat_instance: '1', data: 'yes', message: update(8, 'a question').message }
    const started = hook(world, { update_id: 9, callback_query: pressed })
    await until('the call that hangs', async () => (await world.control('faults')).json.length === 0)
    // The simulator will not have answered for a minute; the webhook does not wait for that.
    assert.equal((await started).status, 200)
    await until('the event', () => portal.of('callback').length === 1)
    assert.equal((await world.admin('/v1/quarantine')).json.items.length, 0)
    assert.equal(portal.of('unsupported').length, 0)
  } finally {
    await portal.close()
  }
}))
