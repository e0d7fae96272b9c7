'use strict'
// The customers who have this phone in their hands: one chat each with the business.

let user = null // whose phone it is, by id
let current // their chat
let doing = '' // what the business does there just now
let blocked = false
const seen = new Map() // of each chat: how many messages were there when it was last looked at
let chatsShown = ''
const chatsMax = 200

/** Whose words are in the box stay with them. */
const drafts = new Map()

function businessName() {
  return talk.findLast(m => !m.mine)?.from || abilities.business.name || 'Business'
}

async function loadChats() {
  const of = user
  const answer = await ask('chats')
  if (!answer) return
  if (answer.length === 0) {
    if (await post('users', { name: 'Ann Lee', username: 'annlee' })) await loadChats()
    return
  }
  const chats = answer.map(form.chat)
  if (of === user && !chats.some(c => c.id === user)) choose(chats[0])
  drawChats(chats)
}

function drawChats(chats) {
  for (const c of chats) if (c.id === user || !seen.has(c.id)) seen.set(c.id, c.count)
  const rows = chats.sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0) || a.id - b.id).slice(0, chatsMax)
  const json = JSON.stringify([user, rows.map(c => [c, seen.get(c.id)])])
  if (json === chatsShown) return
  chatsShown = json
  const focused = document.activeElement?.closest?.('#chats button')?.dataset.user
  $('chats').replaceChildren(...rows.map(c => {
    const face = el('span', { class: 'avatar', aria: { hidden: 'true' } })
    tint(face, c.name)
    const news = c.count - seen.get(c.id)
    const last = c.last ? `${c.last.mine ? '' : '↩ '}${gist(c.last)}`.slice(0, 80) : 'No messages yet'
    const row = el('button', { type: 'button', data: { user: c.id, testid: 'sim-chat' }, aria: { current: String(c.id === user) }, onclick: () => { choose(c); listing(false); $('text').focus() } },
      face, el('b', {}, c.name), el('time', {}, c.last ? (dayOf(c.last.at) === dayOf(Date.now()) ? clock(c.last.at) : dayName(c.last.at)) : ''),
      el('span', { class: 'last' }, c.blocked ? 'Has blocked the business' : last), news > 0 && el('span', { class: 'unread', aria: { label: `${news} new` } }, String(news)))
    return el('li', {}, row)
  }))
  if (focused) $('chats').querySelector(`[data-user="${CSS.escape(focused)}"]`)?.focus()
}

/** Gives the phone to a customer. */
function choose(chat) {
  if (chat.id === user) return
  if (user !== null) drafts.set(user, $('text').value)
  if (recording) endRecording(false)
  user = chat.id
  current = chat
  $('text').value = drafts.get(user) ?? ''
  emptyTray()
  composing()
  closeDrawers()
  keyboardOf = ''
  forget()
  shown = ''
  refresh()
  loadChats()
}

const narrow = matchMedia('(max-width: 819px), (max-height: 559px)')
function listing(on) {
  document.body.classList.toggle('listing', on && narrow.matches)
  if (!on || !narrow.matches) return
  loadChats()
  setTimeout(() => $('chats').querySelector('[aria-current=true]')?.focus(), 50)
}
$('back').onclick = () => listing(true)
$('people').onkeydown = event => { if (event.key === 'Escape') { listing(false); $('text').focus() } }

$('new').onclick = () => openSheet('New customer', body => {
  listing(false)
  const name = entry('Name', { maxLength: 64, placeholder: 'Vera Ivanova' }), username = entry('Username (optional)', { maxLength: 32, placeholder: 'vera_i' })
  sheetForm(body, 'Create', async () => {
    if (!name.input.value.trim()) return 'A customer needs a name.'
    const made = await post('users', { name: name.input.value.trim(), username: username.input.value.trim().replace(/^@/, '') })
    if (!made) return 'The simulator did not create the customer.'
    choose(form.chat({ blocked: false, messages: 0, count: 0, ...made }))
  }, name.box, username.box)
})

async function block(on) {
  await post(on ? 'block' : 'unblock', { user })
  await refresh()
  if (!on) $('text').focus()
}
$('blocked').lastElementChild.onclick = () => block(false)

/** What the chat says of itself: blocked or not, what the business does. */
const doings = { typing: 'typing', record_voice: 'recording a voice message', upload_voice: 'sending a voice message', record_video: 'recording a video', upload_video: 'sending a video', record_video_note: 'recording a video', upload_video_note: 'sending a video', upload_photo: 'sending a photo', upload_document: 'sending a file', choose_sticker: 'choosing a sticker', find_location: 'sending a location' }
function standing() {
  const name = businessName()
  if ($('name').textContent !== name) {
    $('name').textContent = name
    tint($('avatar'), name, true)
    document.title = `${name} · ${abilities.title}`
  }
  const busy = doing && shows('typing')
  $('state').textContent = blocked ? 'blocked' : busy ? doings[doing] ?? 'typing' : abilities.title
  $('state').classList.toggle('busy', Boolean(busy && !blocked))
  $('blocked').hidden = !blocked
  $('blocked').firstElementChild.textContent = `You have blocked ${name}: nothing it sends arrives.`
  $('row').hidden = blocked || recording !== null
  $('text').disabled = blocked || !can('text')
  $('send').disabled = blocked || sending
  if (blocked) closeDrawers()
}
