// A configuration that is wrong never starts anything, and says everything that is wrong with it at once.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { plugins, program, request, until, withWorld } from './harness.mjs'

const env = { PATH: process.env.PATH }
function run(args, more = {}) {
  const { status, stdout, stderr, signal, error } = spawnSync(program('trunkline'), args, { encoding: 'utf8', env: { ...env, ...more }, timeout: 20_000 })
  assert.ifError(error)
  return { status, stdout, stderr, signal, lines: stderr.trimEnd().split('\n') }
}
function given(world, text) {
  const file = path.join(world.dir, 'given.yaml')
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
/** Where `needle` stands in `text`, as editors count. */
function place(text, needle) {
  const at = text.indexOf(needle)
  assert.ok(at >= 0, `${needle} is in the text`)
  const before = text.slice(0, at).split('\n')
  return `${before.length}:${before.at(-1).length + 1}`
}
const key = 'tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw'

test('what the program is, and how it is called', () => {
  assert.match(run(['--version']).stdout, /^trunkline \d+\.\d+\.\d+\n$/)
  assert.equal(run(['--version']).status, 0)
  for (const args of [[], ['--check'], ['--config'], ['--confog', 'x'], ['--config', 'x', 'y']]) {
    const { status, stderr } = run(args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, /^usage: trunkline/)
  }
})

test('all that is wrong is named at once, each with its place and the nearest key', withWorld('wrong', async world => {
  const text = `listen:
  public: 127.0.0.1
  admin: 0.0.0.0:8081
  thread: 2
public_ulr: http://127.0.0.1:8080
admin_token: short
store: {path: ${world.dir}/store, engine: paper}
keep: {media: soon}
portals:
  - id: Acme!
    url: ftp://portal.example/
    licence_key: ${key}
    encrypt: yes
    limits: {events_per_second: 0, waiting_bytes: many}
    lanes:
      - {name: messages, retry: {first: 10s, max: 1s}, timeout: 15}
      - {name: messages, events: [gossip]}
accounts:
  - {id: a, connector: telegram, portal: nobody, settings: [1]}
  - {id: a, connector: Tele-Gram, portal: nobody}
  - {connector: telegram}
`
  const file = given(world, text)
  for (const args of [['--config', file, '--check'], ['--config', file]]) {
    const { status, stdout, lines } = run(args)
    assert.equal(status, 2)
    assert.equal(stdout, '')
    const expected = [
      ['127.0.0.1\n', 'listen.public: "127.0.0.1" is not host:port'],
      ['0.0.0.0:8081', 'listen.admin: beyond loopback the admin side needs a certificate and key'],
      ['thread: 2', 'listen.thread: unknown key; did you mean "threads"?'],
      ['public_ulr', 'public_ulr: unknown key; did you mean "public_url"?'],
      ['short', 'admin_token: a token needs at least 16 characters'],
      ['paper', 'store.engine: "paper" is none of embedded | jetstream'],
      ['soon', 'keep.media: "soon" is not a duration such as 250ms, 20s, 5m, 24h, 14d'],
      ['Acme!', 'portals[0].id: "Acme!" is not [a-z0-9_-]'],
      ['ftp://', 'portals[0].url: is not an http or https URL'],
      ['id: Acme!', 'portals[0].license_key: is missing'],
      ['licence_key', 'portals[0].licence_key: unknown key; did you mean "license_key"?'],
      ['yes', 'portals[0].encrypt: "yes" is neither true nor false'],
      ['0, waiting', 'portals[0].limits.events_per_second: 0 is outside 1 to 1000000'],
      ['many', 'portals[0].limits.waiting_bytes: "many" is not a size such as 64KiB, 1MiB, 1GiB'],
      ['1s}', 'portals[0].lanes[0].retry.max: is shorter than first'],
      ['15}', 'portals[0].lanes[0].timeout: "15" is not a duration such as 250ms, 20s, 5m, 24h, 14d'],
      ['[gossip]', 'portals[0].lanes[1].events: "gossip" is no event type'],
      ['- {name: messages, retry', 'portals[0].lanes: two lanes are called messages'],
      ['[1]', 'accounts[0].settings: expected a map of keys'],
      ['{id: a, connector: telegram', 'accounts[0].portal: ', /nobody/],
      ['Tele-Gram', 'accounts[1].connector: is not [a-z][a-z0-9_]{1,31}'],
      ['{id: a, connector: Tele', 'accounts[1].id: another account is called a'],
      ['{connector: telegram}', 'accounts[2].id: is missing'],
      ['{connector: telegram}', 'accounts[2].portal: is missing'],
    ]
    for (const [needle, words, pattern] of expected) {
      const start = `${file}:${place(text, needle)}: ${words}`
      assert.ok(lines.some(line => (pattern ? line.startsWith(start) && pattern.test(line) : line === start)), `${start}\nis not among\n${lines.join('\n')}`)
    }
    for (const line of lines) assert.match(line, new RegExp(`^${file}:\\d+:\\d+: (warning: )?[a-z]`), 'nothing but problems, each with its place')
    const places = lines.map(line => line.slice(file.length + 1).split(':').slice(0, 2).map(Number))
    assert.deepEqual(places, [...places].sort((a, b) => a[0] - b[0] || a[1] - b[1]), 'in the order of the file')
    assert.ok(!lines.some(line => line.includes(key)), 'and no secret among them')
  }
  assert.ok(!existsSync(path.join(world.dir, 'store')), 'nothing was begun')
}))

test('what would only fail at the start is told before it, with all the rest', withWorld('early', async world => {
  const text = `admin_token: 0123456789abcdef
thread: 1
store: {path: ${world.dir}/store, key: {file: ${world.dir}/store.key}}
plugins: {directory: ${plugins}}
network: {allow: [10.0.0.0/8, nonsense]}
listen: {public: {address: "127.0.0.1:0", trusted_proxies: [10.0.0.0/33]}, admin: "127.0.0.1:0"}
portals:
  - {id: acme, url: "http://127.0.0.1:9/", license_key: tlk_short, next_license_key: tlk_shorter, lanes: [{name: all, streams: 37}]}
accounts:
  - {id: one, connector: telegram, portal: acme, settings: {tokn: "1:a", receive: pigeon, poll_timeout: 51s, api_base: ftp://x}}
  - {id: two, connector: telegram, portal: acme, settings: {token: [1], poll_timeout: soon}}
  - {id: three, connector: telegram, portal: acme}
`
  const file = given(world, text)
  const expected = [
    ['thread', 'thread: unknown key'],
    ['nonsense', 'network.allow[1]: "nonsense" is not an address range such as 10.0.0.0/8 or fd00::/8'],
    ['10.0.0.0/33', 'listen.public.trusted_proxies[0]: "10.0.0.0/33" is not an address range such as 10.0.0.0/8 or fd00::/8'],
    ['tlk_short,', 'portals[0].license_key: is not a license key: tlk_ and 43 characters, as trunkctl license new makes it'],
    ['tlk_shorter', 'portals[0].next_license_key: is not a license key: tlk_ and 43 characters, as trunkctl license new makes it'],
    ['37', 'portals[0].lanes[0].streams: a sequential lane has one: it sends nothing before the last is taken'],
    ['tokn', 'accounts[0].settings.tokn: the connector knows no such setting; did you mean "token"?'],
    ['{tokn', 'accounts[0].settings.token: is missing'],
    ['pigeon', 'accounts[0].settings.receive: "pigeon" is none of webhook | poll'],
    ['51s', 'accounts[0].settings.poll_timeout: "51s" is longer than 50s'],
    ['ftp://x', 'accounts[0].settings.api_base: "ftp://x" is not an http or https URL'],
    ['[1]', 'accounts[1].settings.token: expected text'],
    ['soon', 'accounts[1].settings.poll_timeout: "soon" is not a duration such as 250ms, 20s, 5m, 24h, 14d'],
    ['{id: three', 'accounts[2].settings.token: is missing'],
  ]
  for (const args of [['--config', file, '--check'], ['--config', file]]) {
    const { status, lines } = run(args)
    assert.equal(status, 2, lines.join('\n'))
    for (const [needle, words] of expected) assert.ok(lines.some(line => line.startsWith(`${file}:${place(text, needle)}: ${words}`)), `${words}\nis not among\n${lines.join('\n')}`)
    assert.equal(lines.length, expected.length, lines.join('\n'))
  }
  assert.ok(!existsSync(path.join(world.dir, 'store')), 'nothing was begun')
}))

test('a connector that is not there is an error for --check, with the nearest name', withWorld('absent', async world => {
  const head = `admin_token: 0123456789abcdef
store: {path: ${world.dir}/store, key: {file: ${world.dir}/store.key}}
listen: {public: "127.0.0.1:0", admin: "127.0.0.1:0"}
portals: [{id: acme, url: "http://127.0.0.1:9/", license_key: ${key}}]
`
  const text = `${head}plugins: {directory: ${plugins}}
connectors: {wiber: {x: 1}}
accounts:
  - {id: one, connector: telegramm, portal: acme}
  - {id: two, connector: zzzzzzzz, portal: acme}
`
  const file = given(world, text)
  const absent = run(['--config', file, '--check'])
  assert.equal(absent.status, 2)
  assert.deepEqual(absent.lines, [
    `${file}:${place(text, '{x: 1}')}: warning: connectors.wiber: no connector is called "wiber" in ${plugins}`,
    `${file}:${place(text, 'telegramm')}: accounts[0].connector: no connector is called "telegramm" in ${plugins}; did you mean "telegram"?`,
    `${file}:${place(text, 'zzzzzzzz')}: accounts[1].connector: no connector is called "zzzzzzzz" in ${plugins}`,
  ])

  const nowhere = given(world, `${head}plugins: {directory: ${world.dir}/nowhere}\naccounts: [{id: one, connector: telegram, portal: acme}]\n`)
  const unread = run(['--config', nowhere, '--check'])
  assert.equal(unread.status, 0, 'a configuration may be checked where no connectors are')
  assert.match(unread.stderr, /:5:\d+: warning: plugins\.directory: \S+nowhere cannot be read \(No such file or directory\): connectors and settings are not checked/)

  writeFileSync(path.join(world.dir, 'bot.token'), '123456:abcdefghijklmnopqrstuvwxyz0123456789\n')
  const secrets = `${head}plugins: {directory: ${plugins}}
accounts:
  - {id: one, connector: telegram, portal: acme, settings: {token: "123456:abc", secret: 1234567, api_base: "http://127.0.0.1:9"}}
  - {id: two, connector: telegram, portal: acme, settings: {token: {file: ${world.dir}/bot.token}, secret: "\${TRUNKLINE_TEST_SECRET}"}}
`
  chmodSync(given(world, secrets), 0o644)
  const open = run(['--config', file, '--check'], { TRUNKLINE_TEST_SECRET: '0123456789' })
  assert.equal(open.status, 0, open.stderr)
  assert.deepEqual(open.lines.filter(line => line.includes('accounts')).map(line => /accounts\S+ .*others can read/.exec(line)?.[0].split(':')[0]), ['accounts[0].settings.token', 'accounts[0].settings.secret'])
  assert.ok(!open.stderr.includes('123456:abc') && !open.stderr.includes('1234567'))
}))

test('what is no YAML, no file or no map is refused with its place', withWorld('no-yaml', async world => {
  const cases = [['listen: [1', /:\d+:\d+: is not YAML: /], ['a: b: c', /:1:\d+: is not YAML: /], ['\tlisten: x', /:1:\d+: is not YAML: /], ['- a\n- b', /:1:1: expected a map of keys/], ['listen: 5', /:1:\d+: listen: expected a map of keys/], ['listen: {threads: 1}\nlisten: {threads: 2}', /:2:1: listen: is written twice/]]
  for (const [text, pattern] of cases) {
    const { status, stderr } = run(['--config', given(world, text), '--check'])
    assert.equal(status, 2, text)
    assert.match(stderr, pattern)
  }
  for (const file of [path.join(world.dir, 'nowhere.yaml'), world.dir]) {
    const { status, stderr } = run(['--config', file, '--check'])
    assert.equal(status, 2)
    assert.match(stderr, new RegExp(`^${file}:.*cannot be read`))
  }
}))

test('features of other versions are refused, never parsed and ignored', withWorld('versions', async world => {
  const features = {
    'store: {engine: jetstream}': 'store.engine',
    'admin: {tokens: [{name: x, token: 0123456789abcdef, role: producer}]}': 'admin.tokens[0].role',
    [`portals: [{id: a, url: "http://x/", license_key: ${key}, format: protobuf}]`]: 'portals[0].format',
  }
  for (const [text, name] of Object.entries(features)) {
    const { status, lines } = run(['--config', given(world, text), '--check'])
    assert.equal(status, 2, text)
    assert.ok(lines.some(line => line.includes(`: ${name}: `) && line.endsWith('not in this version')), lines.join('\n'))
  }
}))

test('variables come from the environment, and a missing one is an error', withWorld('variables', async world => {
  const text = `admin_token: \${TRUNKLINE_TEST_TOKEN}
store: {path: "\${TRUNKLINE_TEST_HOME}/store"}
plugins: {directory: ${plugins}}
portals: [{id: acme, url: http://127.0.0.1:9000/, license_key: \${TRUNKLINE_TEST_LICENSE}}]
accounts: [{id: a, connector: telegram, portal: acme, settings: {token: \${TRUNKLINE_TEST_BOT}}}]
`
  const file = given(world, text)
  const missing = run(['--config', file, '--check'])
  assert.equal(missing.status, 2)
  for (const [name, start] of [['TOKEN', 'admin_token'], ['HOME', 'store.path'], ['LICENSE', 'portals[0].license_key'], ['BOT', 'accounts[0].settings.token']]) {
    assert.ok(missing.lines.some(line => line.includes(`: ${start}: environment variable TRUNKLINE_TEST_${name} is not set`)), missing.stderr)
  }
  const all = { TRUNKLINE_TEST_TOKEN: '0123456789abcdef', TRUNKLINE_TEST_HOME: world.dir, TRUNKLINE_TEST_LICENSE: key, TRUNKLINE_TEST_BOT: world.token }
  const good = run(['--config', file, '--check'], all)
  assert.equal(good.status, 0, good.stderr)
  assert.equal(good.stdout, `${file}: ok\n`)
  assert.equal(good.stderr, '', 'secrets from the environment are no reason for a warning')

  const literal = text.replace('${TRUNKLINE_TEST_LICENSE}', key)
  given(world, literal)
  chmodSync(file, 0o644)
  const open = run(['--config', file, '--check'], all)
  assert.equal(open.status, 0)
  assert.match(open.stderr, /:4:\d+: warning: portals\[0\]\.license_key: a literal secret in a file that others can read/)
  assert.ok(!open.stderr.includes(key))
}))

test('a store key that cannot be right is named, and so is one that is open to others', withWorld('store-key', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    const keyFile = path.join(world.dir, 'store.key')
    const refused = pattern => {
      const { status, stderr } = run(['--config', file])
      assert.equal(status, 1, stderr)
      assert.match(stderr, pattern)
      assert.match(stderr, new RegExp(keyFile))
    }
    writeFileSync(keyFile, `${Buffer.alloc(31, 1).toString('base64url')}\n`, { mode: 0o600 })
    refused(/is not 32 bytes in base64url/)
    writeFileSync(keyFile, `${Buffer.alloc(33, 1).toString('base64url')}\n`)
    refused(/is not 32 bytes in base64url/)
    writeFileSync(keyFile, '')
    refused(/is not 32 bytes in base64url/)
    const right = `${Buffer.alloc(32, 1).toString('base64url')}\n`
    for (const mode of [0o640, 0o604, 0o644]) {
      writeFileSync(keyFile, right)
      chmodSync(keyFile, mode)
      refused(/is open to others; chmod 600 it/)
    }
    chmodSync(keyFile, 0o600)
    await (await world.host({ file })).stop()
    assert.equal(readFileSync(keyFile, 'utf8'), right, 'it is left as it was')
    writeFileSync(keyFile, `${Buffer.alloc(32, 2).toString('base64url')}\n`)
    const wrong = run(['--config', file])
    assert.equal(wrong.status, 1)
    assert.match(wrong.stderr, /store/)
    assert.match(wrong.stderr, /key/)
    writeFileSync(keyFile, right)
    await world.host({ file })
  } finally {
    await portal.close()
  }
}))

