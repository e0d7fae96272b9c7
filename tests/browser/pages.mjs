// The two pages of a test, and what people do on them.
import assert from 'node:assert/strict'
import { openPage } from './browser.mjs'

export async function everything(world) {
  await world.sim()
  await world.portal()
  await world.host()
  await world.webhookSet()
}

/** Both pages, each in a context of its own, as two people have them. */
export async function bothPages(world, browser, options = {}) {
  const context = async viewport => browser.newContext({ viewport, locale: 'en-GB', ...options })
  const phone = await openPage(await context(options.viewport ?? { width: 420, height: 820 }), `${world.simUrl}/`)
  const desk = await openPage(await context(options.viewport ?? { width: 1180, height: 820 }), `${world.portalUrl}/`)
  await desk.getByTestId('live').getByText('live').waitFor()
  return { phone, desk }
}
export const write = async (page, text) => {
  await page.getByTestId('sim-input').fill(text)
  await page.getByTestId('sim-send').click()
}
export const answer = async (page, text) => {
  await page.getByTestId('composer-input').fill(text)
  await page.getByTestId('send-button').click()
}
export const onDesk = (desk, text) => desk.getByTestId('message').filter({ hasText: text })
export const onPhone = (phone, text) => phone.getByTestId('sim-message').filter({ hasText: text })
export const calm = (...pages) => {
  for (const page of pages) assert.deepEqual(page.complaints, [], page.url())
}

/** What a click on a message of the phone offers, chosen. */
export async function choose(phone, text, action) {
  await onPhone(phone, text).click()
  await phone.getByTestId(action).click()
}

/** A customer who is on no phone here, and what they say. */
export async function customerSays(world, name, text) {
  const { id } = (await world.control('users', { name })).json
  await world.control('say', { user: id, text })
  return id
}

export const conversationOf = (desk, name) => desk.getByTestId('conversation-item').filter({ hasText: name })
