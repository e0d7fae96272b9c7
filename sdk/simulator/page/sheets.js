'use strict'
// Sheets that come up over the talk, and a photo in full. What is under one can be reached by nobody while it is open.

let cameFrom = null
function cover(on) {
  if (on === $('app').inert) return
  if (on) cameFrom = document.activeElement
  for (const part of [$('app'), $('people')]) part.inert = on
  if (!on) cameFrom?.focus()
}

/** Opens the sheet with what `fill` puts into it. */
function openSheet(title, fill) {
  closeActions()
  closeDrawers()
  cover(true)
  $('sheet-title').textContent = title
  $('sheet-body').replaceChildren()
  $('sheet').hidden = $('shade').hidden = false
  fill($('sheet-body'))
  const first = $('sheet-body').querySelector('canvas[tabindex], input:not([type=checkbox])')
  ;(first ?? $('sheet')).focus()
}
function closeSheet() {
  if ($('sheet').hidden) return
  $('sheet').hidden = $('shade').hidden = true
  $('sheet-body').replaceChildren()
  cover(false)
}
$('sheet-close').onclick = $('shade').onclick = closeSheet

/** Whether the step Tab would take leads out of `box`; then it goes round. */
function goRound(box, event) {
  if (event.key !== 'Tab') return
  const all = [...box.querySelectorAll('button, input, a[href], canvas[tabindex]')].filter(one => one.checkVisibility() && !one.disabled)
  const end = event.shiftKey ? all[0] : all.at(-1)
  if (document.activeElement !== end && document.activeElement !== box) return
  ;(event.shiftKey ? all.at(-1) : all[0])?.focus()
  event.preventDefault()
}
$('sheet').onkeydown = event => {
  if (event.key === 'Escape') closeSheet()
  else goRound($('sheet'), event)
}

/** A labelled field. */
function entry(label, properties = {}) {
  const input = el('input', { autocomplete: 'off', ...properties })
  return { input, box: el('label', { class: 'entry' }, label, input) }
}
/** A form in a sheet: `done` gives undefined when all went well, or what is wrong. */
function sheetForm(body, action, done, ...parts) {
  const wrong = el('p', { class: 'trouble', aria: { role: 'alert' }, hidden: true })
  const button = el('button', { class: 'solid', type: 'submit', data: { testid: 'sim-sheet-done' } }, action)
  const made = el('form', { noValidate: true, style: 'display:grid;gap:12px' }, ...parts, wrong, button)
  made.onsubmit = async event => {
    event.preventDefault()
    button.disabled = true
    const why = await done()
    button.disabled = false
    wrong.hidden = !why
    wrong.textContent = why ?? ''
    if (!why) closeSheet()
  }
  body.append(made)
}

function openPhoto(url) {
  cover(true)
  $('viewer').hidden = false
  $('viewer').lastElementChild.src = url
  $('viewer').firstElementChild.focus()
}
function closePhoto() {
  if ($('viewer').hidden) return
  $('viewer').hidden = true
  $('viewer').lastElementChild.removeAttribute('src')
  if ($('sheet').hidden) cover(false)
  else $('sheet').focus()
}
$('viewer').onclick = closePhoto
$('viewer').onkeydown = event => {
  if (event.key === 'Escape') closePhoto()
  if (event.key === 'Tab') event.preventDefault()
}

// About the business, and what a customer can do about it.

function about() {
  const business = businessName()
  openSheet('About', body => {
    const face = el('span', { class: 'avatar', aria: { hidden: 'true' } })
    tint(face, business, true)
    const facts = [['Simulated messenger', abilities.messenger], ['Name', abilities.business.username && `@${abilities.business.username}`], ['You write as', current?.name], ['Your id here', current && String(current.id)]]
    body.append(
      el('div', { class: 'portrait' }, face, el('b', {}, business), el('span', { class: 'small' }, abilities.title)),
      el('dl', { class: 'facts' }, ...facts.filter(([, value]) => value).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    )
    const photos = talk.filter(m => m.media?.kind === 'photo').slice(-8)
    if (photos.length) body.append(el('div', { class: 'shots', aria: { role: 'group', label: 'Photos of this chat' } }, ...photos.map(m => shot(m.media))))
    if (!can('block')) return
    const button = el('button', { type: 'button', class: blocked ? 'wide' : 'wide bad', data: { kind: 'block', testid: 'sim-block' } }, icon('block'), blocked ? `Unblock ${business}` : `Block ${business}`)
    button.onclick = async () => {
      closeSheet()
      await block(!blocked)
    }
    body.append(button)
  })
}
$('who').onclick = $('more').onclick = about
