// Accounts that are connected while the host runs: by the admin API, on the command line and on the page, again after a revoked
// token, over a killed host; and taken away so that nothing is left at the messenger.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import test from 'node:test'
import { ForeignPortal } from './foreign_portal.mjs'
import { build, program, request, until, withWorld } from './harness.mjs'
import { say } from './roundtrip_world.mjs'

/** A host without any account, and a simulated Telegram. */
async function nobodyYet(world, run) {
  const portal = await new ForeignPortal(await world.license()).listen()
  try {
    await world.sim()
    const file = await world.hostConfig({ portalUrl: portal.url })
    const text = readFileSync(file, 'utf8')
    const tokens = `admin: {tokens: [{name: all, token: ${world.adminToken}, role: admin}, {name: looker, token: only-looking-at-things, role: read}]}`
    writeFileSync(file, text.slice(0, text.indexOf('accounts:')).replace(/^admin_token: .*$/m, tokens), { mode: 0o600 })
    const host = await world.host({ file })
    await run(portal, host, file)
  } finally {
    await portal.close()
  }
}

const flowOf = (world, id, what = '', body) => world.admin(`/v1/accounts/${id}/connect${what}`, body)
const begin = (world, id, more = {}) => flowOf(world, id, '', { connector: 'telegram', portal: 'acme', line: 'support', settings: { api_base: world.simUrl }, ...more })
const listed = async (world, id) => (await world.admin('/v1/accounts')).json.items.find(row => row.id === id)
const webhook = async world => (await request(`${world.simUrl}/bot${world.token}/getWebhookInfo`)).json.result
const answerWith = (stage, values, transaction = 't-1') => ({ step: stage.step, transaction, values })

async function connected(world, id = 'shop') {
  const asked = await begin(world, id)
  assert.equal(asked.status, 200, asked.text)
  const done = await flowOf(world, id, '/answer', answerWith(asked.json, { token: world.token }))
  assert.equal(done.json?.state, 'done', done.text)
  return done.json
}

async function roundtrip(world, portal, account, user, text) {
  await say(world, { user, text })
  const message = await until(`"${text}"`, () => portal.of('message').find(e => e.message.text === text))
  assert.equal(message.account, account)
  const answered = await portal.send(world.hostUrl, [{ id: `c-${text}`, type: 'send', account, conversation: String(user), message: { text: `re: ${text}` } }])
  assert.equal(answered.json.results[0].status, 'accepted', answered.text)
  await until('the answer', async () => (await world.chat(user)).some(m => m.text === `re: ${text}`))
  return message
}

