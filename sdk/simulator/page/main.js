'use strict'
// Asks the simulator what it can, then again and again what is new.

let shown = '' // the messages as the simulator gave them
let keysShown = '' // and the keyboard of the business
let away = false

async function refresh() {
  const of = user
  if (of === null) return
  const [chat, messages] = await Promise.all(['', '/messages'].map(what => fetch(`/control/chats/${of}${what}`).catch(() => ({ ok: false }))))
  const raw = chat.ok && messages.ok ? await messages.text().catch(() => undefined) : undefined
  const one = raw === undefined ? undefined : await chat.json().catch(() => undefined)
  if (of !== user) return
  if (chat.status === 404) { // everything was cleared
    user = null
    forget()
    return loadChats()
  }
  if (!one) {
    away = true
    return problem('The simulator cannot be reached; trying again.')
  }
  if (away) problem()
  away = false
  current = form.chat(one)
  blocked = current.blocked
  const keys = JSON.stringify(current.keyboard ?? null)
  const same = raw === shown && keys === keysShown && doing === (current.action ?? '') && drawn
  doing = current.action ?? ''
  keysShown = keys
  if (raw !== shown) {
    const before = talk.at(-1)?.id
    talk = JSON.parse(raw).map(form.message)
    shown = raw
    const last = talk.at(-1)
    if (can('read') && last && !last.mine && last.id !== before && !document.hidden) post('read', { user, message_id: last.id })
  }
  standing()
  if (same) return
  draw()
  offerKeyboard()
}

const every = 600, everyHidden = 3_000, chatsEvery = 1_500
let chatsNext = 0
async function turn() {
  await refresh().catch(error => console.error(error))
  const listed = !narrow.matches || document.body.classList.contains('listing')
  if (user === null || (listed && Date.now() > chatsNext)) {
    const began = Date.now()
    await loadChats().catch(error => console.error(error))
    chatsNext = Date.now() + Math.max(chatsEvery, 5 * (Date.now() - began)) // thousands of chats are looked at less often
  }
  $('clock').textContent = clock(Date.now())
  setTimeout(turn, document.hidden ? everyHidden : every)
}

async function start() {
  let known
  while (!(known = await ask('abilities'))) await new Promise(again => setTimeout(again, 1_000))
  problem()
  Object.assign(abilities, known)
  form = forms[abilities.messenger.toLowerCase()] ?? asIs
  paint(abilities.color)
  document.title = abilities.title
  $('about').textContent = `${abilities.title}: nothing written here reaches the real ${abilities.messenger || 'messenger'}.`
  $('mic').hidden = !can('voice') || !canRecord()
  buildFaces()
  buildAttachments()
  grow()
  turn()
}
start()
