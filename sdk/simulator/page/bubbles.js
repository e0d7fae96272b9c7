'use strict'
// One message as an element. Everything in it came from outside: it goes in as text, never as markup.

/** A photo that opens in full. */
function shot(media, onload) {
  const image = el('img', { src: media.url, alt: media.name || 'Photo', loading: 'lazy', decoding: 'async', onload, onerror: event => event.target.classList.add('broken') })
  const button = el('button', { type: 'button', class: 'shot', data: { testid: 'sim-photo' }, aria: { label: 'Open the photo' } }, image)
  button.onclick = event => { event.stopPropagation(); openPhoto(media.url) }
  return button
}
function film(media) {
  const video = el('video', { controls: media.kind === 'video', playsInline: true, preload: 'metadata', loop: media.kind === 'animation', muted: media.kind === 'animation', autoplay: media.kind === 'animation' })
  video.onclick = event => event.stopPropagation()
  blobOf(media).then(({ url }) => { video.src = url }, () => {})
  return video
}
function stickerImage(media) {
  const image = el('img', { class: 'sticker', alt: `Sticker ${media.emoji ?? ''}`.trim(), data: { testid: 'sim-sticker' } })
  blobOf(media).then(({ url }) => { image.src = url }, () => { image.alt = 'Sticker (not there any more)' })
  return image
}
function paper(media) {
  const name = media.name || (media.kind === 'audio' ? 'Audio' : 'File')
  const what = [sized(media.size ?? 0), name.includes('.') && name.split('.').at(-1).slice(0, 8).toUpperCase()].filter(Boolean).join(' · ')
  // The name itself is the link, so that whoever looks for it finds it.
  return el('span', { class: 'paper' }, el('i', {}, icon('file')), el('span', {}, el('a', { class: 'label', href: media.url, download: media.name || '', onclick: event => event.stopPropagation() }, name), el('br'), el('small', {}, what)))
}
function card(contact) {
  const face = el('i', { class: 'avatar', aria: { hidden: 'true' } })
  tint(face, contact.name || '?')
  return el('span', { class: 'paper', data: { testid: 'sim-contact' } }, face, el('span', {}, el('b', {}, contact.name), el('small', {}, contact.phone)))
}
function mediaPart(media) {
  switch (media.kind) {
    case 'photo': return shot(media, () => { if (atEnd) toEnd() })
    case 'video': case 'animation': return film(media)
    case 'video_note': return notePlayer(media)
    case 'voice': case 'audio': return voicePlayer(media)
    case 'sticker': return stickerImage(media)
    default: return paper(media)
  }
}

function metaPart(m) {
  const state = { sent: 'Sent', delivered: 'Delivered', read: 'Read' }[m.state]
  return el('span', { class: m.state === 'read' ? 'meta read' : 'meta' },
    m.edited && el('span', {}, 'edited'), el('time', { dateTime: new Date(m.at).toISOString() }, clock(m.at)),
    m.mine && state && icon('check'), m.mine && state && m.state !== 'sent' && icon('check', 'second'), m.mine && state && el('span', { class: 'unseen' }, state))
}
function replyPart(reply) {
  const box = el('button', { type: 'button', class: 'reply', tabIndex: -1, aria: { label: `In reply to ${reply.from}: ${reply.text}` } }, el('b', {}, reply.from), el('span', {}, reply.text))
  box.onclick = event => { event.stopPropagation(); goTo(reply.id) }
  return box
}
function reactionsPart(m) {
  const box = el('span', { class: 'reactions' })
  for (const { emoji, count, mine } of m.reactions) {
    const one = el('button', { type: 'button', disabled: !can('react'), data: { testid: 'sim-reaction' }, aria: { pressed: String(mine), label: `${emoji}: ${count}` } }, emoji, ...(count > 1 ? [el('small', {}, String(count))] : []))
    one.onclick = event => { event.stopPropagation(); react(m, mine ? '' : emoji) }
    box.append(one)
  }
  return box
}

