// Everything that can go wrong between a host and Telegram, one switch of the simulator after the other, while a customer
// speaks and is answered: nothing is lost, nothing comes in another order, nothing is answered twice. Once by webhook, once by
// long polls.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Customer } from './fidelity_in.mjs'
import { Talk } from './fidelity_out.mjs'
import { request, until, withWorld } from './harness.mjs'
import { withForeignPortal } from './roundtrip_world.mjs'

const deliveries = [
  { action: 'repeat', count: 3 },
  { action: 'delay', delay_ms: 300, count: 3 },
  { action: 'drop_before', count: 2 },
  { action: 'drop_after', count: 2 },
  { action: 'unknown_field', count: 3 },
  { action: 'unknown_kind', count: 2 },
].map(fault => ({ on: 'deliveries', ...fault }))

const calls = [
  { action: '5xx', method: 'sendMessage', count: 2 },
  { action: '429', method: 'sendMessage', count: 2, retry_after: 1 },
  { action: 'html', method: 'sendMessage', count: 1, unknown: true },
  { action: 'drop_before', method: 'sendMessage', count: 1, unknown: true },
  { action: 'drop_after', method: 'sendMessage', count: 1, unknown: true },
  { action: 'delay', method: 'sendMessage', delay_ms: 300, count: 3 },
  { action: 'unknown_field', method: 'sendMessage', count: 3 },
].map(fault => ({ on: 'calls', ...fault }))

// What a host that polls gets in place of updates.
const polls = [
  { action: '5xx', method: 'getUpdates', count: 2 },
  { action: '429', method: 'getUpdates', count: 1, retry_after: 1 },
  { action: 'html', method: 'getUpdates', count: 1 },
  { action: 'drop_before', method: 'getUpdates', count: 1 },
  { action: 'drop_after', method: 'getUpdates', count: 1 },
  { action: 'delay', method: 'getUpdates', delay_ms: 300, count: 1 },
  { action: 'unknown_field', method: 'getUpdates', count: 2 },
].map(fault => ({ on: 'calls', ...fault }))

const words = ['one', 'two', 'three']

/** A customer says three things while something is wrong, and is answered three times. */
async function conversation(world, portal, fault, number) {
  const customer = await new Customer(world, portal, number).comes()
  const set = async () => {
    const { unknown, ...switched } = fault
    const answer = await world.control('faults', switched)
    assert.equal(answer.status, 200, answer.text)
  }
  if (fault.on === 'deliveries' || fault.method === 'getUpdates') await set()
  for (const text of words) await customer.says({ text })
  const heard = await until('all three', () => {
    const found = portal.of('message').filter(e => e.conversation.id === String(customer.id) && words.includes(e.message.text))
    return found.length >= 3 && found
  })
  assert.deepEqual(heard.map(e => e.message.text), words, 'in order, each once')

  if (fault.on === 'calls' && fault.method !== 'getUpdates') await set()
  const talk = new Talk(customer)
  const ids = []
  for (const text of words) ids.push(await talk.speaker.send({ text: `answer ${text}` }))
  const ends = []
  for (const id of ids) ends.push(await talk.ends(id))
  const seen = (await talk.seen()).map(message => message.text)
  for (const [i, end] of ends.entries()) {
    const times = seen.filter(text => text === `answer ${words[i]}`).length
    // What may have arrived and cannot be confirmed ends as unknown, and is never said a second time.
    if (end.state === 'unknown') assert.ok(fault.unknown && times <= 1, `${JSON.stringify(end)} seen ${times} times`)
    else assert.deepEqual([end.state, times], ['sent', 1], JSON.stringify(end))
  }
  if (fault.unknown) assert.equal(ends.filter(end => end.state === 'unknown').length, fault.count, 'the switch did something')
  assert.deepEqual(seen, words.map(text => `answer ${text}`).filter(text => seen.includes(text)), 'in order')
  // Nothing came a second time while the answers were on their way.
  assert.equal(portal.of('message').filter(e => e.conversation.id === String(customer.id) && words.includes(e.message.text)).length, 3)
  return customer
}

async function counted(world, name) {
  const text = (await request(`${world.adminUrl}/metrics`, { headers: { Authorization: `Bearer ${world.adminToken}` } })).text
  const line = text.split('\n').find(each => each.startsWith(`trunkline_connector_counted_${name}_total{`))
  return line ? Number(line.split(' ').at(-1)) : 0
}

/** A revoked token stops the account's answers, and nothing of them is lost. */
async function revoked(world, portal, number) {
  const customer = await new Customer(world, portal, number).comes()
  await world.control('faults', { on: 'calls', action: 'token_revoked' })
  const talk = new Talk(customer)
  const ids = []
  for (const text of words) ids.push(await talk.speaker.send({ text }))
  const notice = await until('the notice', () => portal.of('notice').find(e => e.account?.state === 'bad_credentials'))
  assert.ok(notice.account.action, 'says what to do')
  assert.equal((await talk.seen()).length, 0)
  await request(`${world.simUrl}/control/faults`, { method: 'DELETE' })
  await world.trunkctl('accounts', 'resume', 'acme-telegram')
  for (const id of ids) assert.equal((await talk.ends(id)).state, 'sent')
  assert.deepEqual((await talk.seen()).map(m => m.text), words)
}

for (const receive of ['webhook', 'poll']) {
  test(`by ${receive}`, withWorld(`faults-${receive}`, world => withForeignPortal(world, async portal => {
    const faults = [...deliveries, ...(receive === 'poll' ? polls : []), ...calls]
    for (const [number, fault] of faults.entries()) {
      await conversation(world, portal, fault, number).catch(error => {
        error.message = `${fault.on} ${fault.action} ${fault.method ?? ''}: ${error.message}`
        throw error
      })
    }
    // What nobody knew is counted and has its place; what it stood beside was read.
    assert.equal(portal.of('unsupported').length, 2)
    assert.ok((await counted(world, 'unknown_members')) >= 3)
    assert.equal(await counted(world, 'unsupported'), 2)
    await revoked(world, portal, faults.length)
  }, { receive, settings: receive === 'poll' ? 'poll_timeout: 1s' : '' })))
}
