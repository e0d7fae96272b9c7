'use strict'
// The talk: what is new is added, what changed is replaced, all else stays as it is, so that nothing flickers, only what is new is read
// out, and nobody who reads above is moved.

let talk = [] // the messages of the open chat, in the page's form
const lines = new Map() // what is on the screen: key, its JSON and its element
let atEnd = true, drawn = false, unseen = 0, most = 200
const mostStep = 200

const toEnd = () => { $('messages').scrollTop = $('messages').scrollHeight }
function pill() {
  $('newer').hidden = atEnd
  $('newer').firstElementChild.textContent = unseen ? `${unseen} new` : ''
  $('newer').setAttribute('aria-label', unseen ? `${unseen} new messages: to the latest` : 'To the latest message')
}
$('messages').onscroll = ({ target }) => {
  atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 60
  if (atEnd) unseen = 0
  pill()
}
$('newer').onclick = () => {
  $('messages').scrollTo({ top: $('messages').scrollHeight, behavior: 'smooth' })
  $('text').focus()
}
new ResizeObserver(() => { if (atEnd) toEnd() }).observe($('messages'))

function forget() {
  lines.clear()
  talk = []
  drawn = false
  most = mostStep
  unseen = 0
  $('messages').replaceChildren()
  closeActions()
  atEnd = true
  pill()
}

function hint() {
  const name = businessName()
  const face = el('span', { class: 'avatar', aria: { hidden: 'true' } })
  tint(face, name, true)
  const hello = can('text') && el('button', { type: 'button', class: 'text', onclick: () => say({ kind: 'text', text: 'Hello! 👋' }) }, 'Say hello 👋')
  return el('div', { class: 'hint' }, face, el('b', {}, name), 'Say something: it travels through the connector, a durable lane, encryption and signature to the desk.', hello)
}

/** What is to be on the screen, in order: days, messages, albums. */
function planned() {
  const plan = []
  const shown = talk.slice(-most)
  if (shown.length < talk.length) plan.push({ key: 'older', json: String(talk.length - shown.length) })
  let day = ''
  for (let i = 0; i < shown.length; i++) {
    const m = shown[i]
    if (dayOf(m.at) !== day) {
      day = dayOf(m.at)
      plan.push({ key: `day ${day}`, json: dayName(m.at) })
    }
    const album = [m]
    const joins = next => m.album && shows('albums') && next?.album === m.album && next.mine === m.mine && next.media && m.media
    while (album.length < 10 && joins(shown[i + 1])) album.push(shown[++i])
    plan.push({ key: `message ${m.id}`, json: JSON.stringify(album), m, album })
  }
  if (doing && shows('typing')) plan.push({ key: 'doing', json: doing })
  const close = (a, b) => a?.m && b?.m && a.m.mine === b.m.mine && b.m.at - a.m.at < 300_000
  plan.forEach((one, i) => {
    one.first = !close(plan[i - 1], one)
    one.last = !close(one, plan[i + 1])
  })
  return plan
}

function made(one) {
  if (one.key === 'older') return el('button', { type: 'button', class: 'text older', onclick: showOlder }, `Show older messages (${one.json})`)
  if (one.key === 'doing') return el('div', { class: 'dots', aria: { hidden: 'true' } }, el('i'), el('i'), el('i'))
  if (!one.m) return el('div', { class: 'day', aria: { role: 'separator', label: one.json } }, one.json)
  const line = el('div', { class: one.m.mine ? 'line mine' : 'line' }, bubble(one.m, one.album))
  if (one.m.buttons?.length && shows('buttons')) line.append(keysPart(one.m))
  touchable(line, one.m)
  return line
}

/** The new element in the place of the old one: focus and what was open stay. */
function replaced(old, next) {
  const had = old.contains(document.activeElement)
  const [before, after] = [old, next].map(one => one.querySelector('.bubble'))
  old.replaceWith(next)
  if (!before || !after) return
  after.tabIndex = before.tabIndex
  moveActions(before, after)
  if (had) after.focus()
}

function draw() {
  drawn = true
  const box = $('messages')
  const plan = planned()
  const known = new Set(plan.map(one => one.key))
  const first = lines.size === 0
  if (first) box.setAttribute('aria-busy', 'true') // a whole talk is not read out
  box.querySelector('.hint')?.remove()
  for (const [key, { element }] of lines) {
    if (known.has(key)) continue
    element.remove()
    lines.delete(key)
  }
  let place = box.firstElementChild
  for (const one of plan) {
    const old = lines.get(one.key)
    let element = old?.element
    if (old?.json !== one.json) {
      element = made(one)
      if (old) {
        if (place === old.element) place = element
        replaced(old.element, element)
      } else if (one.m && !first) {
        element.classList.add('fresh')
        if (!atEnd && !one.m.mine) unseen++
      }
      lines.set(one.key, { json: one.json, element })
    }
    if (one.m) {
      element.classList.toggle('first', one.first)
      element.classList.toggle('last', one.last)
    }
    if (element === place) place = place.nextElementSibling
    else box.insertBefore(element, place)
  }
  if (talk.length === 0) box.append(hint())
  const all = bubbles()
  if (all.length > 0 && !box.contains(document.activeElement)) reachable(all.at(-1))
  if (atEnd) toEnd()
  pill()
  if (first) requestAnimationFrame(() => box.removeAttribute('aria-busy'))
}

function showOlder() {
  const box = $('messages')
  const below = box.scrollHeight - box.scrollTop
  most += mostStep
  draw()
  box.scrollTop = box.scrollHeight - below
}

// One message is reached by Tab, the others from it by the arrow keys: a long talk is no long way to the text box.

const bubbles = () => [...$('messages').querySelectorAll('.bubble')]
function reachable(box) {
  for (const one of bubbles()) one.tabIndex = one === box ? 0 : -1
}
function stepTo(box, step) {
  const all = bubbles()
  const next = all[all.indexOf(box) + step]
  if (next) { reachable(next); next.focus() }
}
$('messages').addEventListener('focusin', event => { if (event.target.matches('.bubble')) reachable(event.target) })
function goTo(id) {
  const found = bubbles().find(one => one.dataset.id === String(id))
  if (!found) return
  found.scrollIntoView({ block: 'center', behavior: 'smooth' })
  reachable(found)
  found.focus({ preventScroll: true })
}
