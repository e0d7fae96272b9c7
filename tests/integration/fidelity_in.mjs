// What a customer can do at Telegram, feature by feature: each makes it happen and checks what the portal is told.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { until } from './harness.mjs'
import { png, say, update } from './roundtrip_world.mjs'

const now = () => Math.floor(Date.now() / 1000)

/** A customer of its own for each feature, so that no rate of a chat holds anything up. */
export class Customer {
  constructor(world, portal, number) {
    Object.assign(this, { world, portal, number })
  }
  async comes() {
    this.id = (await this.world.control('users', { name: `Ann ${this.number}`, username: `ann${this.number}`, language: 'en' })).json.id
    this.user = { id: this.id, is_bot: false, first_name: `Ann ${this.number}`, username: `ann${this.number}`, language_code: 'en' }
    this.chat = { id: this.id, first_name: this.user.first_name, type: 'private' }
    await this.says({ text: 'Hello' })
    this.hello = (await this.hears('message')).message.id
    return this
  }
  says(what) {
    return say(this.world, { user: this.id, ...what })
  }
  /** An update as Telegram would send it, in the order of this chat. */
  update(kind, payload) {
    return update(this.world, kind, payload, `chat${this.id}`)
  }
  message(more) {
    return this.update('message', { message_id: 9000 + this.number, from: this.user, chat: this.chat, date: now(), ...more })
  }
  /** The portal's event of this customer's conversation, or of `conversation`. */
  hears(type, match = () => true, conversation = String(this.id)) {
    return until(`${type} of ${conversation}`, () => this.portal.events.find(e => e.type === type && e.conversation?.id === conversation && match(e)))
  }
  /** The last message but the greeting. */
  async heard(match = () => true) {
    return (await this.hears('message', e => e.message.id !== this.hello && match(e))).message
  }
}

/** The bytes behind an attachment's link, as a portal fetches them. */
async function bytesOf(attachment) {
  const answer = await fetch(attachment.url)
  assert.equal(answer.status, 200, attachment.url)
  return Buffer.from(await answer.arrayBuffer())
}

/** A file of the customer in each of Telegram's forms. */
const file = (kind, of) => async customer => {
  const bytes = kind === 'image' ? png : randomBytes(3000)
  const [name, mime] = { image: ['a.png', 'image/png'], video: ['a.mp4', 'video/mp4'], audio: ['a.mp3', 'audio/mpeg'], voice: ['a.ogg', 'audio/ogg'] }[kind] ?? ['a.pdf', 'application/pdf']
  await customer.says({ kind: of, name, mime, bytes: bytes.toString('base64'), text: kind === 'voice' ? '' : 'look' })
  const message = await customer.heard()
  assert.equal(message.attachments[0].kind, kind)
  assert.deepEqual(await bytesOf(message.attachments[0]), bytes)
  if (kind !== 'voice') assert.equal(message.text, 'look')
  if (kind === 'file' || kind === 'audio') assert.equal(message.attachments[0].name, name)
}

/** Forms that the page has no button for: the file is one that Telegram has. */
const drawn = (kind, more) => async customer => {
  const bytes = randomBytes(2000)
  const said = await customer.says({ kind: 'document', name: 'f', mime: 'application/octet-stream', bytes: bytes.toString('base64') })
  await customer.message(more(said.document))
  const message = await customer.heard(e => e.message.attachments?.[0].kind === kind)
  assert.deepEqual(await bytesOf(message.attachments[0]), bytes)
  return message
}

const group = customer => ({ id: -1000 - customer.number, title: 'Shop', type: 'group' })
const inGroup = (customer, more) => customer.update('message', { message_id: 31, from: customer.user, chat: group(customer), date: now(), ...more })
const business = (customer, more, kind = 'business_message') =>
  customer.update(kind, { business_connection_id: 'bc7', message_id: 12, from: customer.user, chat: customer.chat, date: now(), ...more })

/** What stands in its place for a kind that is refused. */
const placeholder = (more, readable) => async customer => {
  await customer.message(more)
  const event = await customer.hears('unsupported')
  assert.ok(event.quarantine, 'its raw form is kept')
  if (readable) assert.match(event.text, readable)
  // And what comes behind it is not held up.
  await customer.says({ text: 'and then?' })
  const next = await customer.hears('message', e => e.message.text === 'and then?')
  assert.equal(next.conversation_sequence, event.conversation_sequence + 1)
}