test('a first start makes its key and folders, for its owner only', withWorld('first', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const host = await world.host({ portalUrl: portal.url })
    assert.equal(statSync(path.join(world.dir, 'store.key')).mode & 0o777, 0o600)
    const how = await host.stop()
    assert.deepEqual(how, { code: 0, signal: null }, host.text())
  } finally {
    await portal.close()
  }
}))

test('a second host on the same store or address says so and changes nothing', withWorld('second', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  const squatter = net.createServer()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    await world.host({ file })
    const same = run(['--config', file])
    assert.equal(same.status, 1)
    assert.match(same.stderr, new RegExp(`${world.dir}/store`), same.stderr)
    assert.match(same.stderr, /another|in use|lock/i)

    squatter.listen(0, '127.0.0.1')
    await until('the squatter', () => squatter.listening)
    const busy = `127.0.0.1:${squatter.address().port}`
    const other = path.join(world.dir, 'other')
    mkdirSync(other)
    for (const side of ['public', 'admin']) {
      const text = readFileSync(file, 'utf8')
        .replaceAll(`${world.dir}/`, `${other}/`)
        .replace(/public: "[^"]+", admin: "[^"]+"/, side === 'public' ? `public: "${busy}", admin: "127.0.0.1:0"` : `public: "127.0.0.1:0", admin: "${busy}"`)
      const taken = run(['--config', given(world, text)])
      assert.equal(taken.status, 1)
      assert.match(taken.stderr, new RegExp(`listen\\.${side}: .*${busy}.*in use`))
    }
    assert.equal((await request(`${world.hostUrl}/readyz`)).status, 200, 'the first one goes on')
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.webhookSet()
    await world.control('say', { user, text: 'still there?' })
    await until('the message', () => portal.of('message').length === 1)
  } finally {
    squatter.close()
    await portal.close()
  }
}))