test('an account is connected by forms, works at once, over restarts, and after its token was replaced', withWorld('connect', world => nobodyYet(world, async (portal, host, file) => {
  const asked = await begin(world, 'shop')
  assert.equal(asked.status, 200, asked.text)
  assert.equal(asked.json.state, 'waiting')
  assert.deepEqual(asked.json.form.fields.map(field => [field.key, field.type]), [['token', 'secret']])
  assert.match(asked.json.page, /\/connect\/[\w-]{43}$/)
  assert.equal((await begin(world, 'shop')).status, 409, 'it is being connected')

  // What cannot be right is told where it is wrong, and the same form stays.
  for (const [values, words] of [[{}, /token is needed/], [{ token: 5 }, /token is not a text/], [{ token: 'x', more: 'y' }, /more is not asked for/]]) {
    const refused = await flowOf(world, 'shop', '/answer', answerWith(asked.json, values))
    assert.ok(refused.status >= 400 && refused.status < 500, refused.text)
    assert.match(refused.text, words)
  }
  assert.equal((await flowOf(world, 'shop', '/answer', { step: '99', values: { token: 'x' } })).status, 409)
  const again = await flowOf(world, 'shop', '/answer', answerWith(asked.json, { token: 'no token at all' }, 't-0'))
  assert.equal(again.json.state, 'waiting')
  assert.match(again.json.form.error, /not a bot token/)
  assert.notEqual(again.json.step, asked.json.step)

  // Who may only look sees where it stands, but not what would let him go on.
  const looks = await request(`${world.adminUrl}/v1/accounts/shop/connect`, { headers: { Authorization: 'Bearer only-looking-at-things' } })
  assert.equal(looks.json?.state, 'waiting', looks.text)
  assert.deepEqual([looks.json.page, looks.json.form], [undefined, {}])

  // The host dies in between: the person goes on where he was.
  await host.kill()
  host = await world.host({ file })
  const still = await until('the form to be back', async () => {
    const stage = (await flowOf(world, 'shop')).json
    return stage?.state === 'waiting' && stage
  })
  assert.deepEqual([still.step, still.form, still.page], [again.json.step, again.json.form, again.json.page])
  const answer = answerWith(still, { token: world.token }, 't-2')
  const done = await flowOf(world, 'shop', '/answer', answer)
  assert.equal(done.json?.state, 'done', done.text)
  assert.ok(done.json.url.startsWith('https://t.me/'), done.text)
  assert.equal((await flowOf(world, 'shop', '/answer', answer)).status, 200, 'the same once more changes nothing')

  assert.equal((await webhook(world)).url, `${world.hostUrl}/hooks/shop`)
  const row = await listed(world, 'shop')
  assert.deepEqual([row.owner, row.url], ['store', done.json.url])
  const user = (await world.control('users', { name: 'Ann' })).json.id
  const first = await roundtrip(world, portal, 'shop', user, 'one')

  await host.kill()
  host = await world.host({ file })
  await until('the account to be well', async () => (await listed(world, 'shop'))?.state === 'connected')
  await roundtrip(world, portal, 'shop', user, 'two')

  // A token that Telegram no longer knows: what is written waits, and goes out once it is connected again.
  await world.control('faults', { method: 'sendMessage', action: 'error', code: 401, description: 'Unauthorized' })
  await portal.send(world.hostUrl, [{ id: 'c-late', type: 'send', account: 'shop', conversation: String(user), message: { text: 'waited' } }])
  const bad = await until('the bad news', () => portal.of('notice').find(e => e.account?.state === 'bad_credentials'))
  assert.deepEqual([bad.account.account, bad.account.action], ['shop', 'reconnect'])
  const anew = await flowOf(world, 'shop', '', {})
  assert.equal(anew.json?.state, 'waiting', anew.text)
  const renewed = await flowOf(world, 'shop', '/answer', answerWith(anew.json, { token: world.token }))
  assert.equal(renewed.json.state, 'done', renewed.text)
  await until('what waited', async () => (await world.chat(user)).some(m => m.text === 'waited'))
  const third = await roundtrip(world, portal, 'shop', user, 'three')
  assert.equal(third.conversation.id, first.conversation.id, 'the conversation is the one it was')
  assert.ok(third.conversation_sequence > first.conversation_sequence)

  for (const file of [host.log]) assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(world.token.split(':')[1]), 'no token in a log')
  assert.doesNotMatch((await world.admin('/v1/audit')).text, new RegExp(world.token.split(':')[1]), 'nor in the audit')
  assert.doesNotMatch((await world.admin('/v1/accounts')).text, new RegExp(world.token.split(':')[1]), 'nor in a list')
})))

