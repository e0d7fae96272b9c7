'use strict'
// The line in which the customer writes, what is above it (a reply, an edit, files to be sent) and the drawers under it.

let mode = {} // {replying: id} or {editing: id}
let begun = '' // what was in the box before an edit took it

/** What the next message answers or replaces; without arguments nothing. */
function composing(what = {}, title = '', text = '', sign = 'reply') {
  if (mode.editing && !what.editing) $('text').value = begun
  if (what.editing) {
    if (!mode.editing) begun = $('text').value
    $('text').value = text
  }
  mode = what
  $('mode').hidden = !title
  $('mode').firstElementChild.replaceWith(icon(sign))
  $('mode').children[1].replaceChildren(el('b', {}, title), text.slice(0, 200))
  $('send').setAttribute('aria-label', mode.editing ? 'Save' : 'Send')
  grow()
  if (title) $('text').focus()
}
function cancelMode() {
  composing()
  $('text').focus()
}
$('mode').lastElementChild.onclick = cancelMode

function grow() {
  const box = $('text')
  box.style.height = 'auto'
  if (box.scrollHeight) box.style.height = `${box.scrollHeight}px`
  document.querySelector('.go').classList.toggle('ready', Boolean(box.value.trim()) || tray.length > 0 || Boolean(mode.editing))
}

/** Says something in the open chat; true when the simulator has it. */
async function say(what) {
  const of = user
  const done = await post('say', form.say({ user, ...what, ...(mode.replying ? { reply_to: mode.replying } : {}) }))
  if (!done) return false
  problem()
  if (of !== user) return true
  if (mode.replying) composing()
  atEnd = true
  await refresh()
  return true
}

let sending = false
async function send() {
  const raw = $('text').value.trim()
  if (sending || blocked || (!raw && tray.length === 0)) return
  sending = true // until it is there: what was written is only cleared then
  standing()
  const { text, spans } = formatted(raw)
  const editing = mode.editing
  let done
  if (editing) done = await post('edit', form.say({ user, message_id: editing, text, spans }))
  else if (tray.length) done = await sendTray(text, spans)
  else done = await say({ kind: 'text', text, spans })
  sending = false
  standing()
  if (!done) return
  problem()
  if (editing) composing()
  else if ($('text').value.trim() === raw) $('text').value = ''
  grow()
  if ([document.body, $('send')].includes(document.activeElement)) $('text').focus()
  refresh()
}
$('form').onsubmit = event => {
  event.preventDefault()
  send()
}

let toldTyping = 0
$('text').oninput = () => {
  grow()
  if (!can('typing') || Date.now() - toldTyping < 4_000) return
  toldTyping = Date.now()
  post('typing', { user })
}
$('text').onkeydown = event => {
  if (event.key === 'Escape' && !$('mode').hidden) cancelMode()
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  $('form').requestSubmit()
}

// Drawers: one at a time, each with the button that opens it.

const drawers = { attachments: 'attach', faces: 'face', keyboard: 'keys' }
function openDrawer(name, open) {
  for (const [drawer, button] of Object.entries(drawers)) {
    const on = drawer === name && open
    $(drawer).hidden = !on
    $(button).setAttribute('aria-expanded', String(on))
  }
  if (atEnd) requestAnimationFrame(toEnd)
}
const closeDrawers = () => openDrawer('', false)
for (const [drawer, button] of Object.entries(drawers)) $(button).onclick = () => openDrawer(drawer, $(drawer).hidden)
document.addEventListener('keydown', event => {
  const open = Object.keys(drawers).find(name => !$(name).hidden)
  if (event.key !== 'Escape' || !open || event.defaultPrevented) return
  closeDrawers()
  $(drawers[open]).focus()
})

// Emoji and stickers.

const emoji = '😀 😃 😄 😁 😅 😂 🤣 😊 🙂 😉 😍 😘 😋 😜 🤔 🤨 😐 😏 🙄 😬 😌 😴 😷 🤒 🥵 🥶 😎 🥳 😕 😟 😮 😲 😢 😭 😱 😡 👍 👎 👌 🤝 🙏 👏 🙌 💪 👋 ✌️ 🤞 ❤️ 🧡 💛 💚 💙 💜 💔 🔥 ✨ ⭐ 🎉 🎁 🎂 📦 🚚 🛒 🧾 💳 💰 📷 📎 📍 ⏰ ✅ ❌ ❓ ❗ 💬 ☕ 🍕 🍎 🌞 🌧️ 🐶 🐱 🚗 ✈️ 🏠 🌍'.split(' ')

function insert(text) {
  const box = $('text')
  box.setRangeText(text, box.selectionStart, box.selectionEnd, 'end')
  grow()
}
function buildFaces() {
  const panel = el('div', { class: 'faces' }, ...emoji.map(one => el('button', { type: 'button', onclick: () => insert(one) }, one)))
  const parts = [panel]
  if (can('sticker') && abilities.stickers.length) {
    const stickers = el('div', { class: 'faces stickers', hidden: true }, ...abilities.stickers.map(one => {
      const image = el('img', { src: stickerUrl(one), alt: '', style: 'width:100%;height:100%' })
      return el('button', { type: 'button', data: { testid: 'sim-sticker-choice', name: one.name }, aria: { label: `Sticker ${one.name} ${one.emoji}` }, onclick: () => sendSticker(one) }, image)
    }))
    const tabs = ['Emoji', 'Stickers'].map((name, n) => el('button', {
      type: 'button', data: { testid: `sim-tab-${name.toLowerCase()}` }, aria: { role: 'tab', selected: String(n === 0) },
      onclick: () => {
        tabs.forEach((tab, i) => tab.setAttribute('aria-selected', String(i === n)))
        panel.hidden = n !== 0
        stickers.hidden = n !== 1
      },
    }, name))
    parts.unshift(el('div', { class: 'tabs', aria: { role: 'tablist', label: 'Emoji or stickers' } }, ...tabs))
    parts.push(stickers)
  }
  $('faces').replaceChildren(...parts)
  $('face').hidden = !can('text') && parts.length < 2
}
async function sendSticker(sticker) {
  closeDrawers()
  const file = await stickerFile(sticker)
  await say({ kind: 'sticker', emoji: sticker.emoji, name: `${sticker.name}.webp`, mime: 'image/webp', bytes: await base64(file) })
}

// The keyboard that the business offers in place of the customer's own.

let keyboardOf = ''
function offerKeyboard() {
  if (!shows('keyboard')) return
  const from = current.keyboard ? undefined : talk.findLast(m => !m.mine && m.keyboard !== undefined)
  const keyboard = current.keyboard ?? from?.keyboard
  $('keys').hidden = !keyboard
  if (!keyboard) {
    if (!$('keyboard').hidden) closeDrawers()
    keyboardOf = ''
    return
  }
  const which = JSON.stringify([from?.id, keyboard])
  if (keyboardOf === which) return
  keyboardOf = which
  const pressKey = async key => {
    if (keyboard.once) closeDrawers()
    if (can('keyboard')) { // this simulator knows what its keys do
      if (await post('key', { user, text: key.text })) await refresh()
    } else if (key.asks === 'contact') await say({ kind: 'contact', contact: { name: current.name, phone: ownPhone, own: true } })
    else if (key.asks === 'location') chooseLocation()
    else await say({ kind: 'text', text: key.text })
  }
  $('keyboard').replaceChildren(...keyboard.rows.map(row => el('div', {}, ...row.map(key => el('button', { type: 'button', data: { testid: 'sim-key' }, onclick: () => pressKey(key) }, key.text)))))
  openDrawer('keyboard', true)
}
