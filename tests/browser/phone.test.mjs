// The customer's phone: by keyboard, with what goes wrong told, and readable.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { until, withWorld } from '../integration/harness.mjs'
import { shoot, withBrowser } from './browser.mjs'
import { answer, attach, blockTheBot, bothPages, calm, everything, firstCustomer, onDesk, onlyPhone, onPhone, write } from './pages.mjs'

const input = phone => phone.getByTestId('sim-input')

test('replying and editing need no mouse', withWorld('keys', world => withBrowser(async browser => {
  await everything(world)
  const { phone, desk } = await bothPages(world, browser)
  await write(phone, 'first')
  await desk.getByTestId('conversation-item').first().click()
  await answer(desk, 'second')
  await onPhone(phone, 'second').waitFor()

  await input(phone).focus()
  await until('the latest message by Shift+Tab', async () => {
    await phone.keyboard.press('Shift+Tab')
    return onPhone(phone, 'second').evaluate(bubble => bubble === document.activeElement)
  })
  await phone.keyboard.press('Enter')
  await shoot(phone, 'phone-actions')
  await phone.keyboard.press('Escape')
  assert.equal(await onPhone(phone, 'second').evaluate(bubble => bubble === document.activeElement), true, 'back where it was opened')
  assert.equal(await phone.getByTestId('sim-actions').isVisible(), false)
  await phone.keyboard.press('Enter')
  await phone.keyboard.press('Enter') // Reply
  await phone.keyboard.type('third, to the second')
  await phone.keyboard.press('Enter')
  await onPhone(phone, 'third, to the second').locator('.reply').getByText('second').waitFor()
  await onDesk(desk, 'third, to the second').waitFor()

  await input(phone).focus()
  await until('the latest message by Shift+Tab', async () => {
    await phone.keyboard.press('Shift+Tab')
    return onPhone(phone, 'third').evaluate(bubble => bubble === document.activeElement)
  })
  await phone.keyboard.press('ArrowUp')
  await phone.keyboard.press('ArrowUp')
  await phone.keyboard.press('Enter')
  await phone.keyboard.press('ArrowDown') // Edit
  await phone.keyboard.press('Enter')
  assert.equal(await input(phone).inputValue(), 'first')
  await phone.keyboard.press('Control+A')
  await phone.keyboard.type('first, corrected')
  await phone.keyboard.press('Enter')
  await onDesk(desk, 'first, corrected').getByTestId('edited').waitFor()
  calm(phone, desk)
})))

test('a bot that is blocked is seen to be, and can be let in again', withWorld('block', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  await write(phone, 'hello')
  await onPhone(phone, 'hello').waitFor()
  const clip = phone.getByTestId('sim-attach')
  assert.equal(await clip.getAttribute('aria-expanded'), 'false')
  await clip.click()
  assert.equal(await clip.getAttribute('aria-expanded'), 'true')
  await phone.keyboard.press('Escape')
  assert.equal(await clip.getAttribute('aria-expanded'), 'false')
  await blockTheBot(phone)
  await phone.getByTestId('sim-blocked').getByText('You have blocked Shop').waitFor()
  assert.equal(await input(phone).isDisabled(), true)
  await shoot(phone, 'phone-blocked')
  assert.equal((await world.control(`chats/${await firstCustomer(world)}`)).json.blocked, true)

  await phone.getByTestId('sim-info').click()
  await phone.getByText('Unblock Shop').click()
  await phone.getByTestId('sim-blocked').waitFor({ state: 'hidden' })
  await write(phone, 'and back')
  await onPhone(phone, 'and back').waitFor()
  // Blocked from elsewhere, unblocked by the bar.
  await world.control('block', { user: await firstCustomer(world) })
  await phone.getByTestId('sim-unblock').click()
  await phone.getByTestId('sim-blocked').waitFor({ state: 'hidden' })
  assert.equal((await world.control(`chats/${await firstCustomer(world)}`)).json.blocked, false)
  calm(phone)
})))

