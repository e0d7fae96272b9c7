// A portal made of other people's libraries: npm's jose opens and seals, npm's standardwebhooks checks and signs. Nothing of
// the project's own cryptography is in it, so what works here works for a portal in any language.
import { hkdfSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import './harness.mjs'

const { CompactEncrypt, compactDecrypt } = await import('jose')
const { Webhook } = await import('standardwebhooks')

export function derive(license) {
  const ikm = Buffer.from(license.slice(4), 'base64url')
  const key = info => Buffer.from(hkdfSync('sha256', ikm, Buffer.alloc(0), `trunkline v1 ${info}`, 32))
  return {
    verify: new Webhook(key('sign host-to-portal').toString('base64')),
    decrypt: key('encrypt host-to-portal'),
    sign: new Webhook(key('sign portal-to-host').toString('base64')),
    encrypt: key('encrypt portal-to-host'),
  }
}

export class ForeignPortal {
  constructor(license, id = 'acme') {
    this.id = id
    this.keys = derive(license)
    this.batches = []
    this.events = []
    this.requests = 0
    /** What to answer: a function of the opened batch and the request; default takes everything. */
    this.answer = () => ({ status: 200 })
    this.server = http.createServer((request, response) => this.receive(request, response))
  }

  async listen(port = 0) {
    this.server.listen(port, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${this.server.address().port}/events`
    return this
  }
  async close() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  async open(headers, body) {
    try {
      this.keys.verify.verify(body, headers) // throws unless authentic and fresh
    } catch (error) {
      // Having found it authentic, the library parses the body as JSON, which a sealed one is not.
      if (!(error instanceof SyntaxError)) throw error
    }
    const { plaintext, protectedHeader } = await compactDecrypt(body, this.keys.decrypt, { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] })
    return { batch: JSON.parse(new TextDecoder().decode(plaintext)), protectedHeader }
  }

  async receive(request, response) {
    const pieces = []
    try {
      for await (const piece of request) pieces.push(piece)
    } catch {
      return // the host was killed in the middle of it
    }
    const body = Buffer.concat(pieces).toString()
    this.requests++
    let opened
    try {
      opened = await this.open(request.headers, body)
    } catch (error) {
      this.broken = error
      if (process.env.TRUNKLINE_KEEP) console.error(error)
      response.writeHead(401).end()
      return
    }
    const { batch } = opened
    const answer = await this.answer(batch, { request, response, opened })
    if (answer === undefined) return // the test hangs it, or has cut it
    if (answer.status < 300 && !answer.refuse) this.take(batch, request.headers['webhook-id'], answer)
    response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '')
  }

  take(batch, webhookId, answer = {}) {
    this.batches.push({ ...batch, webhookId })
    const through = answer.through ?? Infinity
    for (const event of batch.events) {
      if (event.sequence > through) continue
      const last = this.events.filter(e => e.lane === batch.lane && e.epoch === batch.epoch).at(-1)
      if (last && event.sequence <= last.sequence) continue // a repeat
      this.events.push({ ...event, lane: batch.lane, epoch: batch.epoch })
    }
  }
  of(type) {
    return this.events.filter(event => event.type === type)
  }

  async send(hostUrl, commands, { keys = this.keys, encrypt = true, at = new Date(), id = `cmd-${randomUUID()}`, tamper } = {}) {
    const plain = JSON.stringify({ commands })
    let body = plain
    if (encrypt) {
      body = await new CompactEncrypt(new TextEncoder().encode(plain))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: this.id, cty: 'application/json' })
        .encrypt(keys.encrypt)
    }
    const signature = keys.sign.sign(id, at, body)
    if (tamper) body = tamper(body)
    const answer = await fetch(`${hostUrl}/v1/portals/${this.id}/commands`, {
      method: 'POST',
      headers: {
        'Content-Type': encrypt ? 'application/jose' : 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signature,
      },
      body,
    })
    const text = await answer.text()
    return { status: answer.status, json: text.startsWith('{') ? JSON.parse(text) : undefined, text }
  }
}
