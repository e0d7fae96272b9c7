// A connector that was built against the first version of the border, in a host of today.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { build, request, until, withWorld } from './harness.mjs'

const secret = randomBytes(8).toString('hex')

/** The frozen connector's messenger: takes commands, and answers with an id or as told. */
class Messenger {
  constructor() {
    this.taken = []
    this.answer = () => ({ status: 200, body: `m-${this.taken.length}` })
    this.server = http.createServer(async (incoming, response) => {
      const pieces = []
      for await (const piece of incoming) pieces.push(piece)
      this.taken.push(JSON.parse(Buffer.concat(pieces).toString()))
      const { status, body } = this.answer()
      response.writeHead(status).end(body)
    })
  }
  async listen() {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${this.server.address().port}/send`
    return this
  }
  close() {
    this.server.closeAllConnections()
    this.server.close()
  }
}
function say(world, body, key = secret) {
  const signature = createHmac('sha256', key).update(body).digest('hex')
  return request(`${world.hostUrl}/hooks/old`, { method: 'POST', body, headers: { 'X-Signature': signature } })
}
async function configured(world, portal, messenger) {
  const file = await world.hostConfig({ portalUrl: portal.url })
  const text = readFileSync(file, 'utf8')
  const account = `accounts:\n  - {id: old, connector: frozen, portal: acme, line: support, settings: {base_url: "${messenger.url}", secret: ${secret}}}\n`
  writeFileSync(file, text.replace(/^accounts:[\s\S]*$/m, account))
  return file
}

test('a connector of the first version is loaded, receives, sends, counts and goes', withWorld('abi-v1', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  const messenger = await new Messenger().listen()
  try {
    world.plugins = path.join(build, 'abi/v1')
    const file = await configured(world, portal, messenger)
    for (const round of [1, 2]) {
      const host = await world.host({ file })
      const [row] = JSON.parse(await world.trunkctl('--json', 'plugins'))
      assert.deepEqual([row.name, row.version, row.state, row.reason], ['frozen', '1.0.0', 'serving', ''])
      assert.match(host.text(), /connector\.said connector=frozen@1\.0\.0#1 text=the first version checked itself/)

      const answer = await say(world, `ann|${round}|hello from the past`)
      assert.deepEqual([answer.status, answer.text, answer.headers.get('content-type')], [202, 'taken', 'text/plain'])
      assert.equal((await say(world, `ann|${round}|hello from the past`)).status, 202, 'a repeat is answered alike')
      assert.ok([401, 403].includes((await say(world, `ann|${round}f|forged`, 'wrong')).status))
      assert.equal((await say(world, `ann|${round}b|"what is this"`)).status, 200, 'kept in the quarantine')
      await until('the events', () => portal.of('message').length === round && portal.of('unsupported').length === round)
      const event = portal.of('message').at(-1)
      assert.deepEqual([event.conversation.id, event.message.id, event.message.text], ['ann', String(round), 'hello from the past'])

      const before = messenger.taken.length
      messenger.answer = () => ({ status: 200, body: `m-${round}` })
      await portal.send(world.hostUrl, [{ id: `c-${round}`, type: 'send', account: 'old', conversation: 'ann', message: { text: 'still there?' } }])
      await until('the status', () => portal.of('status').some(event => event.command === `c-${round}` && event.state === 'sent' && event.messages?.[0] === `m-${round}`))
      assert.equal(messenger.taken.length, before + 1)
      assert.equal(messenger.taken.at(-1).message.text, 'still there?')

      messenger.answer = () => ({ status: 400, body: 'no' })
      await portal.send(world.hostUrl, [{ id: `r-${round}`, type: 'send', account: 'old', conversation: 'ann', message: { text: 'refuse this' } }])
      await until('the refusal', () => portal.of('status').some(event => event.command === `r-${round}` && event.state === 'failed' && event.error.code === 'refused'))

      const metrics = (await world.admin('/metrics')).text
      assert.match(metrics, /^trunkline_connector_counted_told_total\{connector="frozen"\} 2$/m)
      assert.deepEqual(await host.stop(), { code: 0, signal: null })
      assert.match(host.text(), /plugins\.unmapped connector=frozen@1\.0\.0#1/)
    }
  } finally {
    messenger.close()
    await portal.close()
  }
}))
