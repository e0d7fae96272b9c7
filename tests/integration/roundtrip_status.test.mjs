// How it went with what a portal said, when it does not go well at once: told as it is, and never sent twice.
import assert from 'node:assert/strict'
import test from 'node:test'
import { request, until, withWorld } from './harness.mjs'
import { arrives, calls, say, Speaker, withForeignPortal } from './roundtrip_world.mjs'

const inChat = async (world, user, text) => (await world.chat(user)).filter(m => m.from.is_bot && m.text === text).length

test('429: delayed until when Telegram says, then sent', withWorld('delayed', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  await world.control('faults', { method: 'sendMessage', action: 'error', code: 429, description: 'Too Many Requests: retry after 6', parameters: { retry_after: 6 } })
  const id = await speaker.send({ text: 'терпение' })
  const delayed = await speaker.status(id, 'delayed')
  const wait = Date.parse(delayed.until) - Date.parse(delayed.time ?? delayed.received)
  assert.ok(wait > 0 && wait <= 6_000, `${delayed.until} is at most six seconds after ${delayed.time}`)
  const sent = await speaker.status(id)
  assert.deepEqual(speaker.states(id), ['delayed', 'sent'])
  assert.ok(sent.sequence > delayed.sequence)
  assert.equal(await inChat(world, user, 'терпение'), 1)
  const tries = (await calls(world, 'sendMessage')).filter(call => call.parameters.text === 'терпение')
  assert.equal(tries.length, 2)
  assert.ok(tries[1].at - tries[0].at >= 5_900, `${tries[1].at - tries[0].at} ms apart`)
})))

test('an answer that never came: unknown, once, and no second try', withWorld('unknown', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  await world.control('faults', { method: 'sendMessage', action: 'drop_after' })
  const arrived = await speaker.send({ text: 'дошло?' })
  const unknown = await speaker.status(arrived, 'unknown')
  assert.ok(unknown.error.code, JSON.stringify(unknown))
  await world.control('faults', { method: 'sendMessage', action: 'html502' })
  const proxied = await speaker.send({ text: 'через прокси' })
  await speaker.status(proxied, 'unknown')
  // The lane goes on behind them.
  await speaker.status(await speaker.send({ text: 'следующее' }))
  assert.deepEqual([speaker.states(arrived), speaker.states(proxied)], [['unknown'], ['unknown']])
  assert.deepEqual([await inChat(world, user, 'дошло?'), await inChat(world, user, 'через прокси')], [1, 0], 'both are possible: so it is unknown')
  const tries = await calls(world, 'sendMessage')
  assert.deepEqual(tries.map(call => call.parameters.text), ['дошло?', 'через прокси', 'следующее'])
})))

test('a refusal is failed for good, with the reason, and the next is sent', withWorld('refused', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  await world.control('block', { user })
  const left = await until('that the customer left', () => portal.of('member')[0])
  assert.equal(left.action, 'blocked')
  const refused = await speaker.send({ text: 'вы там?' })
  const failed = await speaker.status(refused, 'failed')
  assert.deepEqual([failed.error.code, failed.error.permanent, failed.messages ?? []], ['blocked_by_customer', true, []])
  await world.control('unblock', { user })
  assert.equal((await until('that the customer is back', () => portal.of('member')[1])).action, 'unblocked')
  await speaker.status(await speaker.send({ text: 'с возвращением' }))
  assert.deepEqual(speaker.states(refused), ['failed'])
  // 5xx of the Bot API itself is a definite no, so it is tried again.
  await world.control('faults', { method: 'sendMessage', action: 'error', code: 500, description: 'Internal Server Error: restart' })
  await speaker.status(await speaker.send({ text: 'со второго раза' }))
  assert.equal(await inChat(world, user, 'со второго раза'), 1)
})))

test('what is out of time fails instead of arriving late', withWorld('expired', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  await world.control('faults', { method: 'sendMessage', action: 'error', code: 429, description: 'Too Many Requests: retry after 3', parameters: { retry_after: 3 } })
  const id = await speaker.send({ text: 'только сейчас' }, { expires: '1s' })
  const failed = await speaker.status(id, 'failed')
  assert.match(failed.error.code, /expired|retention/)
  assert.equal(await inChat(world, user, 'только сейчас'), 0)
})))

test('a revoked token: the account is broken, its commands wait, and a person is told when it is well again', withWorld('broken', world => withForeignPortal(world, async (portal, user) => {
  const speaker = new Speaker(world, portal, user)
  await world.control('faults', { method: 'sendMessage', action: 'error', code: 401, description: 'Unauthorized' })
  const id = await speaker.send({ text: 'подождёт' })
  const notice = await until('the notice', () => portal.of('notice').find(e => e.code === 'account' && e.account?.state === 'bad_credentials'))
  assert.equal(notice.account.account, 'acme-telegram')
  assert.equal(notice.account.code, 'token_rejected')
  assert.match(notice.text, /token/)
  assert.equal(notice.account.action, 'reconnect')
  assert.match(await world.trunkctl('accounts'), /bad_credentials/)
  const second = await speaker.send({ text: 'и это' })
  assert.deepEqual([speaker.states(id), speaker.states(second)], [[], []])
  // What customers say still comes in.
  await say(world, { user, text: 'вы живы?' })
  await until('the message', () => portal.of('message').find(e => e.message.text === 'вы живы?'))
  await world.trunkctl('accounts', 'resume', 'acme-telegram')
  await speaker.status(id)
  await speaker.status(second)
  await arrives(world, user, 'the second', m => m.text === 'и это')
  assert.deepEqual([await inChat(world, user, 'подождёт'), await inChat(world, user, 'и это')], [1, 1])
  const well = await until('the good news', () => portal.of('notice').find(e => e.account?.state === 'connected' && e.sequence > notice.sequence))
  assert.equal(well.account.account, 'acme-telegram')
  assert.doesNotMatch(await world.trunkctl('accounts'), /bad_credentials/)
})))

test('a webhook that Telegram refuses is told to the portal as the account\'s health', withWorld('webhook-refused', world => withForeignPortal(world, async (portal, user) => {
  const host = world.children.find(child => child.name === 'host')
  const state = async () => (await world.admin('/v1/accounts')).json.items[0].state
  await until('the account to be ready', async () => (await state()) === 'connected')
  await host.stop()
  // Somebody else's program took the bot meanwhile, and Telegram refuses to give it back.
  await request(`${world.simUrl}/bot${world.token}/deleteWebhook`)
  await world.control('faults', { method: 'setWebhook', action: 'error', code: 400, description: 'Bad Request: bad webhook: HTTPS url must be provided for webhook', count: 1 })
  await world.host({ portalUrl: portal.url })
  const notice = await until('the notice', () => portal.of('notice').find(e => e.code === 'account' && e.account?.state === 'degraded'))
  assert.equal(notice.account.account, 'acme-telegram')
  assert.equal(notice.account.code, 'webhook_refused')
  assert.ok(notice.account.text.length > 0)
  assert.equal(await state(), 'degraded')
  assert.ok(user)
})))
