'use strict'
// What every part uses: elements, the simulator's answers, colours, times.

const $ = id => document.getElementById(id)

/** An element; what it holds goes in as text or as elements, never as markup. `data` and `aria` are lists of attributes. */
function el(tag, { class: name, data, aria, ...properties } = {}, ...inside) {
  const made = document.createElement(tag)
  if (name) made.className = name
  Object.assign(made, properties)
  for (const [key, value] of Object.entries(data ?? {})) made.dataset[key] = value
  for (const [key, value] of Object.entries(aria ?? {})) made.setAttribute(key === 'role' ? key : `aria-${key}`, value)
  made.append(...inside.filter(one => one !== null && one !== undefined && one !== false))
  return made
}

function icon(name, className = '') {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  if (className) made.setAttribute('class', className)
  made.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#i-${name}`)
  made.append(use)
  return made
}

// What the simulator says.

function problem(text) {
  $('problem').hidden = !text
  $('problem').firstElementChild.textContent = text ?? ''
}

/** What the simulator answers; what it refuses is shown, and undefined comes back. */
async function ask(path, init) {
  let answer
  try {
    answer = await fetch(`/control/${path}`, init)
  } catch {
    return problem('The simulator cannot be reached.')
  }
  const body = await answer.json().catch(() => ({}))
  if (answer.ok) return body
  problem(`Not done: ${body.error ?? `status ${answer.status}`}.`)
}
const post = (path, body) => ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

// What this simulator can do. Filled once, before anything is drawn.

const abilities = { messenger: '', title: 'Simulated messenger', color: '#3d84c6', business: {}, customer_can: [], shows: [], stickers: [], file_bytes_max: 20 << 20 }
const can = what => abilities.customer_can.includes(what)
const shows = what => abilities.shows.includes(what)

// Colours. A messenger's own colour is seldom readable under white or on white, so it is darkened or lightened until it is.

const rgbOf = hex => [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16))
const hexOf = rgb => `#${rgb.map(v => Math.round(v).toString(16).padStart(2, '0')).join('')}`
const mixed = (a, b, share) => a.map((v, i) => v * share + b[i] * (1 - share))
function contrast(a, b) {
  const [light, dark] = [a, b]
    .map(rgb => rgb.map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)))
    .map(([r, g, blue]) => 0.2126 * r + 0.7152 * g + 0.0722 * blue)
    .sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}
/** `rgb`, mixed with `towards` until it can be read against `against` (WCAG: 4.5, and a little more). */
function readable(rgb, towards, against) {
  for (let share = 1; share > 0; share -= 0.02) {
    const one = mixed(rgb, towards, share)
    if (contrast(one, against) >= 4.7) return one
  }
  return towards
}
function paint(hex) {
  const accent = /^#[0-9a-f]{6}$/i.test(hex) ? rgbOf(hex) : rgbOf('#3d84c6')
  const white = [255, 255, 255], black = [8, 20, 32]
  const root = document.documentElement.style
  root.setProperty('--accent', hexOf(accent))
  root.setProperty('--accent-fill', hexOf(readable(accent, black, white)))
  root.setProperty('--accent-day', hexOf(readable(accent, black, mixed(accent, white, 0.3))))
  root.setProperty('--accent-night', hexOf(readable(accent, white, [40, 58, 74])))
}
/** Two colours of a person, always the same ones for the same name; the business has the messenger's. */
function tint(element, name, business = false) {
  element.textContent = initials(name)
  if (business) return
  let hash = 7
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)) >>> 0
  const hue = hash % 360
  element.style.setProperty('--from', `oklch(0.62 0.13 ${hue})`)
  element.style.setProperty('--to', `oklch(0.5 0.13 ${(hue + 20) % 360})`)
}
const initials = name => name.split(/\s+/).filter(Boolean).slice(0, 2).map(word => [...word][0].toUpperCase()).join('') || '?'

// Times and sizes, as people write them.

const clock = at => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
const dayOf = at => new Date(at).toDateString()
function dayName(at) {
  const now = new Date()
  if (dayOf(at) === dayOf(now)) return 'Today'
  if (dayOf(at) === dayOf(now - 86_400_000)) return 'Yesterday'
  const year = new Date(at).getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year })
}
const lasting = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
const sized = bytes => (bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MiB` : bytes >= 1024 ? `${Math.round(bytes / 1024)} KiB` : `${bytes} bytes`)

let toastTimer = 0
/** A line over the talk that goes by itself. */
function toast(text) {
  $('toast').hidden = false
  $('toast').textContent = text
  clearTimeout(toastTimer)
  toastTimer = setTimeout(() => { $('toast').hidden = true }, 4_000)
}