test('an account that is disconnected leaves nothing at the messenger and comes back with its conversations', withWorld('disconnect', world => nobodyYet(world, async (portal, host, file) => {
  await connected(world)
  const user = (await world.control('users', { name: 'Ann' })).json.id
  const before = await roundtrip(world, portal, 'shop', user, 'before')
  assert.match(await world.trunkctl('accounts', 'disconnect', 'shop'), /done/)
  assert.equal((await webhook(world)).url, '')
  assert.equal((await listed(world, 'shop')).state, 'disconnected')
  await until('the portal to know', () => portal.of('notice').some(e => e.account?.state === 'disconnected'))
  const late = await request(`${world.hostUrl}/hooks/shop`, { json: { update_id: 1 } })
  assert.equal(late.status, 200, 'what still comes is not wanted, and not tried again either')
  await host.kill()
  host = await world.host({ file })
  assert.equal((await listed(world, 'shop')).state, 'disconnected')
  await connected(world)
  const after = await roundtrip(world, portal, 'shop', user, 'after')
  assert.equal(after.conversation.id, before.conversation.id)
  assert.ok(after.conversation_sequence > before.conversation_sequence)

  // A second account with the same bot is refused, and the webhook of the first is repaired at once.
  const second = await begin(world, 'other')
  let stage = await flowOf(world, 'other', '/answer', answerWith(second.json, { token: world.token }))
  if (stage.json?.form) stage = await flowOf(world, 'other', '/answer', answerWith(stage.json, { take_over: true }, 't-2'))
  assert.equal(stage.json?.state, 'failed', stage.text)
  assert.match(stage.json.text, /connected already, as shop/)
  await until('the draft to be gone', async () => await listed(world, 'other') === undefined)
  await until('the webhook to be the first one\'s again', async () => (await webhook(world)).url === `${world.hostUrl}/hooks/shop`)

  const open = await flowOf(world, 'shop', '', {})
  assert.equal(open.status, 200)
  assert.equal((await world.admin('/v1/accounts/shop/disconnect', {})).status, 409, 'it is being connected')
  await flowOf(world, 'shop', '/cancel', {})
  assert.match(await world.trunkctl('accounts', 'remove', 'shop'), /done/)
  assert.equal(await listed(world, 'shop'), undefined)
  assert.equal((await request(`${world.hostUrl}/hooks/shop`, { json: {} })).status, 404)
})))

test('a flow that is cancelled leaves nothing behind', withWorld('cancel', world => nobodyYet(world, async () => {
  const asked = await begin(world, 'shop')
  const stage = await flowOf(world, 'shop', '/cancel', {})
  assert.equal(stage.json.state, 'cancelled')
  assert.equal(await listed(world, 'shop'), undefined)
  assert.equal((await webhook(world)).url, '')
  assert.equal((await flowOf(world, 'shop', '/answer', answerWith(asked.json, { token: world.token }))).status, 409)
  await connected(world)
})))

test('a sign-in comes back only to the browser that began it, then a page is picked', withWorld('sign-in', async world => {
  const asked = []
  const platform = http.createServer(async (incoming, outgoing) => {
    const pieces = []
    for await (const piece of incoming) pieces.push(piece)
    asked.push({ path: incoming.url, body: Buffer.concat(pieces).toString() })
    const answers = { '/token': { token: 'granted', pages: [{ id: 'p1', name: 'One' }, { id: 'p2', name: 'Two' }] }, '/subscribe/p2': {} }
    const answer = answers[incoming.url]
    outgoing.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  })
  platform.listen(0, '127.0.0.1')
  await once(platform, 'listening')
  try {
    const base = `http://127.0.0.1:${platform.address().port}`
    world.plugins = path.join(world.dir, 'plugins')
    mkdirSync(world.plugins)
    copyFileSync(path.join(build, 'tests/plugins/torture.so'), path.join(world.plugins, 'torture.so'))
    const file = await world.hostConfig({ portalUrl: 'http://127.0.0.1:1/none' })
    writeFileSync(file, readFileSync(file, 'utf8').replace(/accounts:[\s\S]*$/, ''), { mode: 0o600 })
    await world.host({ file })
    const began = await flowOf(world, 'fan', '', { connector: 'torture', portal: 'acme', settings: { base_url: base } })
    assert.equal(began.json?.form?.kind, 'redirect', began.text)
    const state = new URL(began.json.form.url).searchParams.get('state')
    assert.equal((await flowOf(world, 'fan', '/answer', answerWith(began.json, {}))).status, 409, 'the sign-in page answers this one')

    const back = `${world.hostUrl}/connect/return?state=${encodeURIComponent(state)}&code=c%2B1`
    const stranger = await request(back)
    assert.equal(stranger.status, 403, 'who only saw the state is not led to the page')
    assert.doesNotMatch(stranger.text, new RegExp(began.json.page.slice(-43)))
    const page = await request(began.json.page)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-security-policy'), /default-src 'none'/)
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
    const cookie = page.headers.get('set-cookie')
    assert.match(cookie, /HttpOnly; SameSite=Lax/)
    const home = await request(back, { headers: { Cookie: `other=1; ${cookie.split(';')[0]}` } })
    assert.deepEqual([home.status, home.headers.get('location')], [303, began.json.page])
    const pick = await until('the pages to pick from', async () => {
      const stage = (await request(`${began.json.page}/stage`)).json
      return stage.state === 'waiting' && stage.form.fields && stage
    })
    assert.deepEqual(pick.form.fields[0].options.map(option => option.value), ['p1', 'p2'])
    const answer = (values, transaction) => request(`${began.json.page}/answer`, { json: { step: pick.step, transaction, values } })
    assert.equal((await answer({ page: 'p9' }, 'a')).status, 422)
    const done = await answer({ page: 'p2' }, 'b')
    assert.deepEqual([done.json?.state, done.json?.title], ['done', 'Page p2'], done.text)
    assert.equal((await listed(world, 'fan'))?.connector, 'torture')
    assert.deepEqual(asked.filter(call => ['/token', '/subscribe/p2'].includes(call.path)).map(call => call.path), ['/token', '/subscribe/p2'])
    assert.equal(new URLSearchParams(asked.find(call => call.path === '/token').body).get('code'), 'c+1')
    assert.equal((await request(back, { headers: { Cookie: cookie.split(';')[0] } })).status, 303, 'coming back twice is no mistake')
  } finally {
    platform.closeAllConnections()
    platform.close()
  }
}))

