'use strict'
// What can be done with a message: by click, long press, the right button, Enter, or by swiping it aside to reply.

const quickReactions = ['👍', '❤️', '😂', '😮', '😢', '🙏']
let acted = null // the bubble whose menu is open

function replyTo(m) {
  composing({ replying: m.id }, `Reply to ${m.mine ? 'yourself' : m.from}`, gist(m), 'reply')
}
async function react(m, emoji) {
  await post('react', { user, message_id: m.id, emoji })
  refresh()
}
async function remove(m) {
  if (await post('delete', { user, message_id: m.id })) refresh()
}

function choicesFor(m) {
  const all = []
  if (can('reply') && !blocked) all.push(['Reply', 'reply', () => replyTo(m)])
  if (can('edit') && m.mine && m.text && !m.media && !blocked) {
    all.push(['Edit', 'edit', () => composing({ editing: m.id }, 'Edit your message', m.text, 'edit')])
  }
  if (m.text) {
    all.push(['Copy', 'copy', async () => {
      await navigator.clipboard?.writeText(m.text).then(() => toast('Copied'), () => toast('The browser does not let the page copy.'))
    }])
  }
  if (can('delete') && m.mine) all.push(['Delete', 'bin', () => remove(m)])
  return all
}

function act(box, m, where) {
  const menu = $('actions')
  const choices = choicesFor(m)
  const quick = can('react') && !blocked
  if (choices.length === 0 && !quick) return
  menu.replaceChildren()
  if (quick) {
    const own = (m.reactions ?? []).filter(r => r.mine).map(r => r.emoji)
    menu.append(el('div', { class: 'quick' }, ...quickReactions.map(emoji => {
      const on = own.includes(emoji)
      return el('button', { type: 'button', data: { testid: 'sim-react' }, aria: { role: 'menuitemradio', checked: String(on), label: `React with ${emoji}` }, onclick: () => { closeActions(true); react(m, on ? '' : emoji) } }, emoji)
    })))
  }
  for (const [name, sign, run] of choices) {
    menu.append(el('button', {
      type: 'button', class: name === 'Delete' ? 'bad' : '', data: { testid: `sim-${name.toLowerCase()}` }, aria: { role: 'menuitem' },
      onclick: () => { closeActions(name === 'Copy'); run() },
    }, icon(sign), name))
  }
  acted = box
  menu.hidden = false
  const around = box.getBoundingClientRect(), size = menu.getBoundingClientRect()
  const left = where?.x ?? (m.mine ? around.right - size.width : around.left)
  const below = where?.y ?? around.bottom + 6
  const top = below + size.height > innerHeight - 8 ? (where ? where.y - size.height : around.top - size.height - 6) : below
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`
  menu.style.top = `${Math.max(8, Math.min(top, innerHeight - size.height - 8))}px`
  ;(menu.querySelector(':scope > button') ?? menu.querySelector('button')).focus()
}
function closeActions(back = false) {
  if ($('actions').hidden) return
  $('actions').hidden = true
  if (back) acted?.focus()
}
function moveActions(from, to) {
  if (acted === from) acted = to
}
$('actions').onkeydown = event => {
  const items = [...$('actions').querySelectorAll('button')]
  const inRow = event.target.closest('.quick')
  const step = { ArrowUp: -1, ArrowDown: 1, ...(inRow ? { ArrowLeft: -1, ArrowRight: 1 } : {}) }[event.key]
  if (step) items[(items.indexOf(event.target) + step + items.length) % items.length].focus()
  else if (event.key === 'Escape' || event.key === 'Tab') closeActions(true)
  else return
  event.preventDefault()
}
document.addEventListener('pointerdown', event => { if (!event.target.closest('.actions')) closeActions() })

const swipeFar = 56, longPress = 480

/** Mouse, finger and keyboard on the line of one message. */
function touchable(line, m) {
  const box = line.querySelector('.bubble')
  let from = null, timer = 0, swiped = false
  box.onclick = event => {
    if (swiped || event.target.closest('a, button, input, video')) return
    if (getSelection().toString()) return
    act(box, m)
  }
  box.oncontextmenu = event => {
    if (event.target.closest('a, video')) return
    event.preventDefault()
    act(box, m, { x: event.clientX, y: event.clientY })
  }
  box.onkeydown = event => {
    if (event.target !== box) return
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (step) stepTo(box, step)
    else if (event.key === 'Enter') act(box, m)
    else return
    event.preventDefault()
  }
  const rest = () => {
    clearTimeout(timer)
    from = null
    line.style.translate = ''
    line.querySelector('.swipe')?.remove()
  }
  line.onpointerdown = event => {
    swiped = false
    if (event.pointerType === 'mouse') return
    from = { x: event.clientX, y: event.clientY }
    timer = setTimeout(() => { swiped = true; act(box, m); rest() }, longPress)
  }
  line.onpointermove = event => {
    if (!from) return
    const aside = Math.min(0, event.clientX - from.x)
    if (Math.abs(event.clientY - from.y) > 14 || Math.abs(event.clientX - from.x) > 8) clearTimeout(timer)
    if (!can('reply') || blocked || aside > -8) return
    if (!line.querySelector('.swipe')) line.append(icon('reply', 'swipe'))
    line.style.translate = `${Math.max(-swipeFar * 1.3, aside)}px`
    line.querySelector('.swipe').style.opacity = Math.min(1, -aside / swipeFar)
  }
  line.onpointerup = event => {
    const far = from && from.x - event.clientX >= swipeFar
    if (far && can('reply') && !blocked) { swiped = true; replyTo(m) }
    rest()
  }
  line.onpointercancel = rest
}
