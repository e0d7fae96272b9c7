// How the programs beside the host are called.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { program, withWorld } from './harness.mjs'

function run(name, args) {
  const { status, stdout, stderr, signal, error } = spawnSync(program(name), args, { encoding: 'utf8', timeout: 20_000 })
  assert.ifError(error)
  return { status, stdout, stderr, signal }
}

for (const name of ['trunkline-portal', 'trunkline-sim-telegram']) {
  test(`${name} explains itself when asked, and then does nothing else`, () => {
    for (const args of [['--help'], ['--help', '--help']]) {
      const { status, stdout, stderr } = run(name, args)
      assert.equal(status, 0)
      assert.ok(stdout.startsWith(`usage: ${name} `), stdout)
      assert.equal(stderr, '')
    }
  })
}

/** Refused before anything is started: with the word at fault, and the usage. */
function refused(name, args, word) {
  const { status, stdout, stderr, signal } = run(name, args)
  assert.equal(signal, null, `${args.join(' ')} went on`)
  assert.equal(status, 2, args.join(' '))
  assert.equal(stdout, '')
  assert.ok(stderr.split('\n')[0].includes(word), stderr)
  assert.ok(stderr.includes(`usage: ${name} `), stderr)
}

test('the portal refuses words it does not know', withWorld('words', async world => {
  const file = path.join(world.dir, 'portal.yaml')
  writeFileSync(file, `listen: 127.0.0.1:0
host: {url: "http://127.0.0.1:1", portal: acme, license_key: tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw}
store: {path: ${world.dir}/portal.db}
`, { mode: 0o600 })
  refused('trunkline-portal', [], '--config')
  refused('trunkline-portal', ['--config'], '--config')
  refused('trunkline-portal', ['--config', file, '--bogus'], '--bogus')
  refused('trunkline-portal', ['--config', file, 'more'], 'more')
  assert.match(run('trunkline-portal', ['--version']).stdout, /^trunkline-portal \d+\.\d+\.\d+\n$/)
}))

test('the simulated Telegram refuses words and numbers it does not know', () => {
  const name = 'trunkline-sim-telegram'
  const listen = ['--listen', '127.0.0.1:0', '--any-token']
  refused(name, [...listen, '--bogus'], '--bogus')
  refused(name, [...listen, '--log'], '--log')
  for (const number of ['abc', '0', '-1', '2x', '1.5', '', '10001', '99999999999999999999']) refused(name, [...listen, '--fast', number], '--fast')
})

test('the portal logs as the host does', withWorld('log', async world => {
  const child = await world.portal()
  assert.match(child.text(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info portal\.listening address=/m)
  assert.deepEqual(await child.stop(), { code: 0, signal: null })
  assert.match(child.text(), /Z info portal\.stopping$/m)
}))
