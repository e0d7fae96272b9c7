// What comes in beside plain messages: deletions, reactions, facts of a conversation, other languages of the same chat.
import assert from 'node:assert/strict'
import test from 'node:test'
import { until, withWorld } from './harness.mjs'
import { calls, event, everything, say, Speaker, update, withForeignPortal } from './roundtrip_world.mjs'

const now = () => Math.floor(Date.now() / 1000)

test('deletions come in where Telegram tells of them: in the chats of a connected business account', withWorld('deleted', async world => {
  const user = await everything(world)
  const chat = { id: user, first_name: 'Вера', type: 'private' }
  await update(world, 'business_message', { business_connection_id: 'bc7', message_id: 12, from: { id: user, is_bot: false, first_name: 'Вера' }, chat, date: now(), text: 'ой' })
  await update(world, 'business_message', { business_connection_id: 'bc7', message_id: 13, from: { id: user, is_bot: false, first_name: 'Вера' }, chat, date: now(), text: 'и это' })
  const said = await event(world, 'message', e => e.message.text === 'ой')
  await update(world, 'deleted_business_messages', { business_connection_id: 'bc7', chat, message_ids: [12, 13] })
  const second = await event(world, 'deleted', e => e.message.id === '13')
  const first = await event(world, 'deleted', e => e.message.id === '12')
  assert.ok(said.sequence < first.sequence && first.sequence < second.sequence, 'in order')
  assert.equal(first.conversation.id, said.conversation.id)
  assert.ok(!first.message.text, 'a deletion carries the id alone')
}))

test('a group: its messages, a new title, a move to another id that the portal never sees', withWorld('group', world => withForeignPortal(world, async (portal, user) => {
  const from = { id: user, is_bot: false, first_name: 'Вера' }
  const group = { id: -4012345, title: 'Опт 🛒', type: 'group' }
  const queue = 'group'
  await update(world, 'message', { message_id: 11, from, chat: group, date: now(), text: 'всем привет' }, queue)
  const hello = await until('the message in the group', () => portal.of('message').find(e => e.message.text === 'всем привет'))
  assert.deepEqual([hello.conversation.id, hello.conversation.kind, hello.conversation.title], ['-4012345', 'group', 'Опт 🛒'])
  assert.equal(hello.sender.id, String(user))

  await update(world, 'message', { message_id: 12, from, chat: group, date: now(), new_chat_title: 'Опт и розница' }, queue)
  const renamed = await until('the new title', () => portal.of('conversation')[0])
  assert.deepEqual([renamed.conversation.id, renamed.conversation.title], ['-4012345', 'Опт и розница'])

  // Both ends of the move are told by Telegram, in two chats; the portal hears of it once.
  const moved = { id: -1001987654321, title: 'Опт и розница', type: 'supergroup' }
  await update(world, 'message', { message_id: 13, from, chat: { ...group, title: 'Опт и розница' }, date: now(), migrate_to_chat_id: moved.id }, queue)
  await update(world, 'message', { message_id: 1, from, chat: moved, date: now(), migrate_from_chat_id: group.id }, queue)
  await update(world, 'message', { message_id: 2, from, chat: moved, date: now(), text: 'мы переехали' }, queue)
  const after = await until('the message after the move', () => portal.of('message').find(e => e.message.text === 'мы переехали'))
  assert.equal(after.conversation.id, '-4012345', 'the portal\'s id never changes')
  const moves = portal.of('conversation').slice(1)
  assert.equal(moves.length, 1, JSON.stringify(moves))
  assert.equal(moves[0].conversation.id, '-4012345')
  assert.equal(moves[0].former, '-4012345')
  assert.ok(hello.conversation_sequence < renamed.conversation_sequence && renamed.conversation_sequence < moves[0].conversation_sequence && moves[0].conversation_sequence < after.conversation_sequence)

  // An answer goes to where the group is now.
  const speaker = new Speaker(world, portal, '-4012345')
  const id = await speaker.send({ text: 'видим' })
  const call = await until('the call', async () => (await calls(world, 'sendMessage')).find(c => c.parameters.text === 'видим'))
  assert.equal(String(call.parameters.chat_id), String(moved.id))
  // The simulator has no groups, so it refuses: the portal hears that too.
  assert.equal((await speaker.status(id, 'failed')).error.code, 'conversation_not_found')
})))