/** The bubble of one message, or of all of an album: its first member carries the words. */
function bubble(m, album = [m]) {
  const box = el('article', { tabIndex: -1, class: 'bubble', data: { testid: 'sim-message', id: m.id }, aria: { describedby: 'how' } })
  box.append(el('span', { class: 'unseen' }, m.mine ? 'You: ' : `${m.from}: `))
  const words = album.map(one => one.text).find(Boolean) ?? ''
  const visual = ['photo', 'video', 'animation'].includes(m.media?.kind)
  const bare = !words && (m.media?.kind === 'sticker' || m.media?.kind === 'video_note')
  const big = !m.media && onlyEmoji(words) && !m.reply
  if (bare || big) box.classList.add('bare')
  if (big) box.classList.add('big')
  if (visual || m.place) box.classList.add('filled')
  if (visual && !words) box.classList.add('onto')
  if (m.forwarded) box.append(el('span', { class: 'forward' }, 'Forwarded from ', el('b', {}, m.forwarded)))
  if (m.reply) box.append(replyPart(m.reply))
  if (album.length > 1) box.append(el('span', { class: 'album', data: { count: Math.min(album.length, 10) } }, ...album.map(one => mediaPart(one.media))))
  else if (m.media) box.append(mediaPart(m.media))
  if (m.place) {
    const { title, address, latitude, longitude } = m.place
    box.append(smallMap(m.place), el('span', { class: 'placed' }, ...(title ? [el('b', {}, title), address ?? ''] : [`${latitude.toFixed(5)}, ${longitude.toFixed(5)}`])))
  }
  if (m.contact) box.append(card(m.contact))
  if (words) box.append(el('span', { class: 'words' }, rich(words, album.find(one => one.text).spans)))
  else if (!m.media && !m.place && !m.contact) box.append(el('span', { class: 'words small' }, m.kind ?? 'A message that this page cannot show'))
  box.append(metaPart(m))
  if (m.reactions?.length && shows('reactions')) box.append(reactionsPart(m))
  return box
}

// Buttons under a message.

const pressed = new Map() // "message button": until when a press waits for its answer
const pressWait = 10_000

function keysPart(m) {
  const rows = el('div', { class: 'keys' })
  m.buttons.forEach((row, y) => rows.append(el('div', {}, ...row.map((b, x) => {
    const href = b.url && safeUrl(b.url)
    if (b.url) return href ? el('a', { class: 'link', href, target: '_blank', rel: 'noopener noreferrer', data: { testid: 'sim-button' } }, b.text) : el('span', { data: { testid: 'sim-button' } }, b.text)
    const key = `${m.id} ${x} ${y}`
    const button = el('button', { type: 'button', class: pressed.has(key) ? 'waiting' : '', data: { testid: 'sim-button', key } }, b.text)
    button.onclick = () => press(m, b, key)
    return button
  }))))
  return rows
}
function waiting(key, on) {
  if (on) pressed.set(key, true)
  else pressed.delete(key)
  for (const one of document.querySelectorAll('.keys button')) if (one.dataset.key === key) one.classList.toggle('waiting', on)
}
/** Presses a button and shows the answer, which may never come. */
async function press(m, b, key) {
  if (pressed.has(key)) return
  waiting(key, true)
  const of = user
  const done = await post('press', { user, message_id: m.id, data: b.data })
  for (const end = Date.now() + pressWait; done?.id && of === user && Date.now() < end;) {
    await refresh()
    const answer = current?.notice
    if (answer?.callback === done.id) {
      if (answer.text && answer.alert) openSheet(businessName(), body => body.append(el('p', { data: { testid: 'sim-alert' } }, answer.text)))
      else if (answer.text) toast(answer.text)
      break
    }
    await new Promise(next => setTimeout(next, 200))
  }
  waiting(key, false)
}
