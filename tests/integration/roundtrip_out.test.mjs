// Every kind that a portal can say, as the customer sees it, and what the portal hears of it.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { request, until, withWorld } from './harness.mjs'
import { arrives, calls, codePoints, Desk, download, event, everything, png, say, Speaker, withForeignPortal } from './roundtrip_world.mjs'

test('from the page: a picture, a reply, typing and reading', withWorld('out-desk', async world => {
  const user = await everything(world)
  const question = await say(world, { user, text: 'Есть фото? 📷' })
  const desk = await Desk.open(world)

  const sent = await desk.post({ text: 'вот', files: [await desk.upload('вид.png', 'image/png', png)] })
  const picture = await arrives(world, user, 'the picture', m => m.photo)
  assert.equal(picture.caption, 'вот')
  assert.deepEqual(await download(world, picture.photo.at(-1)), png)
  const told = await event(world, 'status', e => e.messages?.includes(String(picture.message_id)))
  assert.equal(told.state, 'sent')
  await desk.reaches(sent, 'sent')

  const original = (await desk.messages()).find(m => m.body?.text === 'Есть фото? 📷' || m.text === 'Есть фото? 📷')
  assert.ok(original, 'the question on the desk')
  await desk.post({ text: 'это оно?', reply_to: original.id })
  const reply = await arrives(world, user, 'the reply', m => m.text === 'это оно?')
  assert.equal(reply.reply_to_message.message_id, question.message_id)

  await desk.call('typing', 'POST', { on: true })
  const typing = await until('the typing mark', async () => (await calls(world, 'sendChatAction'))[0])
  assert.deepEqual([String(typing.parameters.chat_id), typing.parameters.action], [String(user), 'typing'])
  await desk.call('read', 'POST', {})
  const before = (await world.chat(user)).length
  // Telegram has no read mark for bots: nothing is called, and what is said next goes out as ever.
  await desk.post({ text: 'после' })
  await arrives(world, user, 'the next one', m => m.text === 'после')
  assert.equal((await world.chat(user)).length, before + 1)
  assert.equal((await calls(world, 'readBusinessMessage')).length, 0)
}))

test('a voice message, a place, a venue and a contact', withWorld('out-kinds', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  const ends = async (id, message) => assert.deepEqual((await speaker.status(id)).messages, [String(message.message_id)])

  // First of all: a typing mark waits for nothing, so that it would be dropped behind what uses up the chat's rate, as asking
  // for the customer's profile does for a second.
  await until('the profile to be asked for', async () => (await calls(world, 'getChat')).length === 1)
  await new Promise(done => setTimeout(done, 1_100))
  await speaker.command('typing', { on: true })
  await until('the typing mark', async () => (await calls(world, 'sendChatAction')).length === 1)

  const ogg = Buffer.concat([Buffer.from('OggS'), randomBytes(5_000)])
  const voice = await speaker.send({ attachments: [{ kind: 'voice', media: await speaker.upload('слово.ogg', 'audio/ogg', ogg), duration: 4 }] })
  const spoken = await arrives(world, user, 'the voice message', m => m.voice)
  assert.equal(spoken.voice.duration, 4)
  assert.equal(spoken.voice.mime_type, 'audio/ogg')
  assert.deepEqual(await download(world, spoken.voice), ogg)
  await ends(voice, spoken)

  const image = await speaker.send({ text: 'витрина 🪟', spans: [{ type: 'italic', offset: 0, length: 7 }], attachments: [{ kind: 'image', media: await speaker.upload('a.png', 'image/png', png) }] })
  const shown = await arrives(world, user, 'the picture', m => m.photo)
  assert.equal(shown.caption, 'витрина 🪟')
  assert.deepEqual(shown.caption_entities.map(({ type, offset, length }) => ({ type, offset, length })), [{ type: 'italic', offset: 0, length: 7 }])
  assert.deepEqual(await download(world, shown.photo.at(-1)), png)
  await ends(image, shown)

  const location = await speaker.send({ location: { latitude: 55.751244, longitude: 37.618423 } })
  const place = await arrives(world, user, 'the place', m => m.location && !m.venue)
  assert.deepEqual(place.location, { latitude: 55.751244, longitude: 37.618423 })
  await ends(location, place)

  const shop = await speaker.send({ location: { latitude: -33.9, longitude: 18.4, title: 'Лавка ☕', address: 'Тверская, 1' } })
  const venue = await arrives(world, user, 'the venue', m => m.venue)
  assert.deepEqual([venue.venue.title, venue.venue.address], ['Лавка ☕', 'Тверская, 1'])
  await ends(shop, venue)

  const contact = await speaker.send({ contact: { name: 'Олег', phone: '+79990001122' } })
  const card = await arrives(world, user, 'the contact', m => m.contact)
  assert.deepEqual([card.contact.phone_number, card.contact.first_name], ['+79990001122', 'Олег'])
  await ends(contact, card)
})))

