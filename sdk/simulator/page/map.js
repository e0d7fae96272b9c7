'use strict'
// A map of nowhere, drawn from the coordinates alone: the same place always looks the same, and nothing is fetched.

const mapColours = {
  day: { land: '#eef0ea', block: '#e3e6dd', house: '#d8dcd2', park: '#cbe5bd', water: '#a9d3ee', street: '#ffffff', road: '#fbe3a2', edge: '#e4c675' },
  night: { land: '#1b2530', block: '#212d39', house: '#293643', park: '#1f3b33', water: '#173a54', street: '#34424f', road: '#5a5238', edge: '#463f2c' },
}
const night = matchMedia('(prefers-color-scheme: dark)')

/** A number from 0 to 1 that belongs to a place of the grid. */
function chance(x, y, which = 0) {
  let h = (x * 374761393 + y * 668265263 + which * 2147483647) | 0
  h = Math.imul(h ^ (h >>> 13), 1274126177)
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296
}

// Mercator, in pixels of the whole world at a zoom.
const worldSize = zoom => 256 * 2 ** zoom
function toWorld({ latitude, longitude }, zoom) {
  const sine = Math.sin((Math.max(-85, Math.min(85, latitude)) * Math.PI) / 180)
  return { x: ((longitude + 180) / 360) * worldSize(zoom), y: (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * worldSize(zoom) }
}
function toPlace({ x, y }, zoom) {
  const n = Math.PI * (1 - (2 * y) / worldSize(zoom))
  return { latitude: (Math.atan(Math.sinh(n)) * 180) / Math.PI, longitude: (x / worldSize(zoom)) * 360 - 180 }
}

const cell = 96, mapTilt = 0.21, baseZoom = 16
const lineAt = (n, axis) => n * cell + (chance(n, 0, axis) - 0.5) * 42
const isRoad = (n, axis) => chance(n, 7, axis + 10) < 0.24
const riverAt = x => Math.sin(x / 410) * 120 + Math.sin(x / 131 + 2) * 34

function drawBlock(paper, colours, column, row) {
  const left = lineAt(column, 1), top = lineAt(row, 2), width = lineAt(column + 1, 1) - left, height = lineAt(row + 1, 2) - top
  const kind = chance(column, row, 3)
  paper.fillStyle = kind < 0.13 ? colours.park : kind < 0.55 ? colours.block : colours.land
  paper.fillRect(left, top, width, height)
  if (kind < 0.13) return
  paper.fillStyle = colours.house
  for (let i = 0; i < 5; i++) {
    const w = 9 + chance(column, row, 20 + i) * 22, h = 9 + chance(column, row, 30 + i) * 18
    paper.fillRect(left + 9 + chance(column, row, 40 + i) * Math.max(1, width - w - 18), top + 9 + chance(column, row, 50 + i) * Math.max(1, height - h - 18), w, h)
  }
}

/** Draws the surroundings of a place over the whole canvas, which has the size that the page gives it. */
function drawMap(canvas, place, zoom = baseZoom) {
  const colours = mapColours[night.matches ? 'night' : 'day']
  const { width, height } = canvas.getBoundingClientRect()
  const sharp = Math.min(2, devicePixelRatio || 1)
  canvas.width = Math.max(1, width * sharp)
  canvas.height = Math.max(1, height * sharp)
  const paper = canvas.getContext('2d')
  const scale = 2 ** (zoom - baseZoom)
  // The world turned against the screen, so that streets do not run with its edges. Drawn near zero: floats are coarse far out.
  const at = toWorld(place, baseZoom)
  const middle = { x: at.x * Math.cos(mapTilt) + at.y * Math.sin(mapTilt), y: -at.x * Math.sin(mapTilt) + at.y * Math.cos(mapTilt) }
  paper.scale(sharp, sharp)
  paper.translate(width / 2, height / 2)
  paper.scale(scale, scale)
  paper.rotate(mapTilt)
  paper.translate(-middle.x, -middle.y)
  const reach = (Math.hypot(width, height) / 2 + cell) / scale
  const [x0, x1, y0, y1] = [middle.x - reach, middle.x + reach, middle.y - reach, middle.y + reach]
  const [c0, c1, r0, r1] = [x0, x1, y0, y1].map((v, i) => Math.floor(v / cell) + (i % 2 ? 1 : -1))
  paper.fillStyle = colours.land
  paper.fillRect(x0 - cell, y0 - cell, x1 - x0 + 2 * cell, y1 - y0 + 2 * cell)
  for (let column = c0; column <= c1; column++) for (let row = r0; row <= r1; row++) drawBlock(paper, colours, column, row)
  const stroke = (style, size, trace) => {
    paper.strokeStyle = style
    paper.lineWidth = size
    paper.beginPath()
    trace()
    paper.stroke()
  }
  const streets = roads => {
    for (let n = c0; n <= c1; n++) if (isRoad(n, 1) === roads) { paper.moveTo(lineAt(n, 1), y0); paper.lineTo(lineAt(n, 1), y1) }
    for (let n = r0; n <= r1; n++) if (isRoad(n, 2) === roads) { paper.moveTo(x0, lineAt(n, 2)); paper.lineTo(x1, lineAt(n, 2)) }
  }
  const rivers = () => {
    const bed = 1100
    for (let n = Math.floor(y0 / bed) - 1; n <= Math.ceil(y1 / bed) + 1; n++) {
      for (let x = x0; x <= x1; x += 16) paper[x === x0 ? 'moveTo' : 'lineTo'](x, n * bed + riverAt(x))
    }
  }
  stroke(colours.street, 7, () => streets(false))
  stroke(colours.water, 46, rivers)
  stroke(colours.edge, 15, () => streets(true))
  stroke(colours.road, 12, () => streets(true))
}

/** A small map with a needle in its middle, for a message; drawn when it has a size. */
function smallMap(place) {
  const canvas = el('canvas')
  const look = new ResizeObserver(() => drawMap(canvas, place))
  look.observe(canvas)
  return el('span', { class: 'place', aria: { role: 'img', label: `Map around ${place.latitude.toFixed(4)}, ${place.longitude.toFixed(4)}` } }, canvas, icon('pin', 'needle'))
}
night.addEventListener('change', () => dispatchEvent(new Event('resize')))

let lastPlace = { latitude: 52.51627, longitude: 13.3777 }

/** The sheet in which a place is chosen: by moving the map under the needle, or by typing where it is. */
function chooseLocation() {
  openSheet('Location', body => {
    let place = { ...lastPlace }, zoom = baseZoom
    const canvas = el('canvas', { tabIndex: 0, aria: { role: 'application', label: 'Map: the arrow keys move it, plus and minus zoom' } })
    const latitude = entry('Latitude', { inputMode: 'decimal' }), longitude = entry('Longitude', { inputMode: 'decimal' })
    const title = entry('Name (optional)', { maxLength: 80 }), address = entry('Address (optional)', { maxLength: 120 })
    const draw = () => drawMap(canvas, place, zoom)
    const write = () => {
      latitude.input.value = place.latitude.toFixed(6)
      longitude.input.value = place.longitude.toFixed(6)
    }
    const move = (dx, dy) => {
      const at = toWorld(place, zoom)
      const next = toPlace({ x: at.x - dx, y: at.y - dy }, zoom)
      place = { latitude: Math.max(-85, Math.min(85, next.latitude)), longitude: ((next.longitude + 540) % 360) - 180 }
      write()
      draw()
    }
    const closer = step => { zoom = Math.max(14, Math.min(18, zoom + step)); draw() }
    canvas.onpointerdown = event => {
      canvas.setPointerCapture(event.pointerId)
      let last = event
      canvas.onpointermove = next => { move(next.clientX - last.clientX, next.clientY - last.clientY); last = next }
      canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null }
    }
    canvas.onwheel = event => { event.preventDefault(); closer(event.deltaY < 0 ? 0.5 : -0.5) }
    canvas.onkeydown = event => {
      const step = { ArrowLeft: [24, 0], ArrowRight: [-24, 0], ArrowUp: [0, 24], ArrowDown: [0, -24] }[event.key]
      if (step) move(...step)
      else if (event.key === '+' || event.key === '-') closer(event.key === '+' ? 1 : -1)
      else return
      event.preventDefault()
    }
    const zoomer = (sign, label, step) => el('button', { type: 'button', aria: { label }, onclick: () => closer(step) }, sign)
    const map = el('div', { class: 'map', data: { testid: 'sim-map' } }, canvas, icon('pin', 'needle'), el('div', { class: 'zoom' }, zoomer('+', 'Closer', 1), zoomer('−', 'Further', -1)))
    const typed = () => ({ latitude: Number(latitude.input.value.replace(',', '.')), longitude: Number(longitude.input.value.replace(',', '.')) })
    const isPlace = p => Math.abs(p.latitude) <= 90 && Math.abs(p.longitude) <= 180
    latitude.input.oninput = longitude.input.oninput = () => {
      if (isPlace(typed())) { place = typed(); draw() }
    }
    const named = can('venue') ? [el('div', { class: 'pair' }, title.box, address.box)] : []
    sheetForm(body, 'Send this location', async () => {
      if (!latitude.input.value.trim() || !longitude.input.value.trim() || !isPlace(typed())) return 'A latitude is a number from -90 to 90, a longitude one from -180 to 180.'
      lastPlace = typed()
      const name = title.input.value.trim()
      await say(name ? { kind: 'venue', ...lastPlace, title: name, address: address.input.value.trim() } : { kind: 'location', ...lastPlace })
    }, map, el('div', { class: 'pair' }, latitude.box, longitude.box), ...named)
    write()
    new ResizeObserver(draw).observe(canvas)
  })
}
