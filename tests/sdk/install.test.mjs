// The SDK installed into a folder of its own, and a connector made with nothing but that.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'

const build = process.env.TRUNKLINE_BUILD
assert.ok(build, 'TRUNKLINE_BUILD names the build directory')
const folder = mkdtempSync(path.join(tmpdir(), 'trunkline-sdk-'))
const prefix = path.join(folder, 'prefix')
after(() => rmSync(folder, { recursive: true, force: true }))

function run(program, ...words) {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd: folder, encoding: 'utf8', env: { ...process.env, CMAKE_PREFIX_PATH: prefix }, maxBuffer: 1 << 24 })
  return { status, said: `${stdout}${stderr}${error ?? ''}` }
}
function good(program, ...words) {
  const { status, said } = run(program, ...words)
  assert.equal(status, 0, `${program} ${words.join(' ')}\n${said}`)
  return said
}
const trunkctl = path.join(prefix, 'bin/trunkctl')
const inside = where => readdirSync(where, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath ?? entry.path, entry.name))

test('the component sdk installs what authors need, and nothing that names these sources', () => {
  good('cmake', '--install', build, '--component', 'sdk', '--prefix', prefix)
  for (const wanted of ['include/trunkline/abi.h', 'include/trunkline/ext/crypto.h', 'lib/cmake/Trunkline/TrunklineConfigVersion.cmake', 'bin/trunkctl', 'share/trunkline/template/cpp/my_messenger.cpp', 'share/doc/trunkline-sdk/tutorial/first-connector.md', 'lib/libtrunkline_simulator.a', 'include/trunkline/simulator/control.hpp'])
    assert.ok(existsSync(path.join(prefix, wanted)), wanted)
  const source = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..')
  for (const file of inside(prefix).filter(file => !file.includes('/bin/'))) assert.ok(!readFileSync(file, 'latin1').includes(source), `${file} names ${source}`)
})

for (const language of ['cpp', 'c']) {
  test(`a connector in ${language} is scaffolded, builds and passes its tests`, () => {
    const where = path.join(folder, `of-${language}`)
    const said = good(trunkctl, 'plugins', 'new', 'acme_chat2', '--language', language, '--directory', where)
    assert.match(said, /is made/)
    for (const file of inside(where)) assert.ok(!/my_messenger|My Messenger|MY_MESSENGER/.test(file + readFileSync(file, 'utf8')), `${file} still has the template's name`)
    assert.ok(existsSync(path.join(where, '.gitignore')))
    assert.match(readFileSync(path.join(where, `acme_chat2.${language}`), 'utf8'), /"acme_chat2", "1\.0\.0", "Acme Chat2"/)

    const work = path.join(where, 'build')
    good('cmake', '-S', where, '-B', work)
    good('cmake', '--build', work)
    const ran = good('ctest', '--test-dir', work, '--output-on-failure', '--no-tests=error')
    assert.match(ran, /conform/, 'the conformance kit is among its tests')
    const library = path.join(work, 'plugins/acme_chat2.so')
    assert.match(good('nm', '-D', '--defined-only', library), /^\w+ T tl_connector_entry\n$/)
    assert.match(good('readelf', '-n', library), /Trunkline/)
    if (language === 'c') assert.doesNotMatch(good('readelf', '-d', library), /libstdc\+\+/)
    assert.ok(readFileSync(library).includes('{"in":{"kind":"webhook"'), 'its golden cases are in it')
  })
}

