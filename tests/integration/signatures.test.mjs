// Who signed a connector: as the documents say it is done, and as a host judges it.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { ForeignPortal } from './foreign_portal.mjs'
import { plugins, program, until, withWorld } from './harness.mjs'

const document = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/connectors/how-to/sign-a-connector.md')
const env = { ...process.env, PATH: `${path.dirname(program('trunkctl'))}:${process.env.PATH}` }

/** Commands of the document, by what they are quoted from: make a key, sign, verify with openssl, sign with openssl. */
function commands() {
  const text = readFileSync(document, 'utf8')
  const blocks = ['key', 'sign', 'check', 'make'].map(part => {
    const found = new RegExp(`^<!-- quote: tests/sdk/sign\\.sh#${part} -->\\n\`\`\`sh\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)
    assert.ok(found, `the document shows ${part}`)
    return found[1]
  })
  const run = block => cwd => spawnSync('bash', ['-euo', 'pipefail', '-c', block], { cwd, env, encoding: 'utf8' })
  const [makeKey, sign, verifyWithOpenssl, signWithOpenssl] = blocks.map(run)
  return { makeKey, sign, verifyWithOpenssl, signWithOpenssl }
}
function good({ status, stdout, stderr }) {
  assert.equal(status, 0, stderr)
  return stdout
}
const trunkctl = (...words) => spawnSync(program('trunkctl'), words, { encoding: 'utf8' })
const sign = (file, key) => JSON.parse(good(trunkctl('--json', 'plugins', 'sign', file, '--key', key)))
function makeKey(folder, name) {
  const file = path.join(folder, name)
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file], { stdio: 'pipe' })
  chmodSync(file, 0o600)
  return file
}

test('what the document says works, with trunkctl and with openssl alone', withWorld('sign', async world => {
  const { makeKey, sign, verifyWithOpenssl, signWithOpenssl } = commands()
  const file = path.join(world.dir, 'my_messenger.so')
  const beside = `${file}.sig`
  copyFileSync(path.join(plugins, 'telegram.so'), file)
  good(makeKey(world.dir))
  assert.equal(statSync(path.join(world.dir, 'signing.pem')).mode & 0o77, 0)
  const said = sign(world.dir)
  assert.match(good(said), /^connector: telegram$/m)
  assert.equal(said.stderr, '', 'nothing to warn of')
  const key = /^public_key: (\S+)$/m.exec(said.stdout)[1]
  const ours = readFileSync(beside, 'utf8')
  assert.match(good(verifyWithOpenssl(world.dir)), /Signature Verified Successfully/)

  good(signWithOpenssl(world.dir))
  assert.equal(readFileSync(beside, 'utf8'), ours, 'the same key signs the same bytes alike')
  assert.match(good(trunkctl('plugins', 'verify', file, '--key', key)), /^fingerprint: [0-9a-f]{16}$/m)

  appendFileSync(file, 'x')
  assert.notEqual(verifyWithOpenssl(world.dir).status, 0)
  const changed = trunkctl('plugins', 'verify', file, '--key', key)
  assert.equal(changed.status, 1)
  assert.equal(changed.stderr, `trunkctl: ${file}: its bytes are not those that were signed: it was changed since, or my_messenger.so.sig is of another build\n`)

  chmodSync(path.join(world.dir, 'signing.pem'), 0o644)
  assert.match(sign(world.dir).stderr, /^trunkctl: warning: \S*signing\.pem is a private key that others can read/)
}))

/** A folder with every case; each connector is called as its file. */
function fill(world) {
  world.plugins = path.join(world.dir, 'plugins')
  mkdirSync(world.plugins)
  const keys = { trusted: makeKey(world.dir, 'trusted.pem'), unknown: makeKey(world.dir, 'unknown.pem') }
  const original = readFileSync(path.join(plugins, 'telegram.so'))
  /** The same library under another name of the same length, wherever the name stands as text of its own. */
  const renamed = id => {
    const text = original.toString('latin1')
    return Buffer.from(text.replaceAll(/telegram(?=1\.|\d+\.\d+|\0)/g, id), 'latin1')
  }
  const made = {}
  for (const id of ['telegram', 'unsigned', 'stranger', 'tampered', 'gibberis']) {
    const file = path.join(world.plugins, `${id}.so`)
    writeFileSync(file, id === 'telegram' ? original : renamed(id))
    if (id !== 'unsigned') made[id] = sign(file, id === 'stranger' ? keys.unknown : keys.trusted)
  }
  appendFileSync(path.join(world.plugins, 'tampered.so'), 'x')
  writeFileSync(path.join(world.plugins, 'gibberis.so.sig'), 'signed, really\n')
  return made
}
async function configured(world, portal, words) {
  const file = await world.hostConfig({ portalUrl: portal.url })
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(/^(plugins: \{.*)\}$/m, `$1, ${words}}`)
  assert.notEqual(changed, text)
  writeFileSync(file, changed)
  return file
}
async function listed(world) {
  const rows = JSON.parse(await world.trunkctl('--json', 'plugins'))
  return Object.fromEntries(rows.map(row => [path.basename(row.file, '.so'), row]))
}
const changedWords = id => new RegExp(`^its bytes are not those that were signed: it was changed since, or ${id}\\.so\\.sig is of another build$`)

test('with require_signature only what a trusted key signed runs, and each refusal is one line', withWorld('signatures', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    const made = fill(world)
    await world.sim()
    const file = await configured(world, portal, `require_signature: true, trusted_keys: ["${made.telegram.public_key}"]`)
    const host = await world.host({ file })
    await world.webhookSet()

    const rows = await listed(world)
    assert.equal(rows.telegram.state, 'serving', rows.telegram.reason)
    assert.equal(rows.telegram.signed_by, made.telegram.fingerprint)
    const reasons = {
      unsigned: /^is not signed: there is no unsigned\.so\.sig, and plugins\.require_signature is on$/,
      stranger: new RegExp(`^is signed with a key that plugins\\.trusted_keys does not have \\(fingerprint ${made.stranger.fingerprint}\\)$`),
      tampered: changedWords('tampered'),
      gibberis: /^its signature gibberis\.so\.sig is none: its first line is not "trunkline signature 1"$/,
    }
    assert.equal(Object.keys(rows).length, 1 + Object.keys(reasons).length, 'signatures are not listed')
    for (const [id, reason] of Object.entries(reasons)) {
      assert.equal(rows[id].state, 'rejected')
      assert.equal(rows[id].signed_by, '')
      assert.match(rows[id].reason, reason)
      const lines = host.text().split('\n').filter(line => line.includes(`${id}.so `))
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0], / error plugins\.rejected /)
    }
    const table = await world.trunkctl('plugins')
    assert.match(table, /^NAME +VERSION +GENERATION +STATE +ISOLATION +PIDS +DEATHS +SIGNED BY +REASON +FILE/m)
    assert.match(table, new RegExp(`^telegram +\\S+ +1 +serving +in_process +\\S+ +\\d+ +${made.telegram.fingerprint} `, 'm'))

    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, text: 'signed?' })
    await until('the message', () => portal.of('message').length === 1)
    assert.deepEqual(await host.stop(), { code: 0, signal: null })

    // A check says so too, without running anything.
    appendFileSync(file, '  - {id: second, connector: stranger, portal: acme, settings: {token: "1:x"}}\n')
    const check = spawnSync(program('trunkline'), ['--config', file, '--check'], { encoding: 'utf8' })
    assert.equal(check.status, 2)
    assert.match(check.stderr, /trunkline\.yaml:\d+:\d+: accounts\[1\]\.connector: stranger\.so cannot be used: is signed with a key that/)
  } finally {
    await portal.close()
  }
}))

test('without require_signature the unsigned run and are shown so, but what was changed does not', withWorld('unsigned', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    const made = fill(world)
    await world.sim()
    const file = await configured(world, portal, `trusted_keys: ["${made.telegram.public_key}"]`)
    const host = await world.host({ file })
    const rows = await listed(world)
    const shown = Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, `${row.state} ${row.signed_by}`.trim()]))
    assert.deepEqual(shown, {
      telegram: `serving ${made.telegram.fingerprint}`,
      unsigned: 'serving unsigned',
      stranger: 'serving unsigned',
      tampered: 'rejected',
      gibberis: 'rejected',
    })
    assert.deepEqual([rows.telegram.isolation, rows.unsigned.isolation, rows.stranger.isolation], ['in_process', 'process', 'process'])
    assert.match(rows.tampered.reason, changedWords('tampered'))
    const told = host.text().split('\n').filter(line => line.includes('plugins.signature'))
    assert.equal(told.length, 1)
    assert.match(told[0], new RegExp(`warning plugins\\.signature connector=stranger@\\S+ key=${made.stranger.fingerprint} `))
    assert.equal(existsSync(path.join(world.plugins, 'telegram.so.sig')), true)
  } finally {
    await portal.close()
  }
}))

test('keys that cannot be used are named with their place', withWorld('keys', async world => {
  const file = await world.hostConfig({ portalUrl: 'http://127.0.0.1:9/' })
  const text = readFileSync(file, 'utf8')
  const check = words => {
    writeFileSync(file, text.replace(/^plugins: .*$/m, words))
    const { status, stderr } = spawnSync(program('trunkline'), ['--config', file, '--check'], { encoding: 'utf8' })
    assert.equal(status, 2, words)
    return stderr
  }
  assert.match(check('plugins: {require_signature: true}'), /trunkline\.yaml:5:\d+: plugins\.require_signature: needs at least one key in plugins\.trusted_keys/)
  assert.match(check('plugins: {trusted_keys: [abc]}'), /trunkline\.yaml:5:26: plugins\.trusted_keys\[0\]: "abc" is not an Ed25519 public key: 32 bytes in base64/)
  const zeros = Buffer.alloc(32).toString('base64')
  assert.match(check(`plugins: {trusted_keys: ["${zeros}"]}`), /trunkline\.yaml:5:26: plugins\.trusted_keys\[0\]: .* no Ed25519 key that can be trusted/)
}))