test('a group that had moved while nobody told us is found by the refused call', withWorld('moved', world => withForeignPortal(world, async (portal, user) => {
  const from = { id: user, is_bot: false, first_name: 'Вера' }
  await update(world, 'message', { message_id: 21, from, chat: { id: -4055, title: 'Клуб', type: 'group' }, date: now(), text: 'есть кто?' })
  await until('the message', () => portal.of('message').find(e => e.message.text === 'есть кто?'))
  await world.control('faults', { method: 'sendMessage', action: 'error', code: 400, description: 'Bad Request: group chat was upgraded to a supergroup chat', parameters: { migrate_to_chat_id: user } })
  const speaker = new Speaker(world, portal, '-4055')
  const id = await speaker.send({ text: 'есть' })
  await speaker.status(id)
  const tries = (await calls(world, 'sendMessage')).map(c => String(c.parameters.chat_id))
  assert.deepEqual(tries, ['-4055', String(user)])
  const moved = await until('the move', () => portal.of('conversation').find(e => e.former))
  assert.equal(moved.conversation.id, '-4055')
})))

test('reactions, members, forwards and albums', withWorld('in-more', world => withForeignPortal(world, async (portal, user) => {
  const from = { id: user, is_bot: false, first_name: 'Вера' }
  const chat = { id: user, first_name: 'Вера', type: 'private' }
  const first = Number(portal.of('message')[0].message.id)
  const react = (before, after) => update(world, 'message_reaction', { chat, message_id: first, user: from, date: now(), old_reaction: before, new_reaction: after }, `chat${user}`)
  const heart = [{ type: 'emoji', emoji: '❤' }]
  await react([], heart)
  const added = await until('the reaction', () => portal.of('reaction')[0])
  assert.deepEqual([added.message.id, added.emoji, added.removed ?? false], [String(first), '❤', false])
  await react(heart, [])
  assert.equal((await until('its end', () => portal.of('reaction')[1])).removed, true)

  await say(world, { user, text: 'чужие слова', forward_origin: { type: 'user', date: now(), sender_user: { id: 77, is_bot: false, first_name: 'Боб' } } })
  const forwarded = await until('the forward', () => portal.of('message').find(e => e.message.text === 'чужие слова'))
  assert.equal(forwarded.message.forwarded_from.name, 'Боб')

  for (const text of ['раз', 'два']) await say(world, { user, kind: 'photo', text, media_group_id: 'album7' })
  const album = await until('the album', () => {
    const found = portal.of('message').filter(e => e.message.group === 'album7')
    return found.length === 2 && found
  })
  assert.deepEqual(album.map(e => e.message.text), ['раз', 'два'])

  const groupChat = { id: -77, title: 'Склад', type: 'group' }
  await update(world, 'message', { message_id: 31, from, chat: groupChat, date: now(), new_chat_members: [{ id: 88, is_bot: false, first_name: 'Олег' }] }, 'group')
  const joined = await until('the new member', () => portal.of('member').find(e => e.action === 'joined'))
  assert.deepEqual([joined.who.id, joined.conversation.id], ['88', '-77'])
})))

test('the customer edits again and again: each form whole, in order, the last one stands', withWorld('edits', async world => {
  const user = await everything(world)
  const said = await say(world, { user, text: 'один' })
  for (const text of ['два 🐍', 'три 👩🏽‍💻', 'четыре']) await world.control('edit', { user, message_id: said.message_id, text })
  const edits = await until('all edits', async () => {
    const found = (await world.events()).map(e => e.event).filter(e => e.type === 'edited')
    return found.length === 3 && found
  })
  assert.deepEqual(edits.map(e => e.message.text), ['два 🐍', 'три 👩🏽‍💻', 'четыре'])
  assert.ok(edits.every(e => e.message.id === String(said.message_id) && e.conversation.id === String(user)))
  const original = await event(world, 'message')
  const sequences = [original, ...edits].map(e => e.conversation_sequence)
  assert.deepEqual(sequences, [1, 2, 3, 4])
}))