test('the admin side shows what the configuration owns page by page, and changes none of it', withWorld('owned', async world => {
  await world.sim()
  const file = await world.hostConfig({ portalUrl: 'http://127.0.0.1:9/' })
  const text = `${readFileSync(file, 'utf8')}${['b', 'c', 'd'].map(id => `  - {id: ${id}, connector: nowhere, portal: acme}\n`).join('')}`
    .replace('accounts:', `${['two', 'three'].map(id => `  - {id: ${id}, url: "http://127.0.0.1:9/", license_key: ${key}}\n`).join('')}accounts:`)
  writeFileSync(file, text)
  await world.host({ file })
  for (const [list, ids] of [['accounts', ['acme-telegram', 'b', 'c', 'd']], ['portals', ['acme', 'three', 'two']]]) {
    const seen = []
    let after = ''
    for (let page = 0; page < 10; ++page) {
      const { json } = await world.admin(`/v1/${list}?limit=2&after=${encodeURIComponent(after)}`)
      assert.ok(json.items.length <= 2)
      seen.push(...json.items.map(row => row.id))
      if (json.next === undefined) break
      after = json.next
    }
    assert.deepEqual(seen, ids)
  }
  const { json: connectors } = await world.admin('/v1/plugins?limit=1')
  assert.equal(connectors.items.length, 1)
  const rest = (await world.admin(`/v1/plugins?after=${encodeURIComponent(connectors.items[0].file)}`)).json.items
  assert.ok(rest.every(row => row.file > connectors.items[0].file))
  assert.equal(connectors.next !== undefined, rest.length > 0)

  const call = (method, what, json) => request(`${world.adminUrl}/v1/${what}`, { method, headers: { Authorization: `Bearer ${world.adminToken}` }, ...(json ? { json } : {}) })
  const line = needle => text.slice(0, text.indexOf(needle)).split('\n').length
  for (const [method, what, json, at] of [
    ['PUT', 'portals/two', { url: 'http://127.0.0.1:8/' }, line('{id: two')],
    ['DELETE', 'portals/acme', undefined, line('id: acme')],
    ['POST', 'portals', { id: 'three' }, line('{id: three')],
    ['PATCH', 'accounts/b', {}, line('{id: b')],
    ['DELETE', 'accounts/c', undefined, line('{id: c')],
    ['POST', 'accounts', { id: 'd' }, line('{id: d')],
    ['POST', 'accounts/b/connect', {}, line('{id: b')],
    ['POST', 'accounts/b/disconnect', {}, line('{id: b')],
  ]) {
    const answer = await call(method, what, json)
    assert.equal(answer.status, 409, `${method} ${what}: ${answer.text}`)
    assert.match(answer.headers.get('content-type'), /application\/problem\+json/)
    assert.equal(answer.json.code, 'owned_by_configuration')
    assert.equal(answer.json.place.file, file)
    assert.equal(answer.json.place.line, at)
    assert.ok(answer.json.detail.includes(`${file}:${at}`))
  }
  for (const [method, what] of [['POST', 'erase']]) {
    const answer = await call(method, what, { id: 'new' })
    assert.equal(answer.status, 501, `${method} ${what}: ${answer.text}`)
    assert.match(answer.json.detail, /not in this version/)
  }
  for (const [method, what, allow] of [['DELETE', 'status', 'GET'], ['PUT', 'accounts', 'GET, POST'], ['GET', 'portals/acme', 'PUT, PATCH, DELETE'], ['PUT', 'accounts/new', 'PATCH, DELETE'], ['GET', 'lanes/pause', 'POST'], ['PUT', 'portals/acme/license/rotate', 'POST']]) {
    const answer = await call(method, what)
    assert.equal(answer.status, 405, `${method} ${what}: ${answer.text}`)
    assert.equal(answer.headers.get('allow'), allow)
  }
  for (const [method, what] of [['GET', 'nothing'], ['POST', 'nothing'], ['DELETE', 'portals/unknown'], ['POST', 'accounts/unknown/resume'], ['GET', 'accounts/b/c']]) assert.equal((await call(method, what)).status, 404, `${method} ${what}`)
  assert.deepEqual((await world.admin('/v1/audit')).json.items, [], 'nothing was changed')

  const metrics = (await world.admin('/metrics')).text
  for (const name of ['calls', 'failures', 'bad_input', 'forged', 'refeeds', 'busy_seconds']) assert.match(metrics, new RegExp(`^trunkline_connector_${name}_total\\{connector="telegram"\\} \\d`, 'm'))
  assert.match(metrics, /^trunkline_connector_drifting_accounts\{connector="telegram"\} 0$/m)
}))

