// Connectors come and go while customers write.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, openSync, readFileSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { program, until, withWorld } from './harness.mjs'
import { Customers, deploy, judge, nextGeneration, parcel, plugin, remove, start, unmapped } from './reload_world.mjs'

const rounds = Number(process.env.TRUNKLINE_RELOADS ?? 12)

test('a connector replaced again and again under load loses, repeats and reorders nothing', withWorld('reload', async world => {
  const { portal, host, end } = await start(world)
  try {
    const customers = new Customers(world)
    let generation = (await plugin(world)).generation
    const pauses = []
    for (let round = 0; round < rounds; ++round) {
      deploy(world, parcel(round % 2 ? 'first' : 'second'))
      const row = await nextGeneration(world, generation)
      assert.equal(row.last_attempt.result, 'served')
      assert.equal(row.last_attempt.accounts, 2)
      pauses.push(row.last_attempt.pause_us.max)
      await unmapped(host, generation)
      generation = row.generation
      assert.equal(row.zombies, 0)
    }
    await customers.stop()
    assert.deepEqual(customers.refusals, [], 'nobody was turned away')
    assert.ok(customers.acknowledged.length > rounds * 10, 'there was load')
    await judge(portal, customers)
    const metrics = (await world.admin('/metrics')).text
    assert.match(metrics, new RegExp(`trunkline_plugin_attempts_total\\{connector="parcel",result="served"\\} ${rounds}`))
    assert.match(metrics, /trunkline_plugin_zombies\{connector="parcel"\} 0/)
    console.log(`${rounds} reloads, ${customers.acknowledged.length} messages, longest pause ${Math.max(...pauses)} us, slowest webhook ${customers.slowest.toFixed(1)} ms`)
  } finally {
    await end()
  }
}))

/** Every file and the words that must say what is wrong with it. */
function badFiles() {
  const whole = readFileSync(parcel('second'))
  const arm = Buffer.from(whole)
  arm.writeUInt16LE(183, 18)
  return {
    truncated: [whole.subarray(0, whole.length / 2), /truncated/],
    text: [Buffer.from('this is no library\n'), /not a shared library/],
    architecture: [arm, /wrong machine: made for ELF machine 183/],
    wrong_major: [parcel('wrong_major'), /needs ABI 7\.\d+, this host has/],
    newer_minor: [parcel('newer_minor'), /needs ABI \d+\.99, this host has/],
    missing_symbol: [parcel('missing_symbol'), /in its trial: cannot be loaded: undefined symbol: nobody_defines_this/],
    aborts: [parcel('aborts'), /in its trial: killed by SIGABRT in its constructors/],
    hangs: [parcel('hangs'), /in its trial: stuck in its self-check/],
    // A build with sanitizers filters nothing, so it has none.
    ...(existsSync(parcel('hostile')) && { hostile: [parcel('hostile'), /in its trial: killed by SIGABRT in its constructors/] }),
    // Whether an exception gets as far as the border's other side is its compiler's affair.
    throws: [parcel('throws'), /in its trial: (killed by SIGABRT in case account first|it threw: no entry today)/],
    refuses_one: [parcel('refuses_one'), /in its trial: create for account second answers -3: this one is refused/],
    understands_less: [parcel('understands_less'), /recent \d+ of (first|second), input 1: was understood, and is not any more/],
    protobuf: [parcel('protobuf'), /in its trial: (killed by SIGABRT in its second load|it threw: CHECK failed)/],
  }
}

test('what must not serve is refused with one line, and nobody notices', withWorld('reload-bad', async world => {
  const { portal, host, end } = await start(world)
  try {
    const customers = new Customers(world, { connections: 4, text: (_, id) => (id % 3 ? 'hello' : 'a gift') })
    await until('messages to come', () => customers.acknowledged.length > 50)
    for (const [name, [file, reason]] of Object.entries(badFiles())) {
      const before = (await plugin(world)).last_attempt?.time
      const seen = host.text().length
      deploy(world, file)
      const row = await until(`${name} to be refused`, async () => {
        const row = await plugin(world)
        // A file that is slow to try may be tried a second time, for what was there before.
        const told = row.last_attempt && row.last_attempt.time !== before && row.last_attempt.result === 'refused'
        // The row and its last attempt are read one after the other.
        return told && reason.test(row.last_attempt.reason) && reason.test(row.reason) && row
      })
      assert.match(row.reason, reason, name)
      assert.equal(row.state, 'serving', name)
      assert.equal(row.generation, 1, `${name} leaves the generation alone`)
      const lines = host.text().slice(seen).split('\n').filter(line => / error /.test(line))
      assert.equal(lines.length, 1, `one line about ${name}:\n${lines.join('\n')}`)
      assert.match(lines[0], reason)
      assert.match(await world.trunkctl('plugins'), reason)
    }
    deploy(world, parcel('second'))
    const row = await nextGeneration(world, 1)
    assert.equal(row.version, '1.1.0')
    assert.equal(row.reason, '', 'what was refused is over')
    await customers.stop()
    assert.deepEqual(customers.refusals, [])
    await judge(portal, customers)
  } finally {
    await end()
  }
}))

