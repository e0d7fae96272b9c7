'use strict'
// What else can be sent: files chosen, dropped or pasted, a place, a contact.

const attachables = [
  ['photo', 'Photo', 'photo', '#2f7fd6', 'image/*'], ['video', 'Video', 'film', '#b5499a', 'video/*'], ['file', 'File', 'file', '#5a64d8', ''],
  ['location', 'Location', 'pin', '#2b8f57', null], ['contact', 'Contact', 'person', '#c06a12', null], ['voice', 'Voice file', 'note', '#c8423b', 'audio/*'],
  ['video_note', 'Round video', 'round', '#7a4fc9', 'video/*'], ['audio', 'Music', 'note', '#a3487a', 'audio/*'],
]
function buildAttachments() {
  const offered = attachables.filter(([kind]) => can(kind))
  $('attachments').replaceChildren(...offered.map(([kind, label, sign, colour]) => {
    const spot = el('i', { aria: { hidden: 'true' } }, icon(sign))
    spot.style.setProperty('--paint', `linear-gradient(150deg, color-mix(in srgb, ${colour} 78%, #fff), ${colour})`)
    return el('button', { type: 'button', data: { kind }, onclick: () => attach(kind) }, spot, label)
  }))
  $('attach').hidden = offered.length === 0
}
function attach(kind) {
  closeDrawers()
  if (kind === 'location') chooseLocation()
  else if (kind === 'contact') chooseContact()
  else chooseFile(kind)
}

let choosing = 'file'
function chooseFile(kind) {
  choosing = kind
  $('file').accept = attachables.find(([name]) => name === kind)[4]
  $('file').multiple = ['photo', 'video', 'file'].includes(kind)
  $('file').click()
}
$('file').onchange = async event => {
  const all = take([...event.target.files], choosing)
  event.target.value = ''
  if (all) await send() // to choose is to send; the words in the box go along
}

// The tray: files that wait for Send.

let tray = [] // {file, kind, url?}
const trayMax = 10
function kindOf(file) {
  const wanted = file.type.startsWith('image/') ? 'photo' : file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : 'file'
  return [wanted, 'file'].find(can)
}
/** Puts files on the tray; true when all of them are there. */
function take(files, kind) {
  problem()
  const before = tray.length
  for (const file of files) {
    const as = kind ?? kindOf(file)
    if (!as) problem('Files cannot be sent here.')
    else if (file.size > abilities.file_bytes_max) problem(`“${file.name}” is ${sized(file.size)}; the business gets files of at most ${sized(abilities.file_bytes_max).replace('.0', '')}.`)
    else if (tray.length === trayMax) problem(`At most ${trayMax} files go at once.`)
    else tray.push({ file, kind: as, url: file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined })
  }
  drawTray()
  return tray.length > before && tray.length - before === files.length
}
function drop(item) {
  if (item.url) URL.revokeObjectURL(item.url)
  tray = tray.filter(one => one !== item)
}
function drawTray() {
  $('tray').hidden = tray.length === 0
  $('tray').classList.toggle('sending', sending)
  $('tray').replaceChildren(...tray.map(item => el('li', {},
    item.url ? el('img', { src: item.url, alt: item.file.name }) : item.file.name.slice(0, 40),
    el('button', { type: 'button', class: 'plain', aria: { label: `Do not send ${item.file.name}` }, onclick: () => { drop(item); drawTray(); $('text').focus() } }, icon('close')))))
  grow()
  if (atEnd) requestAnimationFrame(toEnd)
}
function emptyTray() {
  for (const item of tray) drop(item)
  drawTray()
}

const base64 = file => new Promise((done, failed) => {
  const reader = new FileReader()
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(',') + 1))
  reader.onerror = () => failed(reader.error)
  reader.readAsDataURL(file)
})

