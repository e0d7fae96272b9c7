// The simulated Telegram as a program: what unit tests of its parts cannot see.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import test from 'node:test'
import { request, until, withWorld } from './harness.mjs'

/** A bot that is only its webhook: keeps what it is told, answers `answers` in turn and 200 then. */
class Bot {
  constructor(world) {
    Object.assign(this, { world, got: [], answers: [] })
    this.server = http.createServer(async (incoming, response) => {
      const pieces = []
      for await (const piece of incoming) pieces.push(piece)
      this.got.push({ secret: incoming.headers['x-telegram-bot-api-secret-token'], ...JSON.parse(Buffer.concat(pieces).toString()) })
      const { status = 200, headers = {} } = this.answers.shift() ?? {}
      response.writeHead(status, headers).end()
    })
  }
  async start() {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const set = await this.call('setWebhook', { url: `http://127.0.0.1:${this.server.address().port}/hook`, secret_token: 'a-secret', allowed_updates: ['message', 'my_chat_member'] })
    assert.equal(set.json.result, true, set.text)
    return this
  }
  call(method, json = {}) {
    return request(`${this.world.simUrl}/bot${this.world.token}/${method}`, { json })
  }
  texts() {
    return this.got.map(update => update.message?.text ?? Object.keys(update).find(name => !['update_id', 'secret'].includes(name)))
  }
  close() {
    this.server.closeAllConnections()
    this.server.close()
  }
}

const withBot = (name, run) => withWorld(name, async world => {
  await world.sim()
  const bot = await new Bot(world).start()
  try {
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await run(world, bot, user, text => world.control('say', { user, text }))
  } finally {
    bot.close()
  }
})
const delivery = (world, action, more = {}) => world.control('faults', { on: 'deliveries', method: 'message', action, ...more })

test('deliveries go wrong as a test asks for, and in order', withBot('sim-deliveries', async (world, bot, user, say) => {
  await delivery(world, 'repeat')
  await say('twice')
  await delivery(world, 'drop_after')
  await say('answer lost')
  await delivery(world, 'unknown_kind')
  await say('behind a stranger')
  await delivery(world, 'unknown_field')
  await say('with more')
  await until('all of them', () => bot.got.length >= 7)
  assert.deepEqual(bot.texts(), ['twice', 'twice', 'answer lost', 'answer lost', 'made_up_kind', 'behind a stranger', 'with more'])
  assert.ok(bot.got.every(update => update.secret === 'a-secret'))
  assert.equal(bot.got[0].update_id, bot.got[1].update_id)
  assert.equal(bot.got[2].update_id, bot.got[3].update_id)
  assert.ok(bot.got[6].made_up_member && bot.got[6].message.made_up_member)
  assert.deepEqual((await world.control('faults')).json, [])
}))

test('what is not taken is said in getWebhookInfo, and comes again', withBot('sim-errors', async (world, bot, user, say) => {
  bot.answers = [{ status: 502 }, { status: 503, headers: { 'Retry-After': '1' } }]
  await say('at last')
  await until('three tries', () => bot.got.length >= 3)
  assert.deepEqual(bot.texts(), ['at last', 'at last', 'at last'])
  const info = (await bot.call('getWebhookInfo')).json.result
  assert.equal(info.last_error_message, 'Wrong response from the webhook: 503 Service Unavailable')
  await until('nothing to wait', async () => (await bot.call('getWebhookInfo')).json.result.pending_update_count === 0)
  assert.equal((await bot.call('getUpdates')).status, 409)
}))

