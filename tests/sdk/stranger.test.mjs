// Somebody else's connector, made on a machine without our sources, in a host that is running. Called by scripts/try-sdk,
// which makes the machine: a folder to chroot into.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { ForeignPortal } from '../integration/foreign_portal.mjs'
import { freePort, request, until, withWorld } from '../integration/harness.mjs'

const machine = process.env.TRUNKLINE_MACHINE
assert.ok(machine && existsSync(machine), 'TRUNKLINE_MACHINE names the machine; call scripts/try-sdk')

/** Runs a command there, with nothing of this environment. */
const there = (...words) =>
  promisify(execFile)('chroot', [machine, ...words], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', TERM: 'dumb', LANG: 'C.UTF-8' }, maxBuffer: 1 << 24 })
    .catch(error => assert.fail(`${words.join(' ')} failed:\n${error.stdout}\n${error.stderr}`))

/** The messenger that the template speaks to. */
class Messenger {
  constructor() {
    this.taken = []
    this.server = http.createServer(async (request, response) => {
      const pieces = []
      for await (const piece of request) pieces.push(piece)
      this.taken.push({ url: request.url, body: JSON.parse(Buffer.concat(pieces).toString()) })
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"id":77}')
    })
  }
  async listen() {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }
  close() {
    this.server.closeAllConnections()
    this.server.close()
  }
}

/** Makes the key that the stranger signs with; its public half is what the host trusts. */
async function makeKey() {
  await there('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', '/root/signing.pem')
  await there('chmod', '600', '/root/signing.pem')
  const der = execFileSync('chroot', [machine, 'openssl', 'pkey', '-in', '/root/signing.pem', '-pubout', '-outform', 'DER'])
  return der.subarray(-32).toString('base64')
}

/** A host's configuration, which names the connector before it is there. */
async function configure(world, portal, messenger, key) {
  const [publicPort, adminPort] = [await freePort(), await freePort()]
  world.hostUrl = `http://127.0.0.1:${publicPort}`
  world.adminUrl = `http://127.0.0.1:${adminPort}`
  const file = path.join(world.dir, 'trunkline.yaml')
  const license = await world.license()
  writeFileSync(file, `listen: {public: "127.0.0.1:${publicPort}", admin: "127.0.0.1:${adminPort}", threads: 2}
public_url: ${world.hostUrl}
admin_token: ${world.adminToken}
store: {path: ${world.dir}/store, key: {file: ${world.dir}/store.key}}
plugins: {directory: ${machine}/srv/plugins, watch: true, require_signature: true, trusted_keys: ["${key}"]}
network: {allow_private: true}
portals:
  - {id: acme, url: "${portal.url}", license_key: ${license}}
accounts:
  - id: shop
    connector: my_messenger
    portal: acme
    line: support
    settings: {base_url: "${messenger.url}", secret: ${world.secret}}
`, { mode: 0o600 })
  return file
}

for (const language of ['cpp', 'c']) {
  test(`from a new folder to a first message, in ${language}`, withWorld(`stranger-${language}`, async (world, t) => {
    const portal = await new ForeignPortal(await world.license()).listen()
    const messenger = await new Messenger().listen()
    try {
      for (const left of readdirSync(`${machine}/srv/plugins`)) rmSync(`${machine}/srv/plugins/${left}`)
      rmSync(`${machine}/root/my_messenger`, { recursive: true, force: true })
      const host = await world.host({ file: await configure(world, portal, messenger, await makeKey()) })

      const began = Date.now()
      await there('/bin/bash', '-c', `cd /root && /root/first_${language}.sh`)
      const dropped = Date.now()
      const listed = await until('the connector to serve', async () => JSON.parse(await world.trunkctl('--json', 'plugins')).find(row => row.name === 'my_messenger' && row.state === 'serving'))
      assert.ok(listed.signed_by && listed.signed_by !== 'unsigned', JSON.stringify(listed))
      const says = { chat: '5', id: 17, name: 'Ann', text: 'Is it in stock?' }
      const hook = secret => request(`${world.hostUrl}/hooks/shop`, { json: says, headers: { 'X-Webhook-Secret': secret } })
      assert.ok([401, 403].includes((await until('the account to answer', async () => [await hook('wrong')].find(answer => answer.status !== 503 && answer.status !== 404))).status), 'a forgery is refused')
      const answer = await hook(world.secret)
      assert.equal(answer.status, 200)
      assert.equal(answer.text, 'ok')
      const [message] = await until('the message to reach the portal', () => portal.of('message').length > 0 && portal.of('message'))
      const first = Date.now()
      assert.equal(message.connector, 'my_messenger')
      assert.equal(message.conversation.id, '5')
      assert.equal(message.sender.name, 'Ann')
      assert.equal(message.message.text, says.text)

      const sent = await portal.send(world.hostUrl, [{ id: 'c1', type: 'send', account: 'shop', conversation: '5', message: { text: 'Yes, “two” of them.' } }])
      assert.equal(sent.status, 202, sent.text)
      const status = await until('the answer to be sent', () => portal.of('status').find(event => event.status?.state === 'sent' || event.state === 'sent'))
      assert.deepEqual(messenger.taken, [{ url: '/messages', body: { chat: '5', text: 'Yes, “two” of them.' } }])
      assert.match(JSON.stringify(status), /"77"/)
      assert.match(JSON.stringify(status), /"c1"/)
      assert.equal((await host.stop()).code, 0)
      t.diagnostic(`${language}: ${(first - began) / 1000} s from a new folder to the first message at the portal, ${(dropped - began) / 1000} s of them on that machine`)
    } finally {
      messenger.close()
      await portal.close()
    }
  }))
}

test('nothing of the host is needed or there', async () => {
  const { stdout } = await there('dpkg', '-L', 'trunkline-sdk')
  for (const wanted of ['/usr/include/trunkline/abi.h', '/usr/bin/trunkctl', '/usr/lib/cmake/Trunkline/TrunklineConfig.cmake', '/usr/share/doc/trunkline-sdk/copyright', '/usr/share/trunkline/template/c/my_messenger.c'])
    assert.ok(stdout.split('\n').includes(wanted), wanted)
  assert.deepEqual(stdout.split('\n').filter(name => /\.(cpp|hpp)$/.test(name) && /\/host\//.test(name)), [])
  assert.ok(!existsSync(`${machine}/usr/bin/trunkline`))
})
