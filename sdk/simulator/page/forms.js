'use strict'
// The forms in which simulators keep messages, each turned into the one that this page shows. A simulator whose messenger has an
// entry in `forms` keeps that one's; any other keeps the page's form:
//
// message  { id, at (ms), mine, from, edited, state?: sent|delivered|read, text?, spans?: [{type, offset, length, url?}],
//            reply?: {id, from, text}, forwarded?, album?, media?: {kind, id, url, name, mime, size, width, height, duration, emoji},
//            place?: {latitude, longitude, title, address}, contact?: {name, phone}, buttons?: [[{text, data?, url?}]],
//            keyboard?: {rows: [[{text, asks?: contact|location}]], once} | null (taken away), reactions?: [{emoji, count, mine}], kind? }
// media.kind is photo, video, video_note, voice, audio, file, sticker or animation; offsets are in UTF-16 units.
// chat     { id, name, username, blocked, count, last?: message, action?: typing|..., keyboard?: as above,
//            notice?: {callback, text, alert} (how the last press was answered) }
// What is said goes the other way: { user, kind, text?, spans?, reply_to?, album?, name?, mime?, bytes? (base64), duration?, width?,
//            height?, emoji?, latitude?, longitude?, title?, address?, contact?: {name, phone, own} }

const asIs = { message: m => m, chat: c => c, say: what => what }

const telegram = {
  media(m) {
    const kinds = { animation: 'animation', document: 'file', audio: 'audio', voice: 'voice', video: 'video', video_note: 'video_note', sticker: 'sticker' }
    const key = m.photo ? 'photo' : Object.keys(kinds).find(name => m[name])
    const file = m.photo ? m.photo.at(-1) : m[key]
    if (!file?.file_id) return undefined
    const mime = { photo: 'image/png', sticker: 'image/webp', video_note: 'video/mp4', voice: 'audio/ogg' }[key]
    return {
      kind: kinds[key] ?? 'photo', id: file.file_id, url: `/control/files/${encodeURIComponent(file.file_id)}`, name: file.file_name ?? '',
      mime: file.mime_type ?? mime ?? '', size: file.file_size, width: file.width, height: file.height, duration: file.duration, emoji: file.emoji,
    }
  },
  keyboard({ keyboard, one_time_keyboard, remove_keyboard } = {}) {
    if (remove_keyboard) return null
    const button = b => ({ text: b.text ?? String(b), asks: b.request_contact ? 'contact' : b.request_location ? 'location' : undefined })
    return keyboard && { rows: keyboard.map(row => row.map(button)), once: one_time_keyboard }
  },
  name: who => [who?.first_name, who?.last_name].filter(Boolean).join(' '),
  message(m) {
    const original = m.reply_to_message && telegram.message(m.reply_to_message)
    const point = m.location ?? m.venue?.location
    return {
      id: m.message_id, at: m.date * 1000, mine: !m.from.is_bot, from: telegram.name(m.from), edited: Boolean(m.edit_date), state: 'sent',
      text: m.text ?? m.caption, spans: m.entities ?? m.caption_entities,
      reply: original && { id: original.id, from: original.mine ? 'You' : original.from, text: m.quote?.text ?? gist(original) },
      forwarded: m.forward_origin && (m.forward_origin.sender_user_name ?? (telegram.name(m.forward_origin.sender_user) || m.forward_origin.chat?.title || 'somebody')),
      album: m.media_group_id, media: telegram.media(m),
      place: point && { ...point, title: m.venue?.title, address: m.venue?.address },
      contact: m.contact && { name: telegram.name(m.contact), phone: m.contact.phone_number },
      buttons: m.reply_markup?.inline_keyboard?.map(row => row.map(b => ({ text: b.text, data: b.callback_data, url: b.url }))),
      keyboard: telegram.keyboard(m.reply_markup), reactions: telegram.reactions(m.reactions),
    }
  },
  /** Who reacted how: [{from: "bot" or the customer's id, emoji}]. */
  reactions(list = []) {
    const all = new Map()
    for (const { from, emoji } of list) {
      const one = all.get(emoji) ?? { emoji, count: 0, mine: false }
      all.set(emoji, { emoji, count: one.count + 1, mine: one.mine || from !== 'bot' })
    }
    return [...all.values()]
  },
  chat: c => ({
    id: c.id, name: telegram.name(c.user), username: c.user.username, blocked: c.blocked, count: c.messages, last: c.last && telegram.message(c.last),
    action: c.action, notice: c.notice, keyboard: telegram.keyboard(c.keyboard),
  }),
  say: ({ kind, spans, album, contact, ...what }) => ({
    ...what, kind: { file: 'document' }[kind] ?? kind,
    ...(spans?.length ? { entities: spans } : {}),
    ...(album ? { media_group_id: album } : {}),
    ...(contact ? { first_name: contact.name, phone_number: contact.phone, ...(contact.own ? { contact_user: what.user } : {}) } : {}),
  }),
}

const forms = { telegram }
let form = asIs // chosen when the abilities are there

/** A message in a few words: for lists, quotes and those who do not see it. */
function gist(m) {
  if (m.text) return m.text
  const kinds = { photo: 'Photo', video: 'Video', video_note: 'Video message', voice: 'Voice message', audio: 'Audio', animation: 'GIF' }
  if (m.media?.kind === 'sticker') return `${m.media.emoji ?? ''} Sticker`.trim()
  if (m.media) return kinds[m.media.kind] ?? (m.media.name || 'File')
  if (m.place) return m.place.title || 'Location'
  if (m.contact) return `Contact: ${m.contact.name}`
  return m.kind ?? 'Message'
}
