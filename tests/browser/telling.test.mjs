// What went another way than meant is told: all of it, to everybody, and out of the way when it is known.
import assert from 'node:assert/strict'
import test from 'node:test'
import { until, withWorld } from '../integration/harness.mjs'
import { openPage, shoot, tooWide, withBrowser } from './browser.mjs'
import { calm, customerSays, everything, onDesk } from './pages.mjs'

/** The desk, with the portal's answers altered on their way: states that a simulated messenger never gives. */
async function altered(world, browser, address, alter, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, locale: 'en-GB', ...options })
  await context.route(address, async route => {
    const answer = await route.fetch()
    const body = await answer.json()
    alter(body)
    await route.fulfill({ response: answer, json: body })
  })
  return openPage(context, `${world.portalUrl}/`)
}

test('every gap is told, and a gap that is known can be put away', withWorld('gaps', world => withBrowser(async browser => {
  await everything(world)
  const hole = id => ({ id, lane: 'messages', epoch: 1, from: id * 10, through: id * 10 + 2, explained: false, reason: '', placed: id, seen: '2026-11-22T08:00:00.000Z' })
  const desk = await altered(world, browser, '**/api/conversations', body => { body.gaps = [1, 2, 3, 4, 5].map(hole) }, { viewport: { width: 360, height: 740 } })
  const banners = desk.getByTestId('gap-banner')
  await banners.first().waitFor()
  assert.equal(await banners.count(), 3)
  const rest = desk.getByTestId('gap-more')
  await rest.getByText('2 more gaps').waitFor()
  await shoot(desk, 'desk-gaps-360')
  await rest.getByRole('button', { name: 'Show all' }).click()
  await until('all of them', async () => (await banners.count()) === 5)
  await banners.filter({ hasText: 'Events 40–42' }).getByTestId('gap-dismiss').click()
  await until('one less', async () => (await banners.count()) === 4)
  assert.equal(await banners.filter({ hasText: 'Events 40–42' }).count(), 0)
  assert.equal(await tooWide(desk), false)
  await rest.getByRole('button', { name: 'Dismiss all' }).click()
  await until('none', async () => (await banners.count()) === 0)
  assert.equal(await rest.count(), 0)
  calm(desk)
})))

test('how an answer fared is told without colours and without a mouse', withWorld('marks', world => withBrowser(async browser => {
  await everything(world)
  const states = ['sent', 'delivered', 'read']
  const desk = await altered(world, browser, '**/api/conversations/*/messages', body => {
    if (!body.messages) return
    const [first] = body.messages
    body.messages = [first, ...states.map((state, index) => ({ ...first, id: first.id + 1 + index, placed: first.placed, outgoing: true, own: true, state, body: { text: `answer that is ${state}` }, detail: state === 'sent' ? { changes: [{ what: 'buttons', how: 'written as text' }] } : {} }))]
  })
  await customerSays(world, 'Vera Ivanova', 'hello')
  await desk.getByTestId('conversation-item').first().click()
  const mark = state => onDesk(desk, `answer that is ${state}`).getByTestId('state-mark')
  await mark('read').waitFor()
  const shapes = await Promise.all(states.map(state => mark(state).locator('path').getAttribute('d')))
  assert.equal(new Set(shapes).size, 3, 'three shapes')
  assert.deepEqual(await Promise.all(states.map(state => mark(state).getAttribute('aria-label'))), ['Sent', 'Delivered', 'Read'])

  const message = onDesk(desk, 'answer that is sent')
  const button = message.getByTestId('differences')
  assert.equal(await message.getByText('buttons: written as text').isVisible(), false)
  await button.focus()
  await desk.keyboard.press('Enter')
  await message.getByText('buttons: written as text').waitFor()
  assert.equal(await button.getAttribute('aria-expanded'), 'true')
  await shoot(desk, 'desk-marks')
  await desk.keyboard.press('Space')
  assert.equal(await message.getByText('buttons: written as text').isVisible(), false)

  await desk.getByTestId('file-input').focus()
  await desk.keyboard.press('Shift+Tab')
  await desk.keyboard.press('Tab')
  const outline = await desk.getByTestId('file-input').evaluate(input => getComputedStyle(input.closest('label')).outlineStyle)
  assert.equal(outline, 'solid', 'where the focus is can be seen')
  calm(desk)
})))
