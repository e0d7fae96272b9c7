// What an attacker has: a socket, other people's words, and the files that a thief carries off.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { request } from './harness.mjs'

/** Writes `pieces` to a port and gives back all that comes until the other side closes, or `null` for "still open". */
export async function raw(port, pieces, { patience = 20_000 } = {}) {
  const socket = net.connect(port, '127.0.0.1')
  const got = []
  let closed = false
  const end = new Promise(done => {
    socket.on('data', piece => got.push(piece))
    socket.on('error', () => (closed = true)) // a reset is an end, too
    socket.on('close', () => done((closed = true)))
    setTimeout(done, patience).unref()
  })
  for (const piece of [pieces].flat()) {
    if (closed) break
    socket.write(piece)
  }
  await end
  socket.destroy()
  const text = Buffer.concat(got).toString('latin1')
  return { closed, text, status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0) }
}

/** An update as Telegram sends it. */
export const update = (id, text, more = {}) => ({
  update_id: id,
  message: {
    message_id: id,
    date: Math.floor(Date.now() / 1000),
    chat: { id: 5012345, type: 'private', first_name: 'Ann' },
    from: { id: 5012345, is_bot: false, first_name: 'Ann', language_code: 'en' },
    text,
    ...more,
  },
})

/** Posts to an account's webhook. `secret: undefined` leaves the header out. */
export function hook(world, body, { account = 'acme-telegram', secret = world.secret, ...more } = {}) {
  return request(`${world.hostUrl}/hooks/${account}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(secret === null ? {} : { 'X-Telegram-Bot-Api-Secret-Token': secret }) },
    body: typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body,
    ...more,
  })
}

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) yield* filesUnder(file)
    else if (entry.isFile() && statSync(file).size > 0) yield file
  }
}

/** A text as it looks within longer base64, whatever stands before it. */
function base64Of(text) {
  return [0, 1, 2].map(shift => {
    const coded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64')
    return coded.slice([0, 2, 3][shift], coded.length - 4) // without the characters that the neighbours share
  })
}

/** None of these texts is in any file of the store, neither plain nor in base64. */
export function assertNotOnDisk(world, texts) {
  let bytes = 0
  for (const file of filesUnder(path.join(world.dir, 'store'))) {
    if (file.includes('/store/plugins/')) continue // copies of the connectors' own files
    const content = readFileSync(file)
    bytes += content.length
    for (const text of texts) {
      for (const form of [text, ...base64Of(text)]) assert.ok(!content.includes(form), `${JSON.stringify(text)} is in ${file}`)
    }
  }
  assert.ok(bytes > 0, 'there is a store to look into')
}

const adminAnswers = ['status', 'plugins', 'accounts', 'portals', 'lanes', 'dead-letters', 'quarantine', 'audit']

/** No secret in the host's log, the admin side's answers, the metrics, or what the portal was given. */
export async function assertSecretsKept(world, { events = [], secrets = [], texts = [] } = {}) {
  const all = [world.token, world.token.split(':')[1], world.secret, world.adminToken, await world.license(), (await world.license()).slice(4), ...secrets]
  const places = { 'the portal’s events': JSON.stringify(events) }
  for (const what of adminAnswers) places[`/v1/${what}`] = (await world.admin(`/v1/${what}`)).text
  places['/metrics'] = (await world.admin('/metrics')).text
  for (const child of world.children.filter(child => child.name === 'host')) places[child.log] = child.text()
  for (const [place, content] of Object.entries(places)) {
    for (const secret of all) assert.ok(!content.includes(secret), `a secret (${secret.slice(0, 4)}...) is in ${place}`)
  }
  for (const child of world.children.filter(child => child.name === 'host')) {
    assert.ok(child.text().length > 0, 'the host has a log')
    for (const text of texts) assert.ok(!child.text().includes(text), `a customer's words are in the log: ${text}`)
  }
}