test('what is not done is told, and what was written stays', withWorld('refused', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  const problem = phone.getByTestId('sim-problem')
  await write(phone, 'hello')
  await onPhone(phone, 'hello').waitFor()
  calm(phone)
  await phone.route('**/control/say', route => route.fulfill({ status: 400, contentType: 'application/json', body: '{"error":"text is missing"}' }))
  await write(phone, 'words that stay')
  await problem.getByText('Not done: text is missing.').waitFor()
  assert.equal(await input(phone).inputValue(), 'words that stay')
  await phone.unroute('**/control/say')
  await phone.getByTestId('sim-send').click()
  await onPhone(phone, 'words that stay').waitFor()
  assert.equal(await problem.isVisible(), false)
  assert.equal(await input(phone).inputValue(), '')

  const film = path.join(world.dir, 'film.bin') // so large that it takes long to hand over to a browser, except by its name
  writeFileSync(film, Buffer.alloc(21 * 1024 * 1024))
  await attach(phone, 'file', film)
  await problem.getByText('“film.bin” is 21.0 MiB; the business gets files of at most 20 MiB.').waitFor()
  await shoot(phone, 'phone-problem')
})))

test('what is new is added below, and nobody who reads above is moved', withWorld('above', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  const log = phone.locator('#messages')
  // The full stop keeps "number 3" and its time, 00:15, from being taken for number 300.
  await write(phone, 'number 0.')
  await onPhone(phone, 'number 0.').waitFor()
  const user = await firstCustomer(world)
  const say = text => world.control('say', { user, text })
  for (let n = 1; n <= 30; n++) await say(`number ${n}.`)
  await onPhone(phone, 'number 30.').waitFor()
  const top = () => log.evaluate(element => element.scrollTop)
  const below = () => log.evaluate(element => element.scrollHeight - element.scrollTop - element.clientHeight)
  await until('the newest in sight', async () => (await below()) < 2)

  await log.evaluate(element => { element.scrollTop = 100; element.querySelector('.bubble').kept = true })
  await until('the page to know', async () => (await top()) === 100)
  await say('number 31.')
  await onPhone(phone, 'number 31.').waitFor()
  assert.equal(await top(), 100)
  assert.equal(await log.evaluate(element => element.querySelector('.bubble').kept), true, 'what is there already is not made again')

  await input(phone).fill('えき')
  await input(phone).dispatchEvent('keydown', { key: 'Enter', isComposing: true })
  await input(phone).dispatchEvent('keydown', { key: 'Enter' })
  await onPhone(phone, 'えき').waitFor()
  assert.equal(await onPhone(phone, 'えき').count(), 1, 'Enter that ends a composition does not send')
  await until('the own message in sight', async () => (await below()) < 2)
  calm(phone)
})))

/** The lowest contrast between a text and what is painted under it (WCAG 2.2, 1.4.3). */
const lowestContrast = page => page.evaluate(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  canvas.canvas.width = canvas.canvas.height = 1
  const paint = colours => {
    canvas.clearRect(0, 0, 1, 1)
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1) }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const luminance = rgb => rgb.map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  let lowest = { ratio: 21 }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    const shown = walker.currentNode.data.trim() && element.checkVisibility() && !element.closest('script, .hidden, .unseen, :disabled, option')
    if (!shown) continue
    const under = []
    for (let one = element; one; one = one.parentElement) under.unshift(getComputedStyle(one).backgroundColor)
    const [a, b] = [paint(under), paint([...under, getComputedStyle(element).color])].map(luminance)
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < lowest.ratio) lowest = { ratio, text: walker.currentNode.data.trim().slice(0, 40) }
  }
  return lowest
})
for (const colorScheme of ['light', 'dark']) {
  test(`every word can be read: ${colorScheme}`, withWorld('contrast', world => withBrowser(async browser => {
    await everything(world)
    const { phone, desk } = await bothPages(world, browser, { colorScheme, viewport: { width: 900, height: 820 } })
    await write(phone, 'a question with `code`')
    await desk.getByTestId('conversation-item').first().click()
    await answer(desk, 'an answer')
    await onPhone(phone, 'an answer').click()
    await phone.getByTestId('sim-reply').click()
    await phone.getByTestId('sim-attach').click()
    await onDesk(desk, 'an answer').locator('[data-state="sent"]').waitFor()
    for (const page of [phone, desk]) {
      const { ratio, text } = await lowestContrast(page)
      assert.ok(ratio >= 4.5, `${ratio.toFixed(2)} at "${text}" on ${page.url()}`)
    }
    await shoot(phone, `phone-reply-${colorScheme}`)
  })))
}