test('a connector that is copied piece by piece is taken when it is whole', withWorld('reload-sloppy', async world => {
  const { end } = await start(world)
  try {
    const bytes = readFileSync(parcel('second'))
    const file = openSync(path.join(world.plugins, 'parcel.so'), 'w')
    for (let at = 0; at < bytes.length; at += 8192) {
      writeSync(file, bytes.subarray(at, at + 8192))
      await new Promise(done => setTimeout(done, 40))
    }
    closeSync(file)
    const row = await nextGeneration(world, 1)
    assert.equal(row.version, '1.1.0')
    assert.equal(row.last_attempt.result, 'served')
    assert.ok(!(await world.admin('/metrics')).text.includes('result="refused"'), 'no piece was taken for the whole')
  } finally {
    await end()
  }
}))

for (const restarted of [false, true]) test(`a removed connector is received for, and what came meanwhile is read when it is back${restarted ? ', in another run of the host too' : ''}`, withWorld(`reload-gone-${restarted}`, async world => {
  const started = await start(world)
  const { portal, messenger, file, end } = started
  let { host } = started
  try {
    const customers = new Customers(world, { connections: 2 })
    await until('messages to come', () => customers.acknowledged.length > 20)
    remove(world)
    await until('the connector to be gone', async () => (await plugin(world)).state === 'absent')
    const before = customers.acknowledged.length
    await until('messages to be taken meanwhile', () => customers.acknowledged.length > before + 20)
    await customers.stop()
    assert.deepEqual(customers.refusals, [], 'the host vouches for them alone, without one 503')
    await until('a notice for each account', () => portal.of('notice').filter(event => event.account?.state === 'disconnected').length >= 2)
    const forged = await fetch(`${world.hostUrl}/hooks/first`, { method: 'POST', headers: { 'X-Webhook-Secret': 'guessed' }, body: '{}' })
    assert.equal(forged.status, 403)
    const sent = await portal.send(world.hostUrl, [{ id: 'c-1', type: 'send', account: 'first', conversation: 'first-0', message: { text: 'are you there?' } }])
    assert.equal(sent.json.results[0].status, 'accepted')
    const placeholders = await until('the placeholders', () => {
      const found = portal.of('unsupported')
      return found.length > 0 && portal.of('message').length + found.length === customers.acknowledged.length && found
    })
    assert.equal(messenger.sent.length, 0, 'nobody can send for it')

    if (restarted) await host.stop()
    deploy(world, parcel('second'))
    if (restarted) host = await world.host({ file })
    await until('the connector to be back', async () => (await plugin(world)).state === 'serving')
    await until('every placeholder to be replaced', () => portal.of('edited').length === placeholders.length)
    for (const account of ['first', 'second']) {
      const of = events => events.filter(event => event.account === account)
      assert.deepEqual(of(portal.of('edited')).map(event => event.replaces), of(placeholders).map(event => event.id), 'in the order of their placeholders')
    }
    await until('the answer to go out', () => messenger.sent.length === 1)
    assert.equal(messenger.sent[0].text, 'are you there?')
    await until('the accounts to be ready', async () => (await world.admin('/v1/accounts')).json.items.every(row => row.state === 'connected'))
    assert.equal((await world.admin('/v1/quarantine')).json.items.length, 0)
    assert.deepEqual(await host.stop(), { code: 0, signal: null })
  } finally {
    await end()
  }
}))

test('a generation that fails more is taken back by the host alone', withWorld('reload-soak', async world => {
  const { portal, end } = await start(world)
  try {
    const quiet = new Customers(world, { connections: 2 })
    await until('messages to come', () => quiet.acknowledged.length > 100)
    await quiet.stop()
    deploy(world, parcel('understands_less')) // nobody has sent a gift yet, so nothing stops it
    const row = await nextGeneration(world, 1)
    assert.equal(row.version, '1.2.0')
    assert.equal(row.soaking, true)
    const gifts = new Customers(world, { connections: 1, account: () => 'first', prefix: 'gifts-', text: () => 'a gift' })
    const back = await until('the host to go back', async () => {
      const row = await plugin(world)
      return row.version === '1.0.0' && row.last_attempt.result === 'taken_back' && row
    })
    await gifts.stop()
    assert.match(back.reason, /taken back: it failed in \d+ of \d+ calls, the former one in 0 of \d+ calls/)
    await until('the gifts to be understood', () => portal.of('edited').length === portal.of('unsupported').length && portal.of('edited').length > 0)
  } finally {
    await end()
  }
}))