test('a running host that is told to read a wrong file says what is wrong and goes on as it was', withWorld('hangup', async world => {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    const host = await world.host({ file })
    await world.webhookSet()
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('retry: {first: 50ms', 'retry: {frist: 50ms'))
    host.process.kill('SIGHUP')
    await until('the refusal', () => /config\.refused file=\S+ effect=the_present_one_stays/.test(host.text()))
    assert.match(host.text(), /:\d+:\d+: portals\[0\]\.lanes\[0\]\.retry\.frist: unknown key; did you mean "first"\?/)
    writeFileSync(file, text.replace('retry: {first: 50ms', 'retry: {first: 60ms').replace('line: support', 'line: sales').replace('public_url: http', 'keep: {media: 1h}\npublic_url: http'))
    host.process.kill('SIGHUP')
    await until('the reading', () => /config\.read file=\S+ changed=3 effect=at_the_next_start/.test(host.text()))
    await until('each changed key', () => host.text().match(/config\.changed key=\S+/g)?.length === 3)
    assert.deepEqual(host.text().match(/config\.changed key=\S+/g), ['keep.media', 'accounts[0].line', 'portals[0].lanes[0].retry.first'].sort().map(name => `config.changed key=${name}`))
    writeFileSync(file, text)
    host.process.kill('SIGHUP')
    await until('the reading', () => /config\.read file=\S+ changed=0 /.test(host.text()))
    const user = (await world.control('users', { name: 'Ann' })).json.id
    await world.control('say', { user, text: 'still there?' })
    await until('the message', () => portal.of('message').length === 1)
    assert.deepEqual(await host.stop(), { code: 0, signal: null })
  } finally {
    await portal.close()
  }
}))
