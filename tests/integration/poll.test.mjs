// Receiving by asking: against an emulator that others wrote, and against our own stricter one.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { freePort, request, until, withWorld } from './harness.mjs'

const TelegramServer = createRequire(import.meta.url)('telegram-test-api')
// What goes wrong within the emulator ends up here; a test fails by what it then misses.
process.on('unhandledRejection', error => console.error('emulator:', error.message))

const texts = portal => portal.of('message').map(e => e.message.text)
const isContiguous = portal => assert.deepEqual(portal.events.map(e => e.sequence), portal.events.map((_, i) => i + 1))
const account = async world => (await world.admin('/v1/accounts')).json.items[0]

test('a foreign emulator and the connector understand each other', withWorld('emulator', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  const emulator = new TelegramServer({ host: '127.0.0.1', port: await freePort(), storeTimeout: 600 })
  await emulator.start()
  try {
    const host = await world.host({ portalUrl: portal.url, receive: 'poll', apiBase: emulator.config.apiURL })
    const customer = emulator.getClient(world.token, { userId: 77, chatId: 77, firstName: 'Ann', userName: 'ann_lee', type: 'private' })
    await until('the check to be content without getWebhookInfo', async () => (await account(world)).state === 'connected')

    for (let i = 0; i < 5; i++) await customer.sendMessage(customer.makeMessage(`question ${i} 👋`))
    await customer.sendCommand(customer.makeCommand('/start'))
    await until('all questions', () => portal.of('message').length === 6)
    assert.deepEqual(texts(portal), [...Array.from({ length: 5 }, (_, i) => `question ${i} 👋`), '/start'])
    const first = portal.of('message')[0]
    assert.equal(first.sender.name, 'Ann')
    assert.equal(first.sender.username, 'ann_lee')
    assert.equal(first.conversation.id, '77')

    const command = (id, more) => ({ id, type: 'send', account: 'acme-telegram', conversation: '77', ...more })
    const answered = await portal.send(world.hostUrl, [command('e-1', { message: { text: 'In stock 👍', spans: [{ type: 'bold', offset: 3, length: 5 }], buttons: [[{ id: 'b1', text: 'Reserve', payload: 'reserve:1' }, { id: 'b2', text: 'Shop', url: 'https://shop.example/' }]] } })])
    assert.equal(answered.json?.results[0].status, 'accepted', answered.text)
    const sent = await until('the status', () => portal.of('status').find(s => s.command === 'e-1'))
    assert.equal(sent.state, 'sent', JSON.stringify(sent))
    const stored = emulator.getUpdatesHistory(world.token).filter(item => item.message?.chat_id !== undefined)
    assert.equal(stored.length, 1, 'sent once')
    const { message } = stored[0]
    assert.equal(message.text, 'In stock 👍')
    assert.deepEqual(message.entities.map(({ type, offset, length }) => ({ type, offset, length })), [{ type: 'bold', offset: 3, length: 5 }])
    const keyboard = message.reply_markup.inline_keyboard
    assert.deepEqual(keyboard.map(row => row.map(b => [b.text, b.callback_data ?? b.url])), [[['Reserve', 'reserve:1'], ['Shop', 'https://shop.example/']]])
    assert.deepEqual(sent.messages, [String(stored[0].messageId)])

    const query = customer.makeCallbackQuery(keyboard[0][0].callback_data)
    await customer.sendCallback({ ...query, message: { ...query.message, message_id: stored[0].messageId, date: Math.floor(Date.now() / 1000) } })
    const pressed = await until('the press', () => portal.of('callback')[0])
    assert.equal(pressed.button.payload, 'reserve:1')
    assert.equal(pressed.conversation.id, '77')
    assert.equal(pressed.message.id, String(stored[0].messageId))

    await portal.send(world.hostUrl, [command('e-2', { type: 'edit', message: { id: sent.messages[0], text: 'Sold out' } })])
    await until('the edit', () => emulator.getUpdatesHistory(world.token).some(item => item.message?.text === 'Sold out'))
    await portal.send(world.hostUrl, [command('e-3', { type: 'delete', message: { id: sent.messages[0] } })])
    await until('the deletion', () => !emulator.getUpdatesHistory(world.token).some(item => item.message?.text === 'Sold out'))

    // Each update is handed out once by this server, so a host that came back must not have needed it again.
    assert.deepEqual(await host.stop(), { code: 0, signal: null })
    await customer.sendMessage(customer.makeMessage('while you were out'))
    await world.host({ portalUrl: portal.url, receive: 'poll', apiBase: emulator.config.apiURL })
    await until('what was said meanwhile', () => texts(portal).includes('while you were out'))
    isContiguous(portal)
    assert.equal(portal.of('unsupported').length, 0)
  } finally {
    await emulator.stop()
    await portal.close()
  }
}))