test('a reply, a reaction, and what Telegram has no call for', withWorld('out-on-messages', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  const first = portal.of('message')[0].message.id
  const id = await speaker.send({ text: 'отвечаю', reply_to: { id: first, text: 'Здравствуйте' } })
  const reply = await arrives(world, user, 'the reply', m => m.text === 'отвечаю')
  assert.equal(String(reply.reply_to_message.message_id), first)
  await speaker.status(id)

  // What is replied to may be gone: it is said all the same.
  const orphan = await speaker.send({ text: 'и ещё', reply_to: { id: '987654', text: 'gone' } })
  const alone = await arrives(world, user, 'the reply to nothing', m => m.text === 'и ещё')
  assert.equal(alone.reply_to_message, undefined)
  await speaker.status(orphan)

  const reaction = await speaker.command('react', { message: { id: first }, emoji: '❤️' })
  await speaker.status(reaction.id)
  const reacted = (await calls(world, 'setMessageReaction'))[0].parameters
  assert.equal(String(reacted.message_id), first)
  assert.match(JSON.stringify(reacted.reaction), /❤/)

  // Reading is refused at the door or passes away in silence, but never waits in a lane or harms what follows.
  const answer = await portal.send(world.hostUrl, [{ id: 'read-1', type: 'read', account: 'acme-telegram', conversation: String(user), message: { id: first } }])
  assert.equal(answer.status, 202)
  await speaker.status(await speaker.send({ text: 'дальше' }))
  assert.equal((await world.admin('/v1/dead-letters')).json.items.length, 0)
})))

test('a press is answered at Telegram and told to the portal once', withWorld('press', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  const id = await speaker.send({ text: 'Оцените', buttons: [[{ id: 'b1', text: '👍🏽', payload: 'rate:5' }], [{ id: 'b2', text: 'Нет' }]] })
  const [messageId] = (await speaker.status(id)).messages
  const query = (await world.control('press', { user, message_id: Number(messageId), data: 'rate:5' })).json
  const pressed = await until('the press', () => portal.of('callback')[0])
  assert.deepEqual(pressed.button, { id: 'rate:5', text: '👍🏽', payload: 'rate:5' })
  assert.equal(pressed.message.id, messageId)
  assert.equal(pressed.sender.id, String(user))
  const answered = await until('the answer to the press', async () => (await calls(world, 'answerCallbackQuery'))[0])
  assert.equal(answered.parameters.callback_query_id, query.id)
  assert.equal(answered.refused, undefined)
  // A button without a payload comes back by its id.
  await world.control('press', { user, message_id: Number(messageId), data: 'b2' })
  assert.equal((await until('the second press', () => portal.of('callback')[1])).button.id, 'b2')
  assert.equal((await calls(world, 'answerCallbackQuery')).length, portal.of('callback').length)
})))

test('an edit and a deletion: of text, of a caption, with new buttons', withWorld('out-edit', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  const seen = async id => (await world.chat(user)).find(m => String(m.message_id) === id)
  const text = (await speaker.status(await speaker.send({ text: 'Завтра', buttons: [[{ id: 'x', text: 'OK', payload: 'ok' }]] }))).messages[0]
  const body = '👩‍👩‍👧 Послезавтра 🇺🇦'
  const edit = await speaker.command('edit', { message: { id: text, text: body, spans: [{ type: 'bold', offset: codePoints('👩‍👩‍👧 '), length: 11 }], buttons: [[{ id: 'y', text: 'Ясно', payload: 'clear' }]] } })
  await speaker.status(edit.id)
  const edited = await seen(text)
  assert.equal(edited.text, body)
  assert.deepEqual(edited.entities.map(({ type, offset, length }) => ({ type, offset, length })), [{ type: 'bold', offset: '👩‍👩‍👧 '.length, length: 11 }])
  assert.equal(edited.reply_markup.inline_keyboard[0][0].callback_data, 'clear')
  // The same once more changes nothing, which is no failure.
  const again = await speaker.command('edit', { message: { id: text, text: body, spans: [{ type: 'bold', offset: codePoints('👩‍👩‍👧 '), length: 11 }], buttons: [[{ id: 'y', text: 'Ясно', payload: 'clear' }]] } })
  await speaker.status(again.id)

  const media = await speaker.upload('a.png', 'image/png', png)
  const picture = (await speaker.status(await speaker.send({ text: 'старая', attachments: [{ kind: 'image', media }] }))).messages[0]
  const caption = await speaker.command('edit', { message: { id: picture, text: 'новая подпись' } })
  await speaker.status(caption.id)
  assert.equal((await seen(picture)).caption, 'новая подпись')

  const deletion = await speaker.command('delete', { message: { id: text } })
  await speaker.status(deletion.id)
  assert.equal(await seen(text), undefined)
  const nothing = await speaker.command('edit', { message: { id: text, text: 'too late' } })
  const failed = await speaker.status(nothing.id, 'failed')
  assert.equal(failed.error.code, 'message_not_found')
  assert.equal(failed.error.permanent, true)
})))

