// One form after the other, until the account is connected. All texts come from the connector and
// are shown as text, never as markup.
'use strict'

const base = location.pathname.replace(/\/$/, '')
const card = document.getElementById('card')
let shownStep = null

const make = (tag, members = {}, ...children) => {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(members)) {
    if (name in node) node[name] = value
    else node.setAttribute(name, value)
  }
  node.append(...children.filter(child => child !== null && child !== undefined))
  return node
}

const transaction = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

async function call(path, body) {
  const options = body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(base + path, { cache: 'no-store', ...options })
  const said = await answer.json().catch(() => ({}))
  if (!answer.ok) throw Object.assign(new Error(said.detail || `The server answered ${answer.status}.`), { status: answer.status })
  return said
}

function inputOf(field) {
  const id = `field-${field.key}`
  const help = field.help ? make('p', { className: 'help', id: `${id}-help`, textContent: field.help }) : null
  const described = help ? { 'aria-describedby': help.id } : {}
  if (field.type === 'confirm' || field.type === 'flag') {
    const box = make('input', { type: 'checkbox', id, name: field.key, checked: field.default === true, ...described })
    return { node: make('div', { className: 'field' }, make('label', { className: 'choice', htmlFor: id }, box, field.title || field.key), help), value: () => box.checked, box }
  }
  if (Array.isArray(field.options)) {
    const options = field.options.map(option => typeof option === 'object' ? option : { value: String(option) })
    const radios = options.map((option, index) => make('input', { type: 'radio', id: `${id}-${index}`, name: field.key, value: option.value, checked: field.default === option.value || options.length === 1 }))
    const set = make('fieldset', described, make('legend', { textContent: field.title || field.key }),
      ...radios.map((radio, index) => make('label', { className: 'choice', htmlFor: radio.id }, radio, options[index].title || options[index].value)), help)
    return { node: set, value: () => radios.find(radio => radio.checked)?.value ?? null, box: radios[0] }
  }
  const type = { secret: 'password', url: 'url', number: 'number' }[field.type] || 'text'
  const box = make('input', { type, id, name: field.key, value: field.default ?? '', autocomplete: 'off', spellcheck: false, required: field.required === true, ...described })
  const read = () => field.type === 'number' && box.value !== '' ? Number(box.value) : box.value
  return { node: make('div', { className: 'field' }, make('label', { htmlFor: id, textContent: field.title || field.key }), box, help), value: read, box }
}

function cancelButton() {
  const button = make('button', { type: 'button', className: 'plain', textContent: 'Cancel', 'data-testid': 'connect-cancel' })
  button.addEventListener('click', () => act(() => call('/cancel', {})))
  return button
}

function show(...children) {
  card.replaceChildren(...children.filter(Boolean))
}

function tell(message) {
  let note = card.querySelector('.error')
  if (!note) card.querySelector('form, .row')?.before(note = make('p', { className: 'error', role: 'alert' }))
  if (note) note.textContent = message
}

async function act(work) {
  for (const button of card.querySelectorAll('button')) button.disabled = true
  try {
    render(await work())
  } catch (error) {
    for (const button of card.querySelectorAll('button')) button.disabled = false
    if (error.status === 409) return refresh()
    tell(error.message)
  }
}

function renderForm({ step, form }) {
  if (step === shownStep && card.querySelector('form')) return
  shownStep = step
  const heading = make('h1', { textContent: form.title || 'Connect an account', tabIndex: -1 })
  const text = form.text ? make('p', { textContent: form.text }) : null
  const error = form.error ? make('p', { className: 'error', role: 'alert', textContent: form.error }) : null
  const code = form.code ? make('p', {}, make('code', { textContent: form.code })) : null
  const link = form.url ? make('a', { className: 'button', href: form.url, rel: 'noreferrer noopener', textContent: form.kind === 'redirect' ? 'Sign in' : 'Open', 'data-testid': 'connect-link' }) : null
  if (form.kind === 'redirect') {
    show(heading, text, error, make('div', { className: 'row' }, link, cancelButton()))
  } else {
    if (link) link.target = '_blank'
    const inputs = (form.fields || []).map(field => ({ field, key: field.key, ...inputOf(field) }))
    const next = make('button', { type: 'submit', textContent: inputs.length ? 'Continue' : 'Done, continue', 'data-testid': 'connect-next' })
    const asked = make('form', { noValidate: true }, ...inputs.map(input => input.node), make('div', { className: 'row' }, next, cancelButton()))
    const mine = transaction()
    asked.addEventListener('submit', event => {
      event.preventDefault()
      const missing = inputs.find(input => input.field.required && [null, '', false].includes(input.value()))
      if (missing) {
        missing.box?.focus()
        return tell(`${missing.field.title || missing.key} is needed.`)
      }
      const values = Object.fromEntries(inputs.map(input => [input.key, input.value()]))
      act(() => call('/answer', { step, transaction: mine, values }))
    })
    show(heading, text, error, code, link ? make('p', {}, link) : null, asked)
    inputs[0]?.box?.focus()
  }
  document.getElementById('foot').hidden = false
}

function renderEnd({ state, text, title, url }) {
  shownStep = null
  document.getElementById('foot').hidden = true
  const headings = { done: 'Connected', failed: 'This did not work', cancelled: 'Cancelled' }
  const heading = make('h1', { textContent: headings[state] || state, className: state === 'done' ? 'good' : '', 'data-testid': 'connect-end' })
  const name = title ? make('p', {}, url ? make('a', { href: url, rel: 'noreferrer noopener', textContent: title }) : title) : null
  show(heading, name, text ? make('p', { textContent: text }) : null, make('p', { className: 'quiet', textContent: 'You can close this page.' }))
}

function render(stage) {
  if (stage.state === 'waiting') return renderForm(stage)
  if (stage.state !== 'working') return renderEnd(stage)
  show(make('p', { className: 'quiet', textContent: 'One moment …' }))
  setTimeout(refresh, 1000)
}

async function refresh() {
  try {
    render(await call('/stage'))
  } catch (error) {
    if (error.status === 404) return renderEnd({ state: 'failed', text: 'This address is not, or no longer, one to connect at. Ask for a new one.' })
    show(make('p', { className: 'error', role: 'alert', textContent: 'The server cannot be reached. Trying again …' }))
    setTimeout(refresh, 3000)
  }
}

refresh()