export const incoming = {
  text: async customer => {
    await customer.says({ text: 'Is it in stock? 🛒' })
    assert.equal((await customer.heard()).text, 'Is it in stock? 🛒')
  },
  spans: async customer => {
    const all = ['bold', 'italic', 'underline', 'strikethrough', 'code', 'pre', 'spoiler', 'blockquote']
    const text = `👋 ${all.map(() => 'word').join(' ')} link`
    const entities = all.map((type, i) => ({ type, offset: 3 + i * 5, length: 4 }))
    entities.push({ type: 'text_link', offset: 3 + all.length * 5, length: 4, url: 'https://shop.example/' })
    await customer.says({ text, entities })
    const { spans } = await customer.heard()
    assert.deepEqual(spans.map(s => s.type), ['bold', 'italic', 'underline', 'strike', 'code', 'pre', 'spoiler', 'quote', 'link'])
    assert.deepEqual(spans.map(s => s.offset), entities.map(e => e.offset - 1), 'in code points')
    assert.equal(spans.at(-1).url, 'https://shop.example/')
  },
  image: file('image', 'photo'),
  video: file('video', 'video'),
  audio: file('audio', 'audio'),
  voice: file('voice', 'voice'),
  file: file('file', 'document'),
  video_note: drawn('video_note', f => ({ video_note: { file_id: f.file_id, file_unique_id: 'u', length: 384, duration: 9 } })),
  animation: drawn('animation', f => ({ animation: { ...f, width: 10, height: 10, duration: 2 }, document: f })),
  sticker: async customer => {
    const message = await drawn('sticker', f => ({
      sticker: { file_id: 'moving', file_unique_id: 'm', width: 512, height: 512, emoji: '😂', is_animated: true, thumbnail: { ...f, width: 128, height: 128 } },
    }))(customer)
    assert.equal(message.text, '😂')
    assert.equal(message.attachments[0].mime, 'application/octet-stream')
  },
  album: async customer => {
    for (const text of ['one', 'two']) await customer.says({ kind: 'photo', text, media_group_id: `album${customer.number}` })
    const parts = await until('both parts', () => {
      const found = customer.portal.of('message').filter(e => e.message.group === `album${customer.number}`)
      return found.length === 2 && found
    })
    assert.deepEqual(parts.map(e => e.message.text), ['one', 'two'])
  },
  location: async customer => {
    await customer.says({ kind: 'location', latitude: 55.751244, longitude: 37.618423 })
    assert.deepEqual((await customer.heard()).location, { latitude: 55.751244, longitude: 37.618423 })
  },
  venue: async customer => {
    const location = { latitude: -33.9, longitude: 18.4 }
    await customer.message({ location, venue: { location, title: 'Shop', address: 'Lenina 1' } })
    assert.deepEqual((await customer.heard()).location, { ...location, title: 'Shop', address: 'Lenina 1' })
  },
  contact: async customer => {
    await customer.says({ kind: 'contact', phone_number: '+79990001122', first_name: 'Ann', contact_user: customer.id })
    const { contact } = await customer.heard()
    assert.deepEqual([contact.phone, contact.name, contact.user, contact.own], ['+79990001122', 'Ann', String(customer.id), true])
  },
  reply: async customer => {
    await customer.says({ text: 'this one', reply_to: Number(customer.hello) })
    assert.deepEqual((await customer.heard()).reply_to, { id: customer.hello, text: 'Hello' })
  },
  quote: async customer => {
    await customer.message({
      text: 'that', quote: { text: 'tomorrow', position: 9, is_manual: true },
      reply_to_message: { message_id: Number(customer.hello), date: now(), chat: customer.chat, from: customer.user, text: 'Delivery tomorrow or later' },
    })
    assert.deepEqual((await customer.heard()).reply_to, { id: customer.hello, text: 'Delivery tomorrow or later', quote: 'tomorrow' })
  },
  forward: async customer => {
    await customer.says({ text: 'his words', forward_origin: { type: 'user', date: now(), sender_user: { id: 77, is_bot: false, first_name: 'Bob' } } })
    assert.equal((await customer.heard()).forwarded_from.name, 'Bob')
  },
  topic: async customer => {
    const chat = { id: -1002000000000 - customer.number, title: 'Forum', type: 'supergroup', is_forum: true }
    await customer.update('message', { message_id: 5, from: customer.user, chat, date: now(), text: 'in a topic', is_topic_message: true, message_thread_id: 44 })
    const event = await customer.hears('message', () => true, String(chat.id))
    assert.equal(event.conversation.thread, '44')
  },
  start: async customer => {
    await customer.says({ text: '/start portal7' })
    assert.equal((await customer.heard()).start.payload, 'portal7')
  },
  edited: async customer => {
    await customer.world.control('edit', { user: customer.id, message_id: Number(customer.hello), text: 'Hello!' })
    const event = await customer.hears('edited')
    assert.deepEqual([event.message.id, event.message.text], [customer.hello, 'Hello!'])
  },
  deleted: async customer => {
    const conversation = `bc7:${customer.id}`
    await business(customer, { text: 'oops' })
    await customer.hears('message', () => true, conversation)
    await customer.update('deleted_business_messages', { business_connection_id: 'bc7', chat: customer.chat, message_ids: [12] })
    assert.equal((await customer.hears('deleted', () => true, conversation)).message.id, '12')
  },
  outgoing: async customer => {
    const conversation = `bc7:${customer.id}`
    await business(customer, { text: 'the owner here', from: { id: 777, is_bot: false, first_name: 'Owner' } })
    assert.equal((await customer.hears('message', () => true, conversation)).outgoing, true)
  },
  reaction: async customer => {
    const reaction = (before, after) => customer.update('message_reaction', {
      chat: customer.chat, message_id: Number(customer.hello), user: customer.user, date: now(), old_reaction: before, new_reaction: after,
    })
    const heart = [{ type: 'emoji', emoji: '❤' }]
    await reaction([], heart)
    await reaction(heart, [])
    const first = await customer.hears('reaction', e => !e.removed)
    assert.deepEqual([first.message.id, first.emoji], [customer.hello, '❤'])
    assert.ok((await customer.hears('reaction', e => e.removed)).conversation_sequence > first.conversation_sequence)
  },
  callback: async customer => {
    const keyboard = { inline_keyboard: [[{ text: 'Good', callback_data: 'rate:5' }]] }
    await customer.update('callback_query', {
      id: `press${customer.number}`, from: customer.user, chat_instance: '1', data: 'rate:5',
      message: { message_id: 45, date: now(), chat: customer.chat, text: '?', reply_markup: keyboard },
    })
    assert.deepEqual((await customer.hears('callback')).button, { id: 'rate:5', text: 'Good', payload: 'rate:5' })
  },
  member: async customer => {
    const bob = { id: 88, is_bot: false, first_name: 'Bob' }
    await inGroup(customer, { new_chat_members: [bob] })
    await inGroup(customer, { message_id: 32, left_chat_member: bob })
    const conversation = String(group(customer).id)
    assert.equal((await customer.hears('member', e => e.action === 'joined', conversation)).who.name, 'Bob')
    assert.equal((await customer.hears('member', e => e.action === 'left', conversation)).who.id, '88')
  },
  blocked: async customer => {
    await customer.world.control('block', { user: customer.id })
    await customer.hears('member', e => e.action === 'blocked')
    await customer.world.control('unblock', { user: customer.id })
    assert.equal((await customer.hears('member', e => e.action === 'unblocked')).who.id, String(customer.id))
  },
  title: async customer => {
    await inGroup(customer, { new_chat_title: 'Shop and more' })
    assert.equal((await customer.hears('conversation', () => true, String(group(customer).id))).conversation.title, 'Shop and more')
  },
  migration: async customer => {
    const former = group(customer)
    const present = { ...former, id: -1003000000000 - customer.number, type: 'supergroup' }
    await inGroup(customer, { text: 'hello all' })
    await customer.hears('message', () => true, String(former.id))
    await inGroup(customer, { message_id: 32, migrate_to_chat_id: present.id })
    await customer.update('message', { message_id: 2, from: customer.user, chat: present, date: now(), text: 'we moved' })
    await customer.hears('message', e => e.message.text === 'we moved', String(former.id))
  },
  profile: async customer => {
    const { id } = (await customer.world.control('users', { name: 'Ann Lee', username: 'annlee', photo: png.toString('base64') })).json
    await say(customer.world, { user: id, text: 'Hello' })
    const { sender } = await customer.hears('conversation', e => e.sender?.avatar, String(id))
    assert.equal(sender.name, 'Ann Lee')
    assert.deepEqual(await bytesOf({ url: sender.avatar }), png)
  },
  poll: placeholder({ poll: { id: 'p1', question: 'Which colour?', options: [{ text: 'red', voter_count: 0 }], type: 'regular' } }, /Which colour/),
  dice: placeholder({ dice: { emoji: '🎲', value: 4 } }),
  'other kinds': placeholder({ hologram: { depth: 3 } }),
}
