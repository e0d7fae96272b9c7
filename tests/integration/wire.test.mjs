// The wire as code that is not ours sees it: npm's jose and standardwebhooks on the portal's side.
import assert from 'node:assert/strict'
import test from 'node:test'
import { derive, ForeignPortal } from './foreign_portal.mjs'
import { request, until, withWorld } from './harness.mjs'

async function withForeignPortal(world, options = {}) {
  const portal = await new ForeignPortal(await world.license()).listen()
  await world.sim()
  await world.host({ portalUrl: portal.url, ...options })
  await world.webhookSet()
  return portal
}
const customer = async world => (await world.control('users', { name: 'Ann' })).json.id
const send = (id, user, message, more = {}) => ({ id, type: 'send', account: 'acme-telegram', conversation: String(user), message, ...more })

test('jose and standardwebhooks open what the host delivers and seal what it takes', withWorld('wire', async world => {
  const portal = await withForeignPortal(world)
  try {
    await until('the opening batch', () => portal.batches.some(batch => batch.events.length === 0))
    const user = await customer(world)
    await world.control('say', { user, text: 'Is it in stock? 👋' })
    const message = await until('the message', () => portal.of('message')[0])
    assert.equal(message.message.text, 'Is it in stock? 👋')
    assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
    assert.equal(message.conversation_sequence, 1)

    const answer = await portal.send(world.hostUrl, [send('c-1', user, { text: 'Yes 👍' })])
    assert.equal(answer.status, 202, answer.text)
    assert.deepEqual(answer.json, { results: [{ id: 'c-1', status: 'accepted' }] })
    const status = await until('the status', () => portal.of('status')[0])
    assert.equal(status.command, 'c-1')
    assert.equal(status.state, 'sent')
    assert.equal((await world.chat(user)).filter(m => m.from.is_bot).length, 1)

    // The same id again, however sealed, changes nothing and is answered alike.
    const again = await portal.send(world.hostUrl, [send('c-1', user, { text: 'Yes 👍' })])
    assert.deepEqual(again.json, answer.json)
    const other = await portal.send(world.hostUrl, [
      send('c-2', 999, { text: 'spam' }), send('c-3', user, { text: 'x' }, { account: 'nobody' }), { id: 'c-4', type: 'dance' }, send('c-5', user, { text: 'fine' }),
    ])
    assert.equal(other.status, 202)
    assert.deepEqual(other.json.results.map(r => r.error?.code ?? r.status), ['conversation_not_started', 'account_not_found', other.json.results[2].error.code, 'accepted'])
    assert.deepEqual((await portal.send(world.hostUrl, [send('c-2', 999, { text: 'spam' })])).json.results[0], other.json.results[0], 'a refusal is remembered')
    await until('both answers', async () => (await world.chat(user)).filter(m => m.from.is_bot).length === 2)
  } finally {
    await portal.close()
  }
}))

test('what is stale, forged, foreign or clear is refused, and nothing says which', withWorld('forged', async world => {
  const portal = await withForeignPortal(world)
  try {
    const user = await customer(world)
    await world.control('say', { user, text: 'hi' })
    await until('the message', () => portal.of('message')[0])
    const command = send('f-1', user, { text: 'never' })
    const foreign = derive('tlk_FjZ6rLZ6SgF8jairlWgsyzkIY3gPcRTdoKDgxVZEx8Q')
    const seen = new Set()
    for (const options of [
      { at: new Date(Date.now() - 301_000) }, { at: new Date(Date.now() + 310_000) }, { keys: foreign }, { keys: { ...portal.keys, encrypt: foreign.encrypt } },
      { keys: { ...portal.keys, sign: portal.keys.verify } }, { encrypt: false }, { tamper: body => body.slice(0, -2) + (body.endsWith('A') ? 'B' : 'A') }, { tamper: () => '' },
    ]) {
      const answer = await portal.send(world.hostUrl, [command], options)
      assert.equal(answer.status, 401, JSON.stringify(Object.keys(options)))
      seen.add(answer.text)
    }
    assert.equal(seen.size, 1, 'one answer for all')
    const unknown = await request(`${world.hostUrl}/v1/portals/nobody/commands`, { method: 'POST', body: 'x' })
    assert.equal(unknown.status, 401)
    assert.equal((await world.chat(user)).filter(m => m.from.is_bot).length, 0)
  } finally {
    await portal.close()
  }
}))

test('a key is rotated without losing a message', withWorld('rotate', async world => {
  const portal = await withForeignPortal(world)
  try {
    const user = await customer(world)
    await world.control('say', { user, text: 'under the old key' })
    await until('the first message', () => portal.of('message').length === 1)
    const { next_license_key: next } = JSON.parse(await world.trunkctl('--json', 'license', 'rotate', 'acme'))
    const keys = derive(next)
    await world.control('say', { user, text: 'signed with both' })
    await until('the second message', () => portal.of('message').length === 2)
    const old = portal.keys
    // The portal takes the new key: its first authentic request promotes it.
    const answer = await portal.send(world.hostUrl, [send('r-1', user, { text: 'new key' })], { keys })
    assert.equal(answer.status, 202, answer.text)
    assert.match(await world.trunkctl('portals'), /promoted/)
    portal.keys = keys
    await world.control('say', { user, text: 'under the new key' })
    await until('the third message', () => portal.of('message').length === 3)
    assert.equal((await portal.send(world.hostUrl, [send('r-2', user, { text: 'old key still works' })], { keys: old })).status, 202)
    await world.trunkctl('license', 'finish', 'acme')
    assert.equal((await portal.send(world.hostUrl, [send('r-3', user, { text: 'no longer' })], { keys: old })).status, 401)
    assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
  } finally {
    await portal.close()
  }
}))

test('a media command gives a one-time address that enforces size and digest', withWorld('media', async world => {
  const portal = await withForeignPortal(world)
  try {
    const user = await customer(world)
    await world.control('say', { user, text: 'hi' })
    await until('the message', () => portal.of('message')[0])
    const bytes = Buffer.from('the file')
    const { createHash } = await import('node:crypto')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const media = { name: 'a.txt', mime: 'text/plain', size: bytes.length, sha256 }
    const granted = (await portal.send(world.hostUrl, [{ id: 'm-1', type: 'media', account: 'acme-telegram', media }])).json.results[0]
    assert.equal(granted.status, 'accepted', JSON.stringify(granted))
    const put = body => fetch(granted.media.put, { method: 'PUT', body }).then(r => r.status)
    assert.equal(await put(Buffer.from('the fil!')), 422, 'another digest')
    assert.ok([413, 422].includes(await put(Buffer.from('the file and more'))), 'more bytes')
    assert.equal(await put(bytes), 204)
    assert.equal(await put(bytes), 404, 'used up')
    await portal.send(world.hostUrl, [send('m-2', user, { text: 'here', attachments: [{ kind: 'file', media: granted.media.id }] })])
    const sent = await until('the file', async () => (await world.chat(user)).find(m => m.document))
    assert.equal(sent.document.file_size, bytes.length)
    assert.equal(sent.document.file_name, 'a.txt')
    await portal.send(world.hostUrl, [send('m-3', user, { text: 'x', attachments: [{ kind: 'file', media: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }] })])
    const failed = await until('the failure', () => portal.of('status').find(s => s.command === 'm-3'))
    assert.equal(failed.error.code, 'media_not_found')
  } finally {
    await portal.close()
  }
}))
