'use strict'
// Chromium records Opus into WebM; messengers want their voice messages as Opus in Ogg. The sound is the same, only its box is another.

/** The Opus packets of a WebM, with the head of the stream; undefined when there are none. */
function packetsOfWebm(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = (at, keepMark) => {
    const first = bytes[at]
    const length = Math.clz32(first) - 23
    if (length > 8 || at + length > bytes.length) return undefined
    let value = keepMark ? first : first & (0xff >> length)
    let unknown = (first & (0xff >> length)) === 0xff >> length
    for (let i = 1; i < length; i++) {
      value = value * 256 + bytes[at + i]
      unknown &&= bytes[at + i] === 0xff
    }
    return { value, end: at + length, unknown }
  }
  // Boxes that hold others are walked into, all others are stepped over.
  const opened = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xa0])
  let head
  const packets = []
  for (let at = 0; at < bytes.length;) {
    const id = number(at, true)
    const size = id && number(id.end, false)
    if (!size) break
    if (opened.has(id.value)) { at = size.end; continue }
    if (size.unknown || size.end + size.value > bytes.length) break
    const body = bytes.subarray(size.end, size.end + size.value)
    if (id.value === 0x63a2) head = body
    if (id.value === 0xa3 || id.value === 0xa1) {
      const track = number(size.end, false)
      if (!track || view.getUint8(track.end + 2) & 6) return undefined // laced: no recorder does it
      packets.push(bytes.subarray(track.end + 3, size.end + size.value))
    }
    at = size.end + size.value
  }
  const isOpus = head && new TextDecoder().decode(head.subarray(0, 8)) === 'OpusHead'
  return isOpus && packets.length ? { head, packets } : undefined
}

/** How many samples at 48 kHz a packet plays: the first byte says it (RFC 6716, 3.1). */
function samplesOf(packet) {
  const kind = packet[0] >> 3
  const frame = kind < 12 ? [480, 960, 1920, 2880][kind & 3] : kind < 16 ? [480, 960][kind & 1] : [120, 240, 480, 960][kind & 3]
  const count = [1, 2, 2, packet[1] & 63][packet[0] & 3]
  return frame * count
}

const oggTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let r = n << 24
  for (let i = 0; i < 8; i++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1
  return r >>> 0
})

/** One page of an Ogg stream with whole packets (RFC 3533). */
function oggPage(packets, { number, flags, samples }) {
  const lengths = packets.flatMap(p => [...Array(Math.floor(p.length / 255)).fill(255), p.length % 255])
  const page = new Uint8Array(27 + lengths.length + packets.reduce((sum, p) => sum + p.length, 0))
  const view = new DataView(page.buffer)
  page.set([0x4f, 0x67, 0x67, 0x53, 0, flags])
  view.setBigUint64(6, BigInt(samples), true)
  view.setUint32(14, 0x7472756e, true)
  view.setUint32(18, number, true)
  page[26] = lengths.length
  page.set(lengths, 27)
  let at = 27 + lengths.length
  for (const packet of packets) { page.set(packet, at); at += packet.length }
  let sum = 0
  for (const byte of page) sum = ((sum << 8) ^ oggTable[((sum >>> 24) ^ byte) & 0xff]) >>> 0
  view.setUint32(22, sum, true)
  return page
}

/** A recording as Ogg, or as it is where it cannot be put into one. */
async function asOgg(blob) {
  const parts = /webm/.test(blob.type) && packetsOfWebm(new Uint8Array(await blob.arrayBuffer()))
  if (!parts) return blob
  const tags = new Uint8Array(20)
  tags.set(new TextEncoder().encode('OpusTags'))
  tags[8] = 4
  tags.set(new TextEncoder().encode('page'), 12)
  const pages = [oggPage([parts.head], { number: 0, flags: 2, samples: 0 }), oggPage([tags], { number: 1, flags: 0, samples: 0 })]
  const each = 40
  let samples = 0 // what is skipped at the beginning counts too (RFC 7845, 4)
  for (let at = 0; at < parts.packets.length; at += each) {
    const some = parts.packets.slice(at, at + each)
    samples += some.reduce((sum, packet) => sum + samplesOf(packet), 0)
    pages.push(oggPage(some, { number: pages.length, flags: at + each >= parts.packets.length ? 4 : 0, samples }))
  }
  return new Blob(pages, { type: 'audio/ogg' })
}
