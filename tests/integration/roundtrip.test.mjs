// The whole way, both ways, with the real programs: simulated Telegram, host, reference portal.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { until, withWorld } from './harness.mjs'
import { arrives as arrivesAt, Desk, download as fetched, event, everything, png, say, sha256 } from './roundtrip_world.mjs'

test('every kind comes in', withWorld('in', async world => {
  const user = await everything(world)

  await say(world, { user, text: '👋 Где мой заказ 1042?', entities: [{ type: 'bold', offset: 3, length: 3 }] })
  const text = await event(world, 'message')
  assert.equal(text.message.text, '👋 Где мой заказ 1042?')
  assert.deepEqual(text.message.spans, [{ type: 'bold', offset: 2, length: 3 }], 'offsets count code points: the emoji is one')
  assert.equal(text.sender.name, 'Вера 👋')
  assert.equal(text.sender.username, 'vera_k')
  assert.equal(text.conversation.id, String(user))
  assert.equal(text.conversation.kind, 'direct')
  assert.equal(text.connector, 'telegram')
  assert.equal(text.account, 'acme-telegram')
  assert.equal(text.line, 'support')
  assert.match(text.id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
  assert.match(text.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

  const download = async attachment => {
    assert.ok(attachment.url.startsWith(`${world.hostUrl}/media/`), attachment.url)
    assert.ok(!attachment.url.includes(world.token.split(':')[1]), 'no token in a link')
    return fetch(attachment.url)
  }
  await say(world, { user, kind: 'photo', bytes: png.toString('base64'), text: 'такая' })
  const photo = await event(world, 'message', e => e.message.attachments?.[0]?.kind === 'image')
  assert.equal(photo.message.text, 'такая')
  const picture = await download(photo.message.attachments[0])
  assert.equal(picture.status, 200)
  assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png)
  assert.equal(picture.headers.get('x-content-type-options'), 'nosniff')

  const bytes = randomBytes(200_000)
  await say(world, { user, kind: 'document', name: 'Счёт №7.pdf', mime: 'application/pdf', bytes: bytes.toString('base64') })
  const file = (await event(world, 'message', e => e.message.attachments?.[0]?.kind === 'file')).message.attachments[0]
  assert.equal(file.name, 'Счёт №7.pdf')
  assert.equal(file.mime, 'application/pdf')
  assert.equal(file.size, bytes.length)
  const ranged = await fetch(file.url, { headers: { Range: 'bytes=1000-1999' } })
  assert.equal(ranged.status, 206)
  assert.equal(ranged.headers.get('content-range'), `bytes 1000-1999/${bytes.length}`)
  assert.deepEqual(Buffer.from(await ranged.arrayBuffer()), bytes.subarray(1000, 2000))
  assert.match((await fetch(file.url)).headers.get('content-disposition'), /^attachment/)

  await say(world, { user, kind: 'voice', duration: 6 })
  const voice = (await event(world, 'message', e => e.message.attachments?.[0]?.kind === 'voice')).message.attachments[0]
  assert.equal(voice.duration, 6)
  await say(world, { user, kind: 'location', latitude: 55.751244, longitude: 37.618423 })
  const place = (await event(world, 'message', e => e.message.location)).message.location
  assert.equal(place.latitude, 55.751244)
  await say(world, { user, kind: 'contact', phone_number: '+79990001122', first_name: 'Олег' })
  const contact = (await event(world, 'message', e => e.message.contact)).message.contact
  assert.equal(contact.phone, '+79990001122')

  const first = await say(world, { user, text: 'первый' })
  await say(world, { user, text: 'ответ', reply_to: first.message_id })
  const reply = await event(world, 'message', e => e.message.text === 'ответ')
  assert.equal(reply.message.reply_to.id, String(first.message_id))
  await world.control('edit', { user, message_id: first.message_id, text: 'первый, исправлен' })
  const edited = await event(world, 'edited')
  assert.equal(edited.message.text, 'первый, исправлен')
  assert.equal(edited.message.id, String(first.message_id))

  // What nobody understands keeps its place and is kept whole.
  await world.control('update', { kind: 'message', queue: `chat${user}`, payload: { ...first, message_id: 99_001, text: undefined, dice: { emoji: '🎲', value: 4 } } })
  const unsupported = await event(world, 'unsupported')
  assert.ok(unsupported.quarantine)
  assert.match(await world.trunkctl('quarantine'), new RegExp(unsupported.quarantine))
  assert.match(await world.trunkctl('quarantine', 'show', unsupported.quarantine), /dice/)

  const sequences = (await world.events()).map(e => e.sequence)
  assert.deepEqual(sequences, sequences.map((_, i) => i + 1), 'contiguous from 1')
}))

test('every kind goes out, and its portal hears how it went', withWorld('out', async world => {
  const user = await everything(world)
  await say(world, { user, text: 'Hello?' })
  const desk = await Desk.open(world)
  const arrives = (what, match) => arrivesAt(world, user, what, match)
  const status = (state, match = () => true) => event(world, 'status', e => e.state === state && match(e))

  const sent = await desk.post({ text: 'Да 👋 завтра', spans: [{ type: 'bold', offset: 5, length: 6 }], buttons: [[{ id: 'b1', text: '👍', payload: 'rate:5' }, { id: 'b2', text: 'Site', url: 'https://shop.example/' }]] })
  const message = await arrives('the answer', m => m.text === 'Да 👋 завтра')
  assert.deepEqual(message.entities.map(({ type, offset, length }) => ({ type, offset, length })), [{ type: 'bold', offset: 6, length: 6 }], 'UTF-16: the emoji counts two')
  assert.equal(message.reply_markup.inline_keyboard[0][0].callback_data, 'rate:5')
  const ok = await status('sent')
  assert.deepEqual(ok.messages, [String(message.message_id)])

  await world.control('press', { user, message_id: message.message_id, data: 'rate:5' })
  const pressed = await event(world, 'callback')
  assert.equal(pressed.button.payload, 'rate:5')
  assert.equal(pressed.message.id, String(message.message_id))

  const bytes = randomBytes(50_000)
  const uploaded = await desk.upload('договор.pdf', 'application/pdf', bytes)
  await desk.post({ text: 'вот', files: [uploaded] })
  const document = await arrives('the file', m => m.document)
  assert.equal(document.document.file_size, bytes.length)
  assert.equal(sha256(await fetched(world, document.document)), sha256(bytes))

  const own = await desk.reaches(sent, 'sent')
  await desk.call(`messages/${own.id}`, 'PUT', { text: 'Да, послезавтра' })
  await arrives('the edit', m => m.message_id === message.message_id && m.text === 'Да, послезавтра')
  await desk.call(`messages/${own.id}`, 'DELETE', {})
  await until('the deletion', async () => !(await world.chat(user)).some(m => m.message_id === message.message_id))

  // A customer who has blocked the bot: refused for good, and said so.
  await world.control('block', { user })
  await desk.post({ text: 'are you there?' })
  const failed = await status('failed')
  assert.equal(failed.error.permanent, true)
  assert.match(failed.error.message + failed.error.code, /block/i)
  assert.match(await world.trunkctl('dead-letters'), /account\/acme-telegram/)
}))
