'use strict'
// Stickers, drawn here: an elephant with many moods. A simulator names the moods it has; one that is not known here is its emoji on a badge.

const skin = '#7d9fc6', shade = '#6688b1', inner = '#f3b8c4', dark = '#22303f'
const eyes = {
  open: `<g fill="${dark}"><circle cx="206" cy="236" r="17"/><circle cx="306" cy="236" r="17"/></g><g fill="#fff"><circle cx="212" cy="229" r="6"/><circle cx="312" cy="229" r="6"/></g>`,
  happy: `<path d="M184 240q22-30 44 0M284 240q22-30 44 0" fill="none" stroke="${dark}" stroke-width="13" stroke-linecap="round"/>`,
  shut: `<path d="M184 232q22 24 44 0M284 232q22 24 44 0" fill="none" stroke="${dark}" stroke-width="13" stroke-linecap="round"/>`,
  squeezed: `<path d="M184 218l40 20-40 20M328 218l-40 20 40 20" fill="none" stroke="${dark}" stroke-width="13" stroke-linecap="round" stroke-linejoin="round"/>`,
  hearts: '<g fill="#e5315b"><path d="M206 266c-40-26-36-60-14-60 8 0 14 8 14 14 0-6 6-14 14-14 22 0 26 34-14 60z"/><path d="M306 266c-40-26-36-60-14-60 8 0 14 8 14 14 0-6 6-14 14-14 22 0 26 34-14 60z"/></g>',
  wide: `<g fill="#fff" stroke="${dark}" stroke-width="9"><circle cx="206" cy="232" r="27"/><circle cx="306" cy="232" r="27"/></g><g fill="${dark}"><circle cx="206" cy="232" r="11"/><circle cx="306" cy="232" r="11"/></g>`,
  glasses: `<path d="M156 210h84q4 0 4 6-4 46-42 46t-44-46q-2-6-2-6zM272 210h84q0 0-2 6-6 46-44 46t-42-46q0-6 4-6z" fill="${dark}"/><path d="M240 216h32" stroke="${dark}" stroke-width="12"/><path d="M174 222l22 0-14 24zM292 222l22 0-14 24z" fill="#fff" opacity=".35"/>`,
  up: `<g fill="#fff" stroke="${dark}" stroke-width="9"><circle cx="206" cy="232" r="24"/><circle cx="306" cy="232" r="24"/></g><g fill="${dark}"><circle cx="214" cy="222" r="11"/><circle cx="314" cy="222" r="11"/></g>`,
}
const brows = {
  angry: `<path d="M174 184l58 26M338 184l-58 26" stroke="${dark}" stroke-width="14" stroke-linecap="round"/>`,
  sorry: `<path d="M178 206l46-20M334 206l-46-20" stroke="${dark}" stroke-width="12" stroke-linecap="round"/>`,
  raised: `<path d="M178 188q26-22 52-6M284 196h50" fill="none" stroke="${dark}" stroke-width="12" stroke-linecap="round"/>`,
}
const mouths = {
  smile: `<path d="M196 330q-6 30-34 24" fill="none" stroke="${dark}" stroke-width="11" stroke-linecap="round"/>`,
  laugh: `<path d="M142 316h58q2 52-32 52-30 0-26-52z" fill="#7a2036"/><path d="M152 352q16-14 36 0-8 16-20 16-10 0-16-16z" fill="#f27a8e"/>`,
  sad: `<path d="M158 362q18-24 40-8" fill="none" stroke="${dark}" stroke-width="11" stroke-linecap="round"/>`,
  round: '<ellipse cx="178" cy="346" rx="17" ry="22" fill="#7a2036"/>',
  flat: `<path d="M156 348h42" stroke="${dark}" stroke-width="11" stroke-linecap="round"/>`,
}
const tears = '<g fill="#5cc3f7"><path d="M150 262c-22 26-30 42-22 54 10 14 32 8 32-14 0-12-4-24-10-40zM362 262c22 26 30 42 22 54-10 14-32 8-32-14 0-12 4-24 10-40z"/></g>'
const moods = {
  laugh: eyes.squeezed + mouths.laugh + tears,
  love: eyes.hearts + mouths.smile + '<g fill="#e5315b"><path d="M420 130c-34-22-30-50-12-50 7 0 12 7 12 12 0-5 5-12 12-12 18 0 22 28-12 50z"/><path d="M84 156c-24-16-22-36-8-36 5 0 8 5 8 8 0-3 3-8 8-8 14 0 16 20-8 36z"/></g>',
  agree: eyes.happy + mouths.smile + `<g transform="translate(356 300) rotate(-8)"><path d="M0 60V26h24l22-46c20 0 22 20 14 40h34c16 0 18 18 10 26 8 8 4 22-6 24 4 10-2 20-12 20 0 12-8 16-18 16H42C30 106 24 98 0 98z" fill="#ffcf5c" stroke="${dark}" stroke-width="8" stroke-linejoin="round"/></g>`,
  party: eyes.happy + mouths.laugh + '<path d="M256 22l54 110q-54 26-108 0z" fill="#f2b632"/><path d="M238 58l54 42M222 92l48 44" stroke="#e5486b" stroke-width="12"/><circle cx="256" cy="24" r="18" fill="#e5486b"/><g><circle cx="90" cy="96" r="11" fill="#35b58a"/><circle cx="424" cy="110" r="12" fill="#e5486b"/><path d="M120 44l24 14M398 52l-22 20" stroke="#4a90e2" stroke-width="12" stroke-linecap="round"/></g>',
  cool: eyes.glasses + mouths.smile,
  wow: eyes.wide + mouths.round + '<path d="M186 184q20-16 40 0M286 184q20-16 40 0" fill="none" stroke="#22303f" stroke-width="11" stroke-linecap="round"/>',
  think: eyes.up + brows.raised + mouths.flat + '<g fill="#cfe0f2"><circle cx="392" cy="128" r="13"/><circle cx="426" cy="92" r="20"/><circle cx="462" cy="44" r="28"/></g>',
  sad: eyes.open + brows.sorry + mouths.sad + '<path d="M330 268c-22 30-30 48-22 62 10 16 36 10 36-14 0-14-6-28-14-48z" fill="#5cc3f7"/>',
  angry: eyes.open + brows.angry + mouths.sad + '<g fill="none" stroke="#e5484d" stroke-width="13" stroke-linecap="round"><path d="M404 84q22 0 22-24M404 104q22 0 22 24M456 84q-22 0-22-24M456 104q-22 0-22 24"/></g>',
  sleep: eyes.shut + mouths.smile + '<g fill="none" stroke="#4a6fa5" stroke-width="13" stroke-linecap="round" stroke-linejoin="round"><path d="M372 128h40l-40 46h40M428 54h32l-32 36h32"/></g>',
}
const head = 'M256 108c92 0 150 62 150 150 0 76-44 130-96 146-14 30-20 62-62 62-44 0-60-34-58-66l4-2C136 380 106 330 106 258c0-88 58-150 150-150z'
const ears = 'M136 168C84 110 18 136 20 226c2 84 62 130 112 106zM376 168c52-58 118-32 116 58-2 84-62 130-112 106z'
const trunk = 'M224 286c0-40 62-40 62 0 2 40-2 68-6 96 12-2 24 10 20 28-8 36-60 36-70-8-6-36-8-70-6-116z'

