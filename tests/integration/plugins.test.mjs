// A folder of connectors in which only one is any good.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync, appendFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { plugins, request, until, withWorld } from './harness.mjs'
import { hook, update } from './hostile.mjs'

const good = path.join(plugins, 'telegram.so')

/** The library with words of its connector's note changed; the layout is the one of the SDK's note.h. */
function patched({ id, major, minor }) {
  const bytes = Buffer.from(readFileSync(good))
  const owner = Buffer.from('Trunkline\0\0\0')
  let at = bytes.indexOf(owner)
  while (at >= 0 && !(bytes.readUInt32LE(at - 12) === 10 && bytes.readUInt32LE(at - 4) === 1)) at = bytes.indexOf(owner, at + 1)
  assert.ok(at > 0, 'the connector has its note')
  const note = at + owner.length
  if (major !== undefined) bytes.writeUInt32LE(major, note + 4)
  if (minor !== undefined) bytes.writeUInt32LE(minor, note + 8)
  if (id !== undefined) {
    assert.equal(bytes.readUInt32LE(note + 16), id.length, 'as long as the one it replaces')
    bytes.write(id, note + 40, 'latin1')
  }
  return bytes
}
const systemLibrary = () => /(\/\S*libc\.so\S*|\/\S*libc-\S*\.so)$/m.exec(readFileSync('/proc/self/maps', 'utf8'))[1]

/** Each file and the words that must name why it was refused. */
function fill(folder) {
  const whole = readFileSync(good)
  const files = {
    text: ['this is no library\n', /not a shared library/],
    empty: ['', /not a shared library/],
    cut_early: [whole.subarray(0, 40), /truncated/],
    cut_half: [whole.subarray(0, whole.length / 2), /truncated/],
    cut_late: [whole.subarray(0, whole.length - 1), /truncated/],
    libc: [readFileSync(systemLibrary()), /not a connector: it has no \.note\.trunkline note/],
    telegrax: [patched({ id: 'telegrax', major: 7 }), /needs ABI 7\.\d+, this host has \d+\.\d+/],
    telegray: [patched({ id: 'telegray', minor: 9999 }), /needs ABI \d+\.9999, this host has \d+\.\d+/],
    telegraz: [patched({ id: 'telegraz' }), /its table names another connector or version than its note/],
    renamed: [whole, /its connector id is telegram, so the file must be called telegram\.so/],
    'Bad-Name': [whole, /the file name is not a connector id/],
  }
  const reasons = {}
  for (const [name, [content, reason]] of Object.entries(files)) {
    const file = path.join(folder, `${name}.so`)
    writeFileSync(file, content)
    reasons[file] = reason
  }
  mkdirSync(path.join(folder, 'folder.so'))
  reasons[path.join(folder, 'folder.so')] = /not a regular file/
  symlinkSync('/nowhere/at/all.so', path.join(folder, 'gone.so'))
  reasons[path.join(folder, 'gone.so')] = /cannot be read: No such file/
  execFileSync('mkfifo', [path.join(folder, 'pipe.so')])
  reasons[path.join(folder, 'pipe.so')] = /not a regular file/
  for (const ignored of ['.telegram.so', 'telegram.so.tmp', 'README.txt']) writeFileSync(path.join(folder, ignored), 'x')
  return reasons
}

test('bad connectors are named with their cause, and the good one beside them serves', withWorld('plugins', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    world.plugins = path.join(world.dir, 'plugins')
    mkdirSync(world.plugins)
    copyFileSync(good, path.join(world.plugins, 'telegram.so'))
    const reasons = fill(world.plugins)
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    appendFileSync(file, `  - {id: lost, connector: nowhere, portal: acme, settings: {token: x}}
  - {id: refused, connector: telegrax, portal: acme}
  - {id: bare, connector: telegram, portal: acme, settings: {token: "7:x"}}
`)
    const host = await world.host({ file })
    await world.webhookSet()

    const log = host.text().split('\n')
    const listed = JSON.parse(await world.trunkctl('--json', 'plugins'))
    assert.equal(listed.length, Object.keys(reasons).length + 1, 'what is no .so file, or hidden, is not looked at')
    for (const [name, reason] of Object.entries(reasons)) {
      const lines = log.filter(line => line.includes(name))
      assert.equal(lines.length, 1, `one line about ${name}:\n${lines.join('\n')}`)
      assert.match(lines[0], / error plugins\.rejected /)
      assert.match(lines[0], reason)
      const row = listed.find(row => row.file === name)
      assert.equal(row?.state, 'rejected', name)
      assert.match(row.reason, reason)
      const shown = (await world.trunkctl('plugins')).split('\n').filter(line => line.includes(name))
      assert.equal(shown.length, 1)
      assert.match(shown[0], reason)
    }
    const serving = listed.find(row => row.state === 'serving')
    assert.equal(serving.name, 'telegram')
    assert.equal(serving.file, path.join(world.plugins, 'telegram.so'))

    for (const [id, words] of [['accounts[1]', 'no connector is called "nowhere"'], ['accounts[2]', 'telegrax.so cannot be used: needs ABI 7.']]) {
      const told = log.filter(line => line.includes(`: warning: ${id}.connector: ${words}`))
      assert.equal(told.length, 1, 'the library may still come, so the host starts')
      assert.match(told[0], /trunkline\.yaml:\d+:\d+: /)
    }

    const accounts = Object.fromEntries((await world.admin('/v1/accounts')).json.items.map(row => [row.id, row]))
    for (const [id, cause] of Object.entries({ lost: /no connector called nowhere/, refused: /no connector called telegrax/, bare: /refuses its settings|BAD_CONFIG/ })) {
      const lines = log.filter(line => line.includes(`account.broken account=${id} `))
      assert.equal(lines.length, 1, `one line about ${id}`)
      assert.match(lines[0], cause)
      assert.match(lines[0], /trunkline\.yaml:\d+/)
      assert.equal(accounts[id].state, 'disconnected')
      assert.match(accounts[id].text, cause)
      const answer = await hook(world, update(1, 'into the void'), { account: id })
      assert.equal(answer.status, 503, 'nobody can vouch for it, so the messenger keeps it')
      assert.ok(Number(answer.headers.get('retry-after')) > 0)
    }

    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, text: 'anybody there?' })
    await until('the message', () => portal.of('message').length === 1)
    const sent = await portal.send(world.hostUrl, [{ id: 'p-1', type: 'send', account: 'acme-telegram', conversation: String(user), message: { text: 'yes' } }])
    assert.equal(sent.json.results[0].status, 'accepted')
    await until('the answer', async () => (await world.chat(user)).some(m => m.text === 'yes'))
    assert.equal((await request(`${world.hostUrl}/readyz`)).status, 200)
    assert.deepEqual(await host.stop(), { code: 0, signal: null })
  } finally {
    await portal.close()
  }
}))

test('without a single connector the host still starts and says what is missing', withWorld('no-plugins', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    world.plugins = path.join(world.dir, 'nothing-here')
    await world.sim()
    const host = await world.host({ portalUrl: portal.url })
    assert.match(host.text(), /plugins\.unlisted directory=\S*nothing-here reason="No such file or directory"/)
    assert.match(host.text(), /account\.broken account=acme-telegram .*no connector called telegram/)
    assert.equal((await hook(world, update(1, 'hello?'))).status, 503)
    assert.match(await world.trunkctl('accounts'), /disconnected/)
  } finally {
    await portal.close()
  }
}))