const polling = { receive: 'poll', settings: 'poll_timeout: 5s' }
async function polled(world, options = {}) {
  const portal = await new ForeignPortal(await world.license()).listen()
  await world.sim()
  await world.host({ portalUrl: portal.url, ...polling, ...options })
  return portal
}

test('all kinds of content arrive by polling', withWorld('poll', async world => {
  const portal = await polled(world)
  try {
    const user = (await world.control('users', { name: 'Вера', username: 'vera_k', language: 'ru' })).json.id
    const say = async what => {
      const answer = await world.control('say', { user, ...what })
      assert.equal(answer.status, 200, answer.text)
      return answer.json
    }
    const first = await say({ text: 'жирно 👋', entities: [{ type: 'bold', offset: 0, length: 5 }] })
    await say({ kind: 'photo', text: 'такая' })
    await say({ kind: 'document', name: 'a.txt', mime: 'text/plain', bytes: Buffer.from('the file').toString('base64') })
    await say({ kind: 'voice', duration: 6 })
    await say({ kind: 'location', latitude: 55.75, longitude: 37.61 })
    await say({ kind: 'contact', phone_number: '+79990001122', first_name: 'Олег' })
    await say({ text: 'ответ', reply_to: first.message_id })
    await world.control('edit', { user, message_id: first.message_id, text: 'исправлено' })
    await world.control('update', { kind: 'message', queue: `chat${user}`, payload: { ...first, message_id: 99_001, text: undefined, dice: { emoji: '🎲', value: 4 } } })
    await say({ text: 'последнее' })
    await until('all of it', () => texts(portal).includes('последнее'))
    const got = portal.events.filter(e => e.type !== 'notice')
    assert.deepEqual(got.map(e => e.message?.attachments?.[0]?.kind ?? (e.message?.location && 'location') ?? (e.message?.contact && 'contact') ?? e.type), ['message', 'image', 'file', 'voice', 'location', 'contact', 'message', 'edited', 'unsupported', 'message'])
    assert.deepEqual(got[0].message.spans, [{ type: 'bold', offset: 0, length: 5 }])
    assert.equal(await (await fetch(got[2].message.attachments[0].url)).text(), 'the file')
    assert.equal(got[6].message.reply_to.id, String(first.message_id))
    assert.equal(got[7].message.text, 'исправлено')
    assert.match(await world.trunkctl('quarantine', 'show', got[8].quarantine), /dice/)
    isContiguous(portal)

    await portal.send(world.hostUrl, [{ id: 'p-1', type: 'send', account: 'acme-telegram', conversation: String(user), message: { text: 'Да?', buttons: [[{ id: 'b', text: 'Да', payload: 'yes' }]] } }])
    const answer = await until('the answer', async () => (await world.chat(user)).find(m => m.from.is_bot))
    await world.control('press', { user, message_id: answer.message_id, data: 'yes' })
    const pressed = await until('the press', () => portal.of('callback')[0])
    assert.equal(pressed.button.payload, 'yes')
    assert.equal((await account(world)).receive, 'poll')
  } finally {
    await portal.close()
  }
}))

