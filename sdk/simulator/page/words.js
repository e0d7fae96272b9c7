'use strict'
// Words: what people type into spans, spans into elements.

/** **bold**, __italic__, ~~struck~~, ||hidden|| and `code` as people type them; offsets in UTF-16 units, which is what a JavaScript string counts. */
function formatted(raw) {
  const marks = ['bold', 'italic', 'strikethrough', 'spoiler', 'code']
  const spans = []
  let text = '', last = 0
  for (const m of raw.matchAll(/\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\|\|(.+?)\|\||`(.+?)`/gs)) {
    text += raw.slice(last, m.index)
    const at = m.slice(1).findIndex(inner => inner !== undefined)
    spans.push({ type: marks[at], offset: text.length, length: m[at + 1].length })
    text += m[at + 1]
    last = m.index + m[0].length
  }
  return { text: text + raw.slice(last), spans }
}

/** An address that may be opened, or undefined: nobody's text becomes a script. */
function safeUrl(text) {
  try {
    const url = new URL(text)
    if (['http:', 'https:', 'mailto:', 'tel:'].includes(url.protocol)) return url.href
  } catch {}
}

const spanTags = { bold: 'b', italic: 'i', underline: 'u', strikethrough: 's', code: 'code', pre: 'pre', blockquote: 'blockquote', expandable_blockquote: 'blockquote' }
const spansMax = 200

/** The spans that lie within the text, and the links that nobody marked. */
function goodSpans(text, spans) {
  const good = (Array.isArray(spans) ? spans : []).slice(0, spansMax)
    .filter(s => Number.isInteger(s?.offset) && Number.isInteger(s?.length) && s.offset >= 0 && s.length > 0 && s.offset + s.length <= text.length)
  const taken = good.filter(s => ['url', 'text_link', 'code', 'pre', 'email'].includes(s.type))
  for (const m of text.matchAll(/https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]}]/gi)) {
    const end = m.index + m[0].length
    if (good.length < 2 * spansMax && !taken.some(s => s.offset < end && s.offset + s.length > m.index)) good.push({ type: 'url', offset: m.index, length: m[0].length })
  }
  return good
}

function spanElement(span, words) {
  const address = { url: /^[a-z]+:/i.test(words) ? words : `https://${words}`, text_link: span.url, email: `mailto:${words}`, phone_number: `tel:${words.replace(/[^+\d]/g, '')}` }[span.type]
  const href = address && safeUrl(address)
  if (href) return el('a', { href, rel: 'noopener noreferrer', target: '_blank' })
  if (span.type === 'spoiler') {
    const hidden = el('span', { class: 'spoiler', tabIndex: 0, aria: { role: 'button', label: 'Hidden words: show' } })
    const open = event => {
      if (hidden.classList.contains('open') || (event.key && event.key !== 'Enter')) return
      event.stopPropagation()
      hidden.classList.add('open')
      for (const name of ['role', 'aria-label', 'tabindex']) hidden.removeAttribute(name)
    }
    hidden.onclick = hidden.onkeydown = open
    return hidden
  }
  const tag = Object.hasOwn(spanTags, span.type) && spanTags[span.type] // 'constructor' is no span
  return tag ? el(tag) : el('span', { class: 'accent' })
}

/** Text with its spans, as elements. Spans may overlap: the text is cut wherever one begins or ends. */
function rich(text, spans) {
  const out = document.createDocumentFragment()
  const good = goodSpans(text, spans)
  const cuts = [...new Set([0, text.length, ...good.flatMap(s => [s.offset, s.offset + s.length])])].sort((a, b) => a - b)
  for (let i = 0; i + 1 < cuts.length; i++) {
    let node = document.createTextNode(text.slice(cuts[i], cuts[i + 1]))
    for (const span of good) {
      if (span.offset > cuts[i] || span.offset + span.length < cuts[i + 1]) continue
      const wrap = spanElement(span, text.slice(span.offset, span.offset + span.length))
      wrap.append(node)
      node = wrap
    }
    out.append(node)
  }
  return out
}

/** One to three emoji and nothing else, which are shown large. */
function onlyEmoji(text) {
  if (!text || text.length > 60) return false
  const signs = [...new Intl.Segmenter().segment(text)].map(s => s.segment).filter(s => s.trim())
  return signs.length > 0 && signs.length <= 3 && signs.every(s => /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3)/u.test(s))
}
