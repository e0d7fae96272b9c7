// The table of Telegram's fidelity is the list of these tests: each row is made to happen between a customer and a portal, and
// must be what the table says. In the middle of each way the host is killed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'node:test'
import { incoming, Customer } from './fidelity_in.mjs'
import { outgoing, Talk } from './fidelity_out.mjs'
import { plugins, program, until, withWorld } from './harness.mjs'
import { withForeignPortal } from './roundtrip_world.mjs'

const { stdout } = await promisify(execFile)(program('trunkctl'), ['plugins', 'fidelity', path.join(plugins, 'telegram.so'), '--json'])
const rows = JSON.parse(stdout)
const usual = way => rows.filter(row => row.way === way && row.kind === '')
const names = list => list.map(row => row.feature).sort()

test('every row of the table is made to happen, and nothing else is', () => {
  // What Telegram never tells cannot be made to happen.
  assert.deepEqual(names(usual('in').filter(row => row.fidelity !== 'never')), Object.keys(incoming).sort())
  assert.deepEqual(names(usual('out')), Object.keys(outgoing).sort())
})

/** Killed without warning, and started again. */
async function killed(world, portal) {
  await world.children.filter(child => child.name === 'host').at(-1).kill('SIGKILL')
  await world.host({ portalUrl: portal.url })
}

test('in', withWorld('fidelity-in', world => withForeignPortal(world, async portal => {
  const list = usual('in').filter(row => incoming[row.feature])
  for (const [number, row] of list.entries()) {
    if (number === Math.floor(list.length / 2)) await crashIn(world, portal)
    const customer = await new Customer(world, portal, number).comes()
    await incoming[row.feature](customer).catch(error => {
      error.message = `in ${row.feature} (${row.fidelity}): ${error.message}`
      throw error
    })
  }
})))

/** Said while the host is being killed: acknowledged or not, it arrives once. */
async function crashIn(world, portal) {
  const customer = await new Customer(world, portal, 900).comes()
  await Promise.all([customer.says({ text: 'into the crash' }), killed(world, portal)])
  await customer.heard(e => e.message.text === 'into the crash')
  assert.equal(portal.of('message').filter(e => e.message.text === 'into the crash').length, 1)
}

/** What the host accepted before it was killed is sent afterwards, once. */
async function crashOut(world, portal) {
  const talk = new Talk(await new Customer(world, portal, 900).comes())
  const lane = (await world.admin('/v1/lanes')).json.items.find(one => one.name.includes('acme-telegram')).name
  await world.trunkctl('lanes', 'pause', lane)
  const id = await talk.speaker.send({ text: 'before the crash' })
  await killed(world, portal)
  await world.trunkctl('lanes', 'resume', lane)
  assert.equal((await talk.ends(id)).state, 'sent')
  assert.equal((await talk.seen()).filter(m => m.text === 'before the crash').length, 1)
}

test('out', withWorld('fidelity-out', world => withForeignPortal(world, async portal => {
  const list = usual('out')
  for (const [number, row] of list.entries()) {
    if (number === Math.floor(list.length / 2)) await crashOut(world, portal)
    const talk = new Talk(await new Customer(world, portal, number).comes())
    try {
      const status = await outgoing[row.feature](talk)
      if (!status) continue // fleeting commands have none
      assert.equal(status.state, row.fidelity === 'refused' ? 'failed' : 'sent', JSON.stringify(status))
      const changes = status.changes ?? []
      assert.equal(changes.length > 0, row.fidelity === 'converted', JSON.stringify(changes))
      for (const { what, how } of changes) assert.ok(row.how.includes(`${what}: ${how}`), `${what}: ${how} is not in "${row.how}"`)
    } catch (error) {
      error.message = `out ${row.feature} (${row.fidelity}): ${error.message}`
      throw error
    }
  }
  await until('nothing waits', async () => (await world.admin('/v1/lanes')).json.items.every(lane => lane.depth === 0))
})))