test('calls go wrong as a test asks for', withBot('sim-calls', async (world, bot, user, say) => {
  await say('hello')
  const send = text => bot.call('sendMessage', { chat_id: user, text })
  const shown = async () => (await world.chat(user)).map(message => message.text)
  await world.control('faults', { method: 'sendMessage', action: 'drop_before' })
  await assert.rejects(send('never'))
  await world.control('faults', { method: 'sendMessage', action: 'drop_after' })
  await assert.rejects(send('done'))
  assert.deepEqual(await shown(), ['hello', 'done'])
  await world.control('faults', { method: 'sendMessage', action: 'html', code: 200 })
  const page = await send('x')
  assert.equal(page.status, 200)
  assert.match(page.text, /^<html>/)
  await world.control('faults', { method: 'sendMessage', action: '429', retry_after: 7 })
  const flood = await send('x')
  assert.equal(flood.status, 429)
  assert.equal(flood.headers.get('retry-after'), '7')
  await world.control('faults', { action: 'token_revoked' })
  assert.equal((await send('x')).status, 401)
  assert.equal((await bot.call('getMe')).status, 401)
  await request(`${world.simUrl}/control/faults`, { method: 'DELETE' })
  assert.equal((await bot.call('getMe')).status, 200)
  assert.equal((await request(`${world.simUrl}/bot${world.token}`)).status, 404)
  assert.equal((await request(`${world.simUrl}/nothing`)).status, 404)
}))

test('many customers speak at once, each in order', withBot('sim-flood', async (world, bot) => {
  const flood = await world.control('flood', { users: 7, messages: 20, prefix: 'n' })
  assert.equal(flood.status, 202, 'it goes on')
  assert.deepEqual(flood.json, { users: 7, messages: 140, first_id: 6_000_000_000 })
  await until('all of them', () => bot.got.length >= 140)
  for (let user = 0; user < 7; user++) assert.deepEqual(bot.texts().filter(text => text.startsWith(`n ${user}:`)), Array.from({ length: 20 }, (_, n) => `n ${user}:${n + 1}`))
}))

test('a file is fetched whole or in part, with the token alone', withBot('sim-files', async (world, bot, user) => {
  const said = (await world.control('say', { user, kind: 'document', name: 'a.txt', mime: 'text/html', bytes: Buffer.from('0123456789').toString('base64') })).json
  const { file_path } = (await bot.call('getFile', { file_id: said.document.file_id })).json.result
  const address = `${world.simUrl}/file/bot${world.token}/${file_path}`
  assert.equal((await request(address)).text, '0123456789')
  const part = await request(address, { headers: { Range: 'bytes=2-4' } })
  assert.equal(part.status, 206)
  assert.equal(part.text, '234')
  assert.equal((await request(address.replace(world.token, '1:other'))).status, 404)
  const shown = await request(`${world.simUrl}/control/files/${said.document.file_id}`)
  assert.equal(shown.headers.get('content-type'), 'application/octet-stream')

  const form = new FormData()
  form.set('chat_id', String(user))
  form.set('media', JSON.stringify([{ type: 'photo', media: 'attach://a' }, { type: 'photo', media: 'attach://b', caption: 'two' }]))
  for (const name of ['a', 'b']) form.set(name, new Blob([name], { type: 'image/png' }), `${name}.png`)
  const album = await request(`${world.simUrl}/bot${world.token}/sendMediaGroup`, { method: 'POST', body: form })
  assert.equal(album.status, 200, album.text)
  assert.equal(new Set(album.json.result.map(message => message.media_group_id)).size, 1)
}))

test('a group is talked in by several, and moves', withBot('sim-groups', async (world, bot, user) => {
  const other = (await world.control('users', { name: 'Bob' })).json.id
  const group = (await world.control('groups', { title: 'Shop', members: [user, other] })).json.id
  await world.control('say', { user: other, chat: group, text: 'from Bob' })
  await until('the word', () => bot.texts().includes('from Bob'))
  assert.equal((await bot.call('sendMessage', { chat_id: group, text: 'hello' })).status, 200)
  const { id } = (await world.control('groups/migrate', { chat: group })).json
  const late = await bot.call('sendMessage', { chat_id: group, text: 'late' })
  assert.equal(late.json.parameters.migrate_to_chat_id, id)
  assert.deepEqual((await world.control('groups')).json.map(one => one.id).sort(), [group, id].sort())
  assert.equal((await world.control(`chats/${group}`)).json.migrated_to, id)
  assert.equal((await world.control('groups/leave', { chat: id, user: 5 })).status, 400)
}))
