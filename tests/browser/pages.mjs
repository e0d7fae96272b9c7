// The two pages of a test, and what people do on them.
import assert from 'node:assert/strict'
import { openPage } from './browser.mjs'

/** The phone alone: nothing of it needs a host. */
export async function onlyPhone(world, browser, options = {}) {
  await world.sim()
  const context = await browser.newContext({ viewport: { width: 420, height: 820 }, locale: 'en-GB', ...options })
  return openPage(context, `${world.simUrl}/`)
}
/** The customer whose phone it is when nobody chose another. */
export const firstCustomer = async world => (await world.control('chats')).json[0].id

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

/** Chooses a file for what the phone's menu calls `kind`. */
export async function attach(phone, kind, files) {
  await phone.getByTestId('sim-attach').click()
  const choosing = phone.waitForEvent('filechooser')
  await phone.locator(`[data-kind="${kind}"]`).click()
  await (await choosing).setFiles(files)
}
export async function blockTheBot(phone) {
  await phone.getByTestId('sim-info').click()
  await phone.getByTestId('sim-block').click()
}

/** A customer who is on no phone here, and what they say. */
export async function customerSays(world, name, text) {
  const { id } = (await world.control('users', { name })).json
  await world.control('say', { user: id, text })
  return id
}

export const conversationOf = (desk, name) => desk.getByTestId('conversation-item').filter({ hasText: name })