/** How large a picture is, how long a recording lasts; nothing when the browser cannot tell. */
async function measured(file, kind) {
  if (kind === 'photo') {
    const picture = await createImageBitmap(file).catch(() => undefined)
    return picture ? { width: picture.width, height: picture.height } : {}
  }
  if (!/^(audio|video)\//.test(file.type)) return {}
  const url = URL.createObjectURL(file)
  const player = document.createElement(file.type.startsWith('video/') ? 'video' : 'audio')
  const known = await new Promise(done => {
    player.onloadedmetadata = () => done(true)
    player.onerror = () => done(false)
    setTimeout(() => done(false), 3_000)
    player.src = url
  })
  URL.revokeObjectURL(url)
  if (!known || !Number.isFinite(player.duration)) return {}
  return { duration: Math.max(1, Math.round(player.duration)), ...(player.videoWidth ? { width: player.videoWidth, height: player.videoHeight } : {}) }
}

/** A file as it is said; undefined when it cannot be read. */
async function fileItem(file, kind, more = {}) {
  const bytes = await base64(file).catch(() => problem(`“${file.name}” cannot be read.`))
  return bytes === undefined ? undefined : { kind, name: file.name, mime: file.type || undefined, bytes, ...(more.duration ? {} : await measured(file, kind)), ...more }
}
/** Sends one file; true when the simulator has it. */
async function sendFile(file, kind, more) {
  const item = await fileItem(file, kind, more)
  return item !== undefined && say(item)
}
/** Sends all of the tray as an album, by a simulator that takes one whole. */
async function sendAlbum(words) {
  const items = []
  for (const item of tray) items.push(await fileItem(item.file, item.kind, items.length ? {} : words))
  if (items.includes(undefined)) return false
  const done = await post('album', { user, items: items.map(form.say), ...(mode.replying ? { reply_to: mode.replying } : {}) })
  if (!done) return false
  composing()
  atEnd = true
  return true
}

/** All of the tray, as an album where that is one; the words go with the first. What could not be sent stays. */
async function sendTray(text, spans) {
  drawTray()
  const together = tray.length > 1 && shows('albums') && tray.every(item => ['photo', 'video'].includes(item.kind))
  const album = together ? String(Date.now()) : undefined
  let words = text ? { text, spans } : {}
  let all = true
  if (together && can('album')) {
    all = await sendAlbum(words)
    if (all) for (const item of tray) drop(item)
  } else {
    for (const item of [...tray]) {
      if (await sendFile(item.file, item.kind, { ...words, album })) {
        words = {}
        drop(item)
      } else {
        all = false
      }
    }
  }
  setTimeout(drawTray)
  return all
}

$('text').onpaste = event => {
  const files = [...event.clipboardData.files]
  if (files.length === 0) return
  event.preventDefault()
  take(files)
}
const carriesFiles = event => [...(event.dataTransfer?.types ?? [])].includes('Files')
$('app').ondragover = event => {
  if (!carriesFiles(event)) return
  event.preventDefault()
  $('drop').hidden = blocked
}
$('app').ondragleave = event => { if (!$('app').contains(event.relatedTarget)) $('drop').hidden = true }
$('app').ondrop = event => {
  if (!carriesFiles(event)) return
  event.preventDefault()
  $('drop').hidden = true
  if (!blocked) take([...event.dataTransfer.files])
  $('text').focus()
}
// A file let go beside the phone does not replace the page.
for (const name of ['dragover', 'drop']) addEventListener(name, event => { if (carriesFiles(event)) event.preventDefault() })

// A contact.

const ownPhone = '+15550100123'
function chooseContact() {
  openSheet('Contact', body => {
    const name = entry('Name', { maxLength: 64, autocapitalize: 'words' }), phone = entry('Phone number', { type: 'tel', maxLength: 32, placeholder: '+1 555 0100' })
    const own = el('input', { type: 'checkbox', onchange: () => {
      if (!own.checked) return
      name.input.value ||= current.name
      phone.input.value ||= ownPhone
    } })
    sheetForm(body, 'Send this contact', async () => {
      if (!name.input.value.trim()) return 'A contact needs a name.'
      if (!/^\+?[\d ()-]{3,}$/.test(phone.input.value.trim())) return 'A phone number has digits, and a plus in front at most.'
      await say({ kind: 'contact', contact: { name: name.input.value.trim(), phone: phone.input.value.trim(), own: own.checked } })
    }, name.box, phone.box, el('label', { class: 'tick' }, own, 'This is my own number'))
  })
}
