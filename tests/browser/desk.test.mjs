// A customer's phone and an operator's desk side by side, in a real browser: what people see, without a reload.
import assert from 'node:assert/strict'
import test from 'node:test'
import { request, until, withWorld } from '../integration/harness.mjs'
import { shoot, tooWide, withBrowser } from './browser.mjs'
import { answer, attach, blockTheBot, bothPages, calm, choose, everything, onDesk, onPhone, write } from './pages.mjs'
import { picture } from './png.mjs'

test('a customer and an operator talk', withWorld('desk', world => withBrowser(async browser => {
  await everything(world)
  const { phone, desk } = await bothPages(world, browser)
  await desk.getByText('No conversations yet').waitFor()
  await shoot(desk, 'desk-empty')
  await shoot(phone, 'phone-empty')

  await write(phone, 'Где мой заказ? 👋 **Очень** жду')
  const item = desk.getByTestId('conversation-item').first()
  await item.getByText('Где мой заказ? 👋 Очень жду').waitFor()
  assert.match(await item.getByTestId('unread').innerText(), /^1/)
  await item.click()
  const question = onDesk(desk, 'Где мой заказ? 👋')
  await question.waitFor()
  assert.equal(await question.locator('strong').innerText(), 'Очень')
  await until('the count of unread to go', async () => (await item.getByTestId('unread').count()) === 0)

  await answer(desk, 'Уже в пути 🚚, завтра привезём')
  await onPhone(phone, 'Уже в пути 🚚').waitFor()
  await onDesk(desk, 'Уже в пути').locator('[data-testid="state-mark"][data-state="sent"]').waitFor()
  assert.equal(await desk.getByTestId('draft').count(), 0)

  // A picture from the customer, with its words.
  await phone.getByTestId('sim-input').fill('Вот такая коробка')
  await attach(phone, 'photo', { name: 'box.png', mimeType: 'image/png', buffer: picture(480, 320) })
  const shown = onDesk(desk, 'Вот такая коробка').getByTestId('attachment-image').locator('img')
  await shown.waitFor()
  await until('the picture to be loaded', () => shown.evaluate(image => image.complete && image.naturalWidth === 480))
  await until('the phone to show it too', () => onPhone(phone, 'Вот такая коробка').locator('img').evaluate(image => image.naturalWidth === 480))

  // A file from the operator.
  await desk.getByTestId('file-input').setInputFiles({ name: 'договор.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(20_000, 'x') })
  await desk.getByTestId('attached-file').getByText('договор.pdf').waitFor()
  await answer(desk, 'Договор прилагаю')
  const address = await onPhone(phone, 'Договор прилагаю').getByText('договор.pdf').getAttribute('href')
  const back = await fetch(new URL(address, world.simUrl))
  assert.equal(Buffer.from(await back.arrayBuffer()).toString(), 'x'.repeat(20_000), 'the very bytes')
  await onDesk(desk, 'Договор прилагаю').locator('[data-state="sent"]').waitFor()

  // Second thoughts on both sides.
  const first = onDesk(desk, 'Уже в пути')
  await first.hover()
  await first.getByTestId('edit-message').click()
  await until('the text to be in the composer', async () => /^Уже в пути/.test(await desk.getByTestId('composer-input').inputValue()))
  await answer(desk, 'Привезём послезавтра')
  await onPhone(phone, 'Привезём послезавтра').getByText('edited').waitFor()
  await onDesk(desk, 'Привезём послезавтра').getByTestId('edited').waitFor()
  await choose(phone, 'Где мой заказ?', 'sim-edit')
  await write(phone, 'Где мой заказ 1042?')
  await onDesk(desk, 'Где мой заказ 1042?').getByTestId('edited').waitFor()
  assert.equal(await onDesk(desk, '**').count(), 0, 'what was bold is not starred')

  // Buttons come from scripts and bots; the customer presses, the operator sees it.
  const conversation = await item.getAttribute('data-conversation')
  const posted = await request(`${world.portalUrl}/api/conversations/${conversation}/messages`, {
    json: { text: 'Довольны ли вы?', buttons: [[{ id: 'yes', text: 'Да', payload: 'rate:5' }, { id: 'no', text: 'Нет', payload: 'rate:1' }]] },
    headers: { Origin: world.portalUrl },
  })
  assert.ok(posted.status < 300, posted.text)
  await phone.getByTestId('sim-button').filter({ hasText: 'Да' }).click()
  await desk.getByTestId('callback-line').filter({ hasText: 'Да' }).waitFor()
  await shoot(desk, 'desk-talk')
  await shoot(phone, 'phone-talk')

  const last = onDesk(desk, 'Привезём послезавтра')
  await last.hover()
  await last.getByTestId('delete-message').click()
  await last.getByTestId('confirm-delete').click()
  await until('the answer to be gone from the phone', async () => (await onPhone(phone, 'Привезём послезавтра').count()) === 0)
  await desk.getByText('This message was deleted').waitFor()

  // A reload shows the same.
  const before = await desk.getByTestId('timeline').innerText()
  await desk.reload()
  await desk.getByTestId('conversation-item').first().click()
  await desk.getByText('This message was deleted').waitFor()
  await until('the same timeline', async () => (await desk.getByTestId('timeline').innerText()) === before)

  // A customer who blocks the bot: the operator is told, in words.
  await blockTheBot(phone)
  await item.getByText('blocked this channel').waitFor()
  await desk.getByTestId('event-line').filter({ hasText: 'blocked this channel' }).waitFor()
  await answer(desk, 'Вы здесь?')
  await onDesk(desk, 'Вы здесь?').getByTestId('failure-reason').waitFor()
  await shoot(desk, 'desk-refused')
  assert.equal(await tooWide(desk), false)
  calm(desk, phone)
})))

const looks = [
  ['light-360', { viewport: { width: 360, height: 740 }, colorScheme: 'light' }],
  ['dark-360', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
  ['dark-desktop', { viewport: { width: 1180, height: 820 }, colorScheme: 'dark' }],
]
for (const [name, options] of looks) {
  test(`nothing sticks out or hides: ${name}`, withWorld('looks', world => withBrowser(async browser => {
    await everything(world)
    const { phone, desk } = await bothPages(world, browser, options)
    await write(phone, `A long word: ${'donaudampfschiff'.repeat(12)} and https://shop.example/${'path/'.repeat(30)}`)
    await write(phone, '**Bold**, `code` and <b>no markup</b>')
    const item = desk.getByTestId('conversation-item').first()
    await item.waitFor()
    assert.equal(await tooWide(desk), false, 'the list')
    await shoot(desk, `desk-list-${name}`)
    await item.click()
    await onDesk(desk, '<b>no markup</b>').waitFor()
    await answer(desk, 'An answer\nof two lines, with a link: https://shop.example/help')
    await onPhone(phone, 'of two lines').waitFor()
    await onDesk(desk, 'of two lines').locator('[data-state="sent"]').waitFor()
    for (const page of [desk, phone]) assert.equal(await tooWide(page), false, page.url())
    for (const [page, control] of [[desk, 'send-button'], [phone, 'sim-send']]) {
      const box = await page.getByTestId(control).boundingBox()
      const { width, height } = page.viewportSize()
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, `${control} is on the screen`)
    }
    await shoot(desk, `desk-talk-${name}`)
    await phone.getByTestId('sim-attach').click()
    await shoot(phone, `phone-talk-${name}`)
    calm(desk, phone)
  })))
}

test('a cut line is told, mends itself, and nothing is lost', withWorld('cut', world => withBrowser(async browser => {
  await everything(world)
  const { phone, desk } = await bothPages(world, browser)
  await write(phone, 'before the cut')
  await desk.getByTestId('conversation-item').first().click()
  await onDesk(desk, 'before the cut').waitFor()

  await world.children.find(child => child.name === 'portal').kill()
  await desk.getByTestId('connection-bar').waitFor()
  await write(phone, 'while the desk is down')
  await answer(desk, 'typed while the desk is down')
  await desk.getByTestId('draft').waitFor()
  await shoot(desk, 'desk-cut')
  await world.portal()
  await onDesk(desk, 'while the desk is down').first().waitFor()
  await onPhone(phone, 'typed while the desk is down').waitFor()
  await onDesk(desk, 'typed while the desk is down').locator('[data-state="sent"]').waitFor()
  assert.equal(await onPhone(phone, 'typed while the desk is down').count(), 1)
  assert.equal(await desk.getByTestId('connection-bar').count(), 0)
})))