/** Moods by the other names and signs that simulators have for them. */
const sameMood = { laughing: 'laugh', in_love: 'love', thumbs_up: 'agree', crying: 'sad' }

/** The picture of a sticker, 512 by 512, as the text of an SVG. */
function stickerPicture({ name, emoji }) {
  const mood = Object.hasOwn(sameMood, name) ? sameMood[name] : name
  const known = Object.hasOwn(moods, mood)
  const inside = known
    ? `<g fill="#fff" stroke="#fff" stroke-width="34" stroke-linejoin="round"><path d="${ears}"/><path d="${head}"/></g>
       <path d="${ears}" fill="${skin}"/><path d="M112 196c-34-30-62-14-60 34 2 46 36 74 68 66zM400 196c34-30 62-14 60 34-2 46-36 74-68 66z" fill="${inner}"/>
       <path d="${head}" fill="${skin}"/><path d="M226 136q12-34 6-52M254 132v-56M282 136q-8-30 2-50" fill="none" stroke="${shade}" stroke-width="10" stroke-linecap="round"/>
       <path d="${trunk}" fill="${shade}" opacity=".55"/><path d="M236 318q22 9 44 0M236 348q22 9 44 0M240 378q18 8 38 0" fill="none" stroke="${dark}" stroke-width="6" stroke-linecap="round" opacity=".35"/>
       <g fill="#f08aa0" opacity=".6"><circle cx="152" cy="290" r="24"/><circle cx="360" cy="290" r="24"/></g>${moods[mood]}`
    : '<circle cx="256" cy="256" r="230" fill="#fff"/><circle cx="256" cy="256" r="206" fill="#dcebfa"/>'
  const svg = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" width="512" height="512">${inside}</svg>`, 'image/svg+xml').documentElement
  if (!known) {
    const sign = document.createElementNS('http://www.w3.org/2000/svg', 'text')
    for (const [key, value] of Object.entries({ x: 256, y: 268, 'font-size': 230, 'text-anchor': 'middle', 'dominant-baseline': 'central' })) sign.setAttribute(key, value)
    sign.textContent = emoji
    svg.append(sign)
  }
  return new XMLSerializer().serializeToString(svg)
}

const stickerUrl = sticker => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(stickerPicture(sticker))}`

/** The sticker as a messenger wants it: a WebP of 512 by 512. */
async function stickerFile(sticker) {
  const image = new Image()
  image.src = stickerUrl(sticker)
  await image.decode()
  const canvas = el('canvas', { width: 512, height: 512 })
  canvas.getContext('2d').drawImage(image, 0, 0, 512, 512)
  return new Promise(done => canvas.toBlob(done, 'image/webp', 0.92))
}