test('what the configuration owns, and what is none, is refused by name', withWorld('connect-refused', async world => {
  await world.sim()
  await world.host({ portalUrl: 'http://127.0.0.1:1/none' })
  const owned = await flowOf(world, 'acme-telegram', '', {})
  assert.equal(owned.status, 409)
  assert.match(owned.text, /trunkline\.yaml:\d+/)
  for (const [id, more, status, words] of [
    ['shop', { connector: '' }, 400, /connector and portal are needed/],
    ['shop', { connector: 'nowhere' }, 404, /no connector called nowhere/],
    ['shop', { portal: 'nobody' }, 404, /no portal called nobody/],
    ['a%2Fb', {}, 400, /id is of a-z/],
  ]) {
    const refused = await begin(world, id, more)
    assert.equal(refused.status, status, refused.text)
    assert.match(refused.text, words)
  }
  assert.equal((await flowOf(world, 'nobody')).status, 404)
  const made = await world.admin('/v1/accounts', { id: 'shop', connector: 'telegram', portal: 'acme', settings: { tokn: 'x' } })
  assert.equal(made.status, 400, made.text)
  assert.match(made.text, /tokn.*did you mean .*token/)
  assert.equal((await request(`${world.hostUrl}/connect/${'x'.repeat(43)}`)).status, 404)
  assert.equal((await request(`${world.hostUrl}/connect/return?state=none`)).status, 404)
  // What would not work is not made: the connector's own words say why.
  const secretless = await world.admin('/v1/accounts', { id: 'shop', connector: 'telegram', portal: 'acme', settings: { token: '1:x', api_base: world.simUrl } })
  assert.equal(secretless.status, 400, secretless.text)
  assert.match(secretless.text, /secret/)
  assert.equal((await world.admin('/v1/accounts')).json.items.find(row => row.id === 'shop'), undefined)
}))

test('on the command line, a line for each question', withWorld('connect-cli', world => nobodyYet(world, async portal => {
  const child = spawn(program('trunkctl'), ['--admin', world.adminUrl, '--token', world.adminToken, 'accounts', 'connect', 'shop', '--connector', 'telegram', '--portal', 'acme', '--set', `api_base=${world.simUrl}`])
  let said = ''
  child.stdout.on('data', piece => (said += piece))
  const ended = new Promise(done => child.on('exit', done))
  await until('the first question', () => said.includes('Bot token:'))
  child.stdin.write('nonsense\n')
  await until('what is wrong with it', () => said.includes('not a bot token'))
  child.stdin.write(`${world.token}\n`)
  assert.equal(await ended, 0, said)
  assert.match(said, /shop is connected/)
  assert.doesNotMatch(said, new RegExp(world.token.split(':')[1]))
  const user = (await world.control('users', { name: 'Ann' })).json.id
  await roundtrip(world, portal, 'shop', user, 'hello')
})))
