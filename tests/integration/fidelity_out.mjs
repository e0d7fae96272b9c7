// What a portal can say, feature by feature: each says it and checks what the customer sees at Telegram.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { until } from './harness.mjs'
import { calls, download, png, Speaker } from './roundtrip_world.mjs'

/** The customer's screen and the portal's voice in one conversation. */
export class Talk {
  constructor(customer) {
    this.customer = customer
    this.speaker = new Speaker(customer.world, customer.portal, customer.id)
  }
  upload(name, mime, bytes) {
    return this.speaker.upload(name, mime, bytes)
  }
  /** Says it; answers the status it ends with. */
  async says(message) {
    return this.ends(await this.speaker.send(message))
  }
  async does(type, more) {
    return this.ends((await this.speaker.command(type, more)).id)
  }
  ends(id) {
    return until(`the end of ${id}`, () => this.customer.portal.of('status').find(s => s.command === id && ['sent', 'failed', 'unknown'].includes(s.state)))
  }
  /** The bot's messages as the customer sees them. */
  async seen() {
    return (await this.customer.world.chat(this.customer.id)).filter(message => message.from.is_bot)
  }
  /** The messages that a status names. */
  async of(status) {
    const seen = await this.seen()
    return status.messages.map(id => seen.find(message => String(message.message_id) === id))
  }
}

const formatted = (type, entity = type, more = {}) => async talk => {
  const status = await talk.says({ text: '👋 Hello', spans: [{ type, offset: 2, length: 5, ...more }] })
  const [message] = await talk.of(status)
  assert.equal(message.text, '👋 Hello')
  const [found] = message.entities
  assert.deepEqual([found.type, found.offset, found.length], [entity, 3, 5], 'in UTF-16 units')
  if (more.url) assert.equal(found.url, more.url)
  return status
}

const samples = {
  image: ['a.png', 'image/png', () => png, m => m.photo?.at(-1)],
  video: ['a.mp4', 'video/mp4', () => randomBytes(3000), m => m.video],
  audio: ['a.mp3', 'audio/mpeg', () => randomBytes(3000), m => m.audio],
  voice: ['a.ogg', 'audio/ogg', () => Buffer.concat([Buffer.from('OggS'), randomBytes(3000)]), m => m.voice],
  video_note: ['n.mp4', 'video/mp4', () => randomBytes(3000), m => m.video_note],
  animation: ['a.gif', 'image/gif', () => randomBytes(3000), m => m.animation],
  sticker: ['s.webp', 'image/webp', () => randomBytes(3000), m => m.sticker],
  file: ['a.pdf', 'application/pdf', () => randomBytes(3000), m => m.document],
}

const file = kind => async talk => {
  const [name, mime, make, find] = samples[kind]
  const bytes = make()
  const media = await talk.upload(name, mime, bytes)
  const captioned = kind !== 'video_note' && kind !== 'sticker'
  const status = await talk.says({ attachments: [{ kind, media }], ...(captioned ? { text: 'look', spans: [{ type: 'bold', offset: 0, length: 4 }] } : {}) })
  const [message] = await talk.of(status)
  assert.ok(find(message), `${kind}: ${JSON.stringify(message)}`)
  assert.deepEqual(await download(talk.customer.world, find(message)), bytes)
  if (captioned) assert.deepEqual([message.caption, message.caption_entities[0].type], ['look', 'bold'])
  return status
}

/** Files in one command; answers the status and what the customer sees. */
async function several(talk, kinds, more = {}) {
  const attachments = []
  for (const kind of kinds) {
    const [name, mime, make] = samples[kind]
    attachments.push({ kind, media: await talk.upload(name, mime, make()) })
  }
  const status = await talk.says({ attachments, ...more })
  return { status, messages: await talk.of(status) }
}

const album = kinds => async talk => {
  const { status, messages } = await several(talk, kinds, { text: 'all of it' })
  assert.equal(messages.length, kinds.length)
  assert.ok(messages[0].media_group_id && messages.every(m => m.media_group_id === messages[0].media_group_id), JSON.stringify(messages))
  messages.forEach((message, i) => assert.ok(samples[kinds[i]][3](message), kinds[i]))
  assert.deepEqual(messages.map(m => m.caption), ['all of it', ...kinds.slice(1).map(() => undefined)])
  return status
}

/** Buttons under the message, or, when they ask for something, in place of the customer's own keyboard. */
const keyboard = (button, check) => async talk => {
  const status = await talk.says({ text: 'Well?', buttons: [[button]] })
  const [message] = await talk.of(status)
  check(button.asks ? (await talk.customer.world.control(`chats/${talk.customer.id}`)).json.keyboard : message.reply_markup)
  return status
}