test('operators compare, force, go back, disable and go on', withWorld('reload-asked', async world => {
  const { host, file, end } = await start(world)
  try {
    const customers = new Customers(world, { connections: 2, text: () => 'a gift' })
    await until('messages to come', () => customers.acknowledged.length > 50)
    await customers.stop()
    copyFileSync(parcel('understands_less'), path.join(world.plugins, 'parcel.so'))
    await until('it to be refused', async () => (await plugin(world)).last_attempt?.result === 'refused')
    const diff = JSON.parse(await world.trunkctl('--json', 'plugins', 'diff', 'parcel'))
    assert.ok(diff.differences.length > 0)
    assert.equal(diff.differences[0].stops, true)
    assert.ok(!JSON.stringify(diff).includes('parcel-secret'), 'no secret is shown')
    // The same tasks, taken home by the connector's author.
    const day = path.join(world.dir, 'day.jsonl')
    writeFileSync(day, await world.trunkctl('plugins', 'recent', 'parcel'))
    assert.match(readFileSync(day, 'utf8'), /a gift/)
    assert.ok(!readFileSync(day, 'utf8').includes('parcel-secret'), 'no secret is written')
    const conform = (library, checks) => spawnSync(program('trunkline-conform'), [library, '--replay', day, '--checks', checks], { encoding: 'utf8' })
    const kept = conform(parcel('first'), 'contract.cases,determinism,state.refeed')
    assert.equal(kept.status, 0, kept.stdout + kept.stderr)
    await assert.rejects(world.trunkctl('plugins', 'recent', 'nobody'), /no connector called nobody/)
    await assert.rejects(world.trunkctl('plugins', 'reload', 'parcel'), /was understood, and is not any more/)
    await world.trunkctl('plugins', 'reload', 'parcel', '--force')
    assert.equal((await plugin(world)).version, '1.2.0')
    await world.trunkctl('plugins', 'rollback', 'parcel')
    assert.equal((await plugin(world)).version, '1.0.0')
    await assert.rejects(world.trunkctl('plugins', 'rollback', 'parcel'), /nothing to go back to/)
    copyFileSync(parcel('understands_less'), path.join(world.plugins, 'parcel.so'))
    await until('what was taken back to be refused', async () => /was taken back before/.test((await plugin(world)).last_attempt.reason))
    await host.stop()

    const again = await world.host({ file })
    assert.equal((await plugin(world)).version, '1.0.0', 'what was taken back stays back over a restart')
    await world.trunkctl('plugins', 'disable', 'parcel')
    assert.equal((await plugin(world)).state, 'disabled')
    await again.stop()
    await world.host({ file })
    assert.equal((await plugin(world)).state, 'disabled', 'until somebody says otherwise')
    deploy(world, parcel('second'))
    await until('the new file to be seen', () => world.children.at(-1).text().includes('plugins.ignored'))
    await world.trunkctl('plugins', 'reload', 'parcel')
    assert.equal((await plugin(world)).version, '1.1.0')
    await until('its accounts to work', async () => (await world.admin('/v1/accounts')).json.items.every(row => row.state === 'connected'))
    assert.equal((await world.admin('/v1/plugins/nowhere/reload', {})).status, 404)
  } finally {
    await end()
  }
}))

test('an older version needs a word, over restarts too', withWorld('reload-pin', async world => {
  const key = path.join(world.dir, 'key.pem')
  spawnSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key])
  chmodSync(key, 0o600)
  const der = spawnSync('openssl', ['pkey', '-in', key, '-pubout', '-outform', 'DER']).stdout
  const library = () => path.join(world.plugins, 'parcel.so')
  const put = async name => {
    copyFileSync(parcel(name), library())
    await world.trunkctl('plugins', 'sign', library(), '--key', key)
  }
  const { host, file, end } = await start(world, { first: 'second', extra: `, require_signature: true, trusted_keys: ["${der.subarray(-32).toString('base64')}"]`, before: () => put('second') })
  try {
    assert.equal((await plugin(world)).version, '1.1.0')
    await host.stop()
    await put('first')
    const again = await world.host({ file })
    assert.equal((await plugin(world)).state, 'rejected')
    assert.match((await plugin(world)).reason, /version 1\.0\.0 is older than 1\.1\.0, which has served: .*--allow-older/)
    await assert.rejects(world.trunkctl('plugins', 'reload', 'parcel'), /is older than 1\.1\.0/)
    await world.trunkctl('plugins', 'reload', 'parcel', '--allow-older')
    assert.equal((await plugin(world)).version, '1.0.0')
    await again.stop()
    await world.host({ file })
    assert.equal((await plugin(world)).version, '1.0.0', 'what was let in once stays in')
  } finally {
    await end()
  }
}))
