// The page on which a manager connects an account: from its address to the first message.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { until, withWorld } from '../integration/harness.mjs'
import { openPage, shoot, withBrowser } from './browser.mjs'
import { calm } from './pages.mjs'

/** A host without accounts, and the address of a page that connects one. */
async function invited(world) {
  await world.sim()
  await world.portal()
  const file = await world.hostConfig()
  writeFileSync(file, readFileSync(file, 'utf8').replace(/accounts:[\s\S]*$/, ''), { mode: 0o600 })
  await world.host({ file })
  const address = await world.trunkctl('accounts', 'connect', 'shop', '--connector', 'telegram', '--portal', 'acme', '--set', `api_base=${world.simUrl}`, '--page')
  return address.trim()
}

test('a manager connects a bot, is told what is wrong, and finds the page as it was left', withWorld('page', world => withBrowser(async browser => {
  const address = await invited(world)
  const context = await browser.newContext({ viewport: { width: 420, height: 820 }, locale: 'en-GB' })
  const page = await openPage(context, address)
  const token = page.getByLabel('Bot token')
  await token.waitFor()
  assert.equal(await token.getAttribute('type'), 'password')
  assert.equal(await token.evaluate(box => box === document.activeElement), true, 'ready to type')
  await shoot(page, 'connect-form')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('Bot token is needed').waitFor()
  await page.keyboard.type('nonsense')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('not a bot token').waitFor()
  await shoot(page, 'connect-error')

  await page.reload()
  await page.getByRole('alert').getByText('not a bot token').waitFor()
  await page.getByLabel('Bot token').fill(world.token)
  await page.getByTestId('connect-next').click()
  await page.getByTestId('connect-end').getByText('Connected').waitFor()
  await shoot(page, 'connect-done')
  await page.reload()
  await page.getByTestId('connect-end').getByText('Connected').waitFor()

  const user = (await world.control('users', { name: 'Ann' })).json.id
  await world.control('say', { user, text: 'hello' })
  await until('the message', async () => (await world.events()).some(({ event }) => event.message?.text === 'hello'))
  calm(page)
})))

test('what was begun can be left', withWorld('page-cancel', world => withBrowser(async browser => {
  const address = await invited(world)
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, colorScheme: 'dark' })
  const page = await openPage(context, address)
  await page.getByTestId('connect-cancel').click()
  await page.getByTestId('connect-end').getByText('Cancelled').waitFor()
  await shoot(page, 'connect-cancelled')
  calm(page)
})))