export const outgoing = {
  text: async talk => {
    const status = await talk.says({ text: 'Yes, three left 🛒' })
    assert.deepEqual((await talk.of(status)).map(m => m.text), ['Yes, three left 🛒'])
    return status
  },
  'long text': async talk => {
    const words = 'word '.repeat(1200).trim()
    const status = await talk.says({ text: words })
    const parts = await talk.of(status)
    assert.equal(parts.length, 2)
    assert.equal(parts.map(m => m.text).join(' '), words)
    return status
  },
  bold: formatted('bold'),
  italic: formatted('italic'),
  underline: formatted('underline'),
  strike: formatted('strike', 'strikethrough'),
  code: formatted('code'),
  pre: formatted('pre', 'pre', { language: 'cpp' }),
  quotation: formatted('quote', 'blockquote'),
  spoiler: formatted('spoiler'),
  link: formatted('link', 'text_link', { url: 'https://shop.example/' }),
  mention: async talk => {
    const status = await talk.says({ text: 'Hello Ann', spans: [{ type: 'mention', offset: 6, length: 3, user: String(talk.customer.id) }] })
    const [message] = await talk.of(status)
    assert.equal(message.text, 'Hello Ann')
    assert.equal(message.entities[0].type, 'text_mention')
    assert.equal(String(message.entities[0].user.id), String(talk.customer.id))
    return status
  },
  ...Object.fromEntries(Object.keys(samples).map(kind => [kind, file(kind)])),
  album: album(['image', 'video', 'image']),
  'album of files': album(['file', 'file']),
  'album of both': async talk => {
    const { status, messages } = await several(talk, ['image', 'file'])
    assert.ok(messages[0].photo && messages[1].document && !messages[0].media_group_id)
    return status
  },
  buttons: keyboard({ id: 'b1', text: 'Good', payload: 'rate:5' }, markup =>
    assert.deepEqual(markup, { inline_keyboard: [[{ text: 'Good', callback_data: 'rate:5' }]] })),
  'button with address': keyboard({ text: 'Shop', url: 'https://shop.example/' }, markup =>
    assert.deepEqual(markup, { inline_keyboard: [[{ text: 'Shop', url: 'https://shop.example/' }]] })),
  keyboard: keyboard({ text: 'Later', asks: 'text' }, markup => {
    assert.deepEqual(markup.keyboard, [[{ text: 'Later' }]])
    assert.equal(markup.one_time_keyboard, true)
  }),
  'keyboard asking for contact': keyboard({ text: 'My number', asks: 'contact' }, markup =>
    assert.deepEqual(markup.keyboard, [[{ text: 'My number', request_contact: true }]])),
  'keyboard asking for location': keyboard({ text: 'Here', asks: 'location' }, markup =>
    assert.deepEqual(markup.keyboard, [[{ text: 'Here', request_location: true }]])),
  reply: async talk => {
    const status = await talk.says({ text: 'Hello too', reply_to: { id: talk.customer.hello } })
    const [message] = await talk.of(status)
    assert.equal(String(message.reply_to_message.message_id), talk.customer.hello)
    return status
  },
  quote: async talk => {
    const status = await talk.says({ text: 'Hello too', reply_to: { id: talk.customer.hello, quote: 'ell' } })
    const [message] = await talk.of(status)
    assert.equal(message.quote.text, 'ell')
    // A quotation that does not stand there is left out, and the answer arrives all the same.
    const other = await talk.says({ text: 'again', reply_to: { id: talk.customer.hello, quote: 'nowhere' } })
    const [plain] = await talk.of(other)
    assert.equal(String(plain.reply_to_message.message_id), talk.customer.hello)
    assert.equal(plain.quote, undefined)
    return status
  },
  location: async talk => {
    const status = await talk.says({ location: { latitude: 55.751244, longitude: 37.618423 } })
    assert.deepEqual((await talk.of(status))[0].location, { latitude: 55.751244, longitude: 37.618423 })
    return status
  },
  venue: async talk => {
    const status = await talk.says({ location: { latitude: -33.9, longitude: 18.4, title: 'Shop', address: 'Lenina 1' } })
    const [{ venue }] = await talk.of(status)
    assert.deepEqual([venue.title, venue.address], ['Shop', 'Lenina 1'])
    return status
  },
  contact: async talk => {
    const status = await talk.says({ contact: { name: 'Ann Lee', phone: '+4930901820' } })
    const [{ contact }] = await talk.of(status)
    assert.deepEqual([contact.first_name, contact.phone_number], ['Ann Lee', '+4930901820'])
    return status
  },
  edit: async talk => {
    const [id] = (await talk.says({ text: 'Yse' })).messages
    const status = await talk.does('edit', { message: { id, text: 'Yes' } })
    assert.equal((await talk.seen()).find(m => String(m.message_id) === id).text, 'Yes')
    return status
  },
  'edit of a file': async talk => {
    const [id] = (await talk.says({ text: 'before', attachments: [{ kind: 'image', media: await talk.upload('a.png', 'image/png', png) }] })).messages
    const paper = randomBytes(2000)
    const status = await talk.does('edit', { message: { id, text: 'after', attachments: [{ kind: 'file', media: await talk.upload('a.pdf', 'application/pdf', paper) }] } })
    const message = (await talk.seen()).find(m => String(m.message_id) === id)
    assert.deepEqual(await download(talk.customer.world, message.document), paper)
    assert.equal(message.caption, 'after')
    return status
  },
  delete: async talk => {
    const [id] = (await talk.says({ text: 'oops' })).messages
    const status = await talk.does('delete', { message: { id } })
    assert.equal((await talk.seen()).find(m => String(m.message_id) === id), undefined)
    return status
  },
  reaction: async talk => {
    const status = await talk.does('react', { message: { id: talk.customer.hello }, emoji: '👍' })
    const mine = (await calls(talk.customer.world, 'setMessageReaction')).filter(c => String(c.parameters.chat_id) === String(talk.customer.id))
    assert.match(JSON.stringify(mine[0].parameters.reaction), /👍/)
    return status
  },
  typing: async talk => {
    await talk.speaker.command('typing', { on: true })
    await until('the typing mark', async () => (await calls(talk.customer.world, 'sendChatAction')).find(c => String(c.parameters.chat_id) === String(talk.customer.id)))
  },
  // Not kept and without a status: it passes away, and what is said next arrives.
  read: async talk => {
    await talk.speaker.command('read', { message: { id: talk.customer.hello } })
    await talk.says({ text: 'then' })
    const mine = (await calls(talk.customer.world, 'readBusinessMessage')).length
    assert.equal(mine, 0)
  },
}