test('kill -9 in the midst of polling loses nothing and doubles nothing', withWorld('poll-kill', async world => {
  const portal = await polled(world)
  try {
    const users = 8
    const messages = 60
    const flood = (await world.control('flood', { users, messages, rate: 120 })).json
    const host = () => world.children.filter(child => child.name === 'host').at(-1)
    for (let round = 1; round <= 4; round++) {
      await until('more of the flood', () => portal.of('message').length >= (round * flood.messages) / 6)
      await host().kill('SIGKILL')
      await world.host({ portalUrl: portal.url, ...polling })
    }
    await until('the whole flood', () => portal.of('message').length >= flood.messages)
    await world.control('say', { user: flood.first_id, text: 'the end' })
    await until('the end', () => texts(portal).includes('the end'))
    isContiguous(portal)
    const said = portal.of('message').filter(e => e.message.text !== 'the end')
    assert.equal(said.length, flood.messages, 'each once')
    for (let i = 0; i < users; i++) {
      const mine = said.filter(e => e.conversation.id === String(flood.first_id + i)).map(e => e.message.text)
      assert.deepEqual(mine, Array.from({ length: messages }, (_, n) => `flood ${i}:${n + 1}`))
    }
    assert.equal(portal.of('unsupported').length, 0)
    // The cursor was kept with what it stands for, so hardly anything was even fetched twice.
    assert.ok((await account(world)).repeats <= 100, 'no more than one poll’s worth')
  } finally {
    await portal.close()
  }
}))

test('another program that polls or sets a webhook is survived, and told', withWorld('poll-409', async world => {
  const portal = await polled(world)
  try {
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, text: 'before' })
    await until('the first message', () => texts(portal).includes('before'))

    const bot = method => request(`${world.simUrl}/bot${world.token}/${method}`)
    await until('the host to be thrown out', async () => {
      await bot('getUpdates?timeout=0')
      return (await account(world)).code === 'other_poller'
    })
    assert.equal((await account(world)).state, 'conflict')
    await until('the notice', () => portal.of('notice').some(n => n.code === 'account' && n.account?.state === 'conflict'))
    await world.control('say', { user, text: 'after the other one' })
    await until('the next message', () => texts(portal).includes('after the other one'))
    await until('all to be well', async () => (await account(world)).state === 'connected')

    assert.equal((await bot(`setWebhook?url=${encodeURIComponent('http://127.0.0.1:1/elsewhere')}`)).status, 200)
    await until('the webhook to be removed', async () => (await bot('getWebhookInfo')).json.result.url === '')
    await world.control('say', { user, text: 'after the webhook' })
    await until('the last message', () => texts(portal).includes('after the webhook'))
    assert.deepEqual(texts(portal), ['before', 'after the other one', 'after the webhook'])
    isContiguous(portal)
  } finally {
    await portal.close()
  }
}))

test('a backlog larger than the portal may take at once drains, in order and whole', withWorld('poll-limit', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const { messages } = (await world.control('flood', { users: 1, messages: 130 })).json
    await until('the backlog at the messenger', async () => (await request(`${world.simUrl}/bot${world.token}/getWebhookInfo`)).json.result.pending_update_count === messages)
    await world.host({ portalUrl: portal.url, ...polling, portal: 'limits: {events_per_second: 20}' })
    await until('all of it', () => portal.of('message').length === messages)
    assert.deepEqual(texts(portal), Array.from({ length: messages }, (_, n) => `flood 0:${n + 1}`))
    isContiguous(portal)
  } finally {
    await portal.close()
  }
}))

test('a host that waits in a long poll stops at once when told', withWorld('poll-stop', async world => {
  const portal = await polled(world, { settings: 'poll_timeout: 50s' })
  try {
    const host = world.children.find(child => child.name === 'host')
    await until('the long poll', async () => JSON.stringify((await world.control('log')).json).includes('getUpdates') || (await account(world)).state === 'connected')
    assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.text())
  } finally {
    await portal.close()
  }
}))