test('a simulated messenger is made with nothing but the package, and speaks both ways', async () => {
  const where = path.join(folder, 'simulator')
  cpSync(path.join(prefix, 'share/trunkline/simulator/example'), where, { recursive: true })
  const work = path.join(where, 'build')
  good('cmake', '-S', where, '-B', work)
  good('cmake', '--build', work)
  assert.equal(run(path.join(work, 'my_messenger_sim')).status, 2)

  // The connector's side: takes each message, but refuses the first delivery.
  const hooks = []
  const connector = http.createServer(async (request, response) => {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    hooks.push({ secret: request.headers['x-webhook-secret'], ...JSON.parse(Buffer.concat(pieces).toString()) })
    response.writeHead(hooks.length === 1 ? 500 : 200).end()
  })
  connector.listen(0, '127.0.0.1')
  await once(connector, 'listening')
  const child = spawn(path.join(work, 'my_messenger_sim'), ['127.0.0.1:0', `http://127.0.0.1:${connector.address().port}/hook`, 'a secret'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    const [said] = await once(child.stdout, 'data')
    const base = `http://127.0.0.1:${/port (\d+)/.exec(said)[1]}`
    const post = async (what, body) => {
      const answer = await fetch(base + what, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      return { status: answer.status, json: await answer.json() }
    }
    const user = (await post('/control/users', { name: 'Ann' })).json.id
    await post('/control/say', { user, text: 'Is it in stock?' })
    while (hooks.length < 2) await new Promise(done => setTimeout(done, 20))
    assert.deepEqual(hooks[1], { secret: 'a secret', chat: '1', id: 1, name: 'Ann', text: 'Is it in stock?' })
    assert.deepEqual(hooks[0], hooks[1], 'refused, and made again')
    assert.deepEqual(await post('/messages', { chat: '1', text: 'Yes' }), { status: 200, json: { id: 2 } })
    assert.deepEqual(await post('/messages', { chat: '1' }), { status: 400, json: { error: 'text is missing' } })
    assert.equal((await post('/messages', { chat: '7', text: 'x' })).status, 404)
    await post('/control/faults', { action: '429' })
    assert.equal((await post('/messages', { chat: '1', text: 'x' })).status, 429)
    const shown = await (await fetch(`${base}/control/chats/${user}/messages`)).json()
    assert.deepEqual(shown.map(message => message.text), ['Is it in stock?', 'Yes'])
    assert.match(await (await fetch(base)).text(), /<html/)
  } finally {
    child.kill('SIGTERM')
    connector.closeAllConnections()
    connector.close()
  }
  assert.deepEqual(await ended, [0, null])
})

test('what the how-to on signing says is so', () => {
  const where = path.join(folder, 'signing')
  mkdirSync(where)
  cpSync(path.join(folder, 'of-c/build/plugins/acme_chat2.so'), path.join(where, 'my_messenger.so'))
  const script = path.join(path.dirname(new URL(import.meta.url).pathname), 'sign.sh')
  const { status, stdout, stderr } = spawnSync(script, { cwd: where, encoding: 'utf8', env: { ...process.env, PATH: `${path.dirname(trunkctl)}:${process.env.PATH}` } })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /Signature Verified Successfully/)
})

/** A project of one CMakeLists.txt. */
function project(name, text, files = {}) {
  const where = path.join(folder, name)
  mkdirSync(where)
  for (const [file, body] of Object.entries({ 'CMakeLists.txt': `cmake_minimum_required(VERSION 3.25)\n${text}`, ...files })) writeFileSync(path.join(where, file), body)
  return where
}

test('versions are asked for as with any package', () => {
  for (const [version, fits] of [['1.0', true], ['1', true], ['1.99', false], ['2.0', false], ['0.9', false]]) {
    const where = project(`version-${version}`, `project(x LANGUAGES CXX)\nfind_package(Trunkline ${version} REQUIRED COMPONENTS sdk)\n`)
    const { status, said } = run('cmake', '-S', where, '-B', path.join(where, 'build'))
    assert.equal(status === 0, fits, said)
    if (!fits) assert.match(said, /not\s+compatible|compatible with requested version/)
  }
  const where = project('component', 'project(x LANGUAGES C)\nfind_package(Trunkline 1.0 REQUIRED COMPONENTS sdk host)\n')
  const { status, said } = run('cmake', '-S', where, '-B', path.join(where, 'build'))
  assert.notEqual(status, 0)
  assert.match(said, /there is no component 'host', only sdk and simulator/)
})

test('the gate refuses a connector in C, too, and takes the file away', () => {
  const where = project('gated', 'project(gated LANGUAGES C)\nfind_package(Trunkline 1.0 REQUIRED COMPONENTS sdk)\ntrunkline_add_connector(gated SOURCES gated.c)\n', {
    'gated.c': '#include <stdio.h>\n#include <trunkline/abi.h>\n__attribute__((visibility("default"))) const tl_plugin* tl_connector_entry(uint32_t a, uint32_t b) { return a == b && fopen("/tmp/x", "r") ? 0 : 0; }\n',
  })
  good('cmake', '-S', where, '-B', path.join(where, 'build'))
  const { status, said } = run('cmake', '--build', path.join(where, 'build'))
  assert.notEqual(status, 0)
  assert.match(said, /imports fopen/)
  assert.ok(!existsSync(path.join(where, 'build/plugins/gated.so')))
})

test('what cannot be made is told in one line, and nothing is left behind', () => {
  const before = readdirSync(folder)
  for (const [words, reason] of [
    [['Bad-Name'], /'Bad-Name' cannot be a connector's name/],
    [['x'], /'x' cannot be/],
    [['a'.repeat(33)], /cannot be a connector's name/],
    [['../up'], /'..\/up' cannot be/],
    [['test'], /the build needs it for itself/],
    [['trunkline_x'], /the build needs it for itself/],
    [['fine', '--language', 'rust'], /no template in 'rust'; --language is one of c, cpp/],
    [['fine', '--language', 'common'], /no template in 'common'/],
    [['fine', '--language', '../template/c'], /no template in/],
    [['fine', '--language'], /--language needs a value/],
    [['fine', '--colour', 'red'], /does not know --colour/],
    [['fine', 'finer'], /one name, not also 'finer'/],
    [['fine', '--directory', 'of-c'], /of-c is there already/],
    [['fine', '--directory', 'no/such/parent'], /cannot be made: .*No such file/],
    [[], /'' cannot be a connector's name/],
  ]) {
    const { status, said } = run(trunkctl, 'plugins', 'new', ...words)
    assert.equal(status, 1, words.join(' '))
    assert.match(said, reason)
    assert.match(said, /^trunkctl: .*\n$/)
  }
  assert.deepEqual(readdirSync(folder), before)
  const lonely = path.join(folder, 'trunkctl-alone')
  good('cp', trunkctl, lonely)
  const { status, said } = run(lonely, 'plugins', 'new', 'fine')
  assert.equal(status, 1)
  assert.match(said, /the templates are missing/)
})