// Offsets of the contract count code points, Telegram's UTF-16 units, people neither.
const texts = {
  'surrogate pairs': { text: '👋𝕏 да', span: '𝕏', before: '👋' },
  'a family joined without width': { text: '👨‍👩‍👧‍👦 вся семья', span: 'вся', before: '👨‍👩‍👧‍👦 ' },
  'flags, skin and combining marks': { text: '🇺🇦👍🏽 é̂ конец', span: 'é̂', before: '🇺🇦👍🏽 ' },
  'the emoji itself is bold': { text: 'a🧑‍🚀b', span: '🧑‍🚀', before: 'a' },
}
test('emoji and spans are counted right, both ways and in edits', withWorld('unicode', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  for (const [what, { text, span, before }] of Object.entries(texts)) {
    const ours = [{ type: 'bold', offset: codePoints(before), length: codePoints(span) }]
    const theirs = [{ type: 'bold', offset: before.length, length: span.length }]
    const said = await say(world, { user, text, entities: theirs })
    const came = await until(what, () => portal.of('message').find(e => e.message.id === String(said.message_id)))
    assert.equal(came.message.text, text, what)
    assert.deepEqual(came.message.spans, ours, `${what}, in`)
    const changed = `${text} 🧵`
    await world.control('edit', { user, message_id: said.message_id, text: changed, entities: theirs })
    const edited = await until(`${what}, edited`, () => portal.of('edited').find(e => e.message.id === String(said.message_id)))
    assert.equal(edited.message.text, changed, what)
    assert.deepEqual(edited.message.spans, ours, `${what}, edited`)

    const [id] = (await speaker.status(await speaker.send({ text, spans: ours }))).messages
    const sent = (await world.chat(user)).find(m => String(m.message_id) === id)
    assert.equal(sent.text, text, what)
    assert.deepEqual(sent.entities.map(({ type, offset, length }) => ({ type, offset, length })), theirs, `${what}, out`)
  }
  // Many kinds at once, nested and side by side, there and back.
  const text = '🎉 жирный курсив 🎉 код ссылка'
  const at = (type, word, more = {}) => ({ type, offset: codePoints(text.slice(0, text.indexOf(word))), length: codePoints(word), ...more })
  const spans = [at('bold', 'жирный курсив'), at('italic', 'курсив'), at('code', 'код'), at('link', 'ссылка', { url: 'https://shop.example/a' })]
  const [id] = (await speaker.status(await speaker.send({ text, spans }))).messages
  const { entities } = (await world.chat(user)).find(m => String(m.message_id) === id)
  assert.deepEqual(entities.map(e => [e.type, text.slice(e.offset, e.offset + e.length)]).sort(), [['bold', 'жирный курсив'], ['code', 'код'], ['italic', 'курсив'], ['text_link', 'ссылка']])
  const back = await say(world, { user, text, entities })
  const came = await until('them back', () => portal.of('message').find(e => e.message.id === String(back.message_id)))
  const order = (a, b) => a.offset - b.offset || a.type.localeCompare(b.type)
  assert.deepEqual([...came.message.spans].sort(order), [...spans].sort(order))
})))

test('a text longer than a message goes as several, and the status names them all', withWorld('long', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  const text = Array.from({ length: 900 }, (_, i) => `слово${i} 👋`).join(' ')
  const status = await speaker.status(await speaker.send({ text }))
  assert.ok(status.messages.length >= 3, JSON.stringify(status.messages))
  const parts = (await world.chat(user)).filter(m => status.messages.includes(String(m.message_id)))
  assert.deepEqual(parts.map(m => String(m.message_id)), status.messages, 'in order')
  assert.ok(parts.every(m => m.text.length <= 4096))
  assert.equal(parts.map(m => m.text.trim()).join(' ').replace(/\s+/g, ' '), text)
  assert.ok(status.changes.some(change => /text/.test(change.what)), JSON.stringify(status.changes))
})))
