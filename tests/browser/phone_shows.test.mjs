// What the phone shows: whatever is written stays words, and only what a simulator can is offered.
import assert from 'node:assert/strict'
import test from 'node:test'
import { request, until, withWorld } from '../integration/harness.mjs'
import { openPage, shoot, tooWide, withBrowser } from './browser.mjs'
import { attach, calm, firstCustomer, onlyPhone, onPhone, write } from './pages.mjs'
import { picture } from './png.mjs'

const call = async (world, method, json) => {
  const answer = await request(`${world.simUrl}/bot${world.token}/${method}`, { json })
  assert.ok(answer.json?.ok, answer.text)
  return answer.json.result
}

test('a hostile text stays a text', withWorld('hostile', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  await write(phone, 'hello')
  await onPhone(phone, 'hello').waitFor()
  const user = await firstCustomer(world)
  const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
  const say = what => world.control('say', { user, ...what })
  await say({ text: `1 ${markup}` })
  await say({ text: '2 a link to nowhere', entities: [{ type: 'text_link', offset: 2, length: 6, url: 'javascript:window.hacked=1' }, { type: 'url', offset: 2, length: 6 }] })
  await say({ text: '3 spans from elsewhere', entities: [{ type: 'bold', offset: -5, length: 900 }, { type: 'bold', offset: 1e9, length: 2 }, { type: 'bold', offset: 'x', length: {} }, null, 7, ...Array(5_000).fill({ type: 'italic', offset: 0, length: 3 })] })
  await say({ kind: 'document', name: markup, text: `4 ${markup}` })
  await say({ kind: 'contact', first_name: `5 ${markup}`, phone_number: markup })
  await say({ kind: 'venue', latitude: 1, longitude: 2, title: `6 ${markup}`, address: markup })
  await say({ kind: 'sticker', emoji: markup, bytes: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"/>`).toString('base64') })
  await say({ text: '7 https://shop.example/"onmouseover="window.hacked=1 data:text/html,x' })
  await call(world, 'sendMessage', { chat_id: user, text: `8 ${markup}`, reply_markup: { inline_keyboard: [[{ text: markup, callback_data: markup.slice(0, 60) }]] } })
  await world.control('users', { name: markup, username: markup })
  await onPhone(phone, `8 ${markup}`).waitFor()
  await phone.getByTestId('sim-back').click()
  await phone.getByTestId('sim-chat').nth(1).waitFor()
  assert.equal(await phone.locator('#chats b').filter({ hasText: markup }).count(), 1)
  await phone.getByTestId('sim-chat').filter({ hasText: 'Ann Lee' }).click()
  await phone.getByTestId('sim-info').click()
  await phone.getByTestId('sim-sheet').waitFor()
  for (const words of [`1 ${markup}`, `4 ${markup}`, `5 ${markup}`, `6 ${markup}`]) assert.equal(await onPhone(phone, words).count(), 1, words)
  assert.equal(await phone.evaluate(() => window.hacked), undefined)
  assert.equal(await phone.locator('#messages script, #messages img[src="x"], [onerror], [onmouseover]').count(), 0)
  const links = await phone.locator('a[href]').evaluateAll(all => all.map(a => [a.protocol, a.href]))
  assert.deepEqual(links.filter(([protocol]) => protocol === 'javascript:' || protocol === 'data:'), [])
  assert.ok(links.some(([, href]) => href === 'https://shop.example/'), JSON.stringify(links))
})))

test('what the business does is seen', withWorld('doing', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  await write(phone, 'hello')
  await onPhone(phone, 'hello').waitFor()
  const user = await firstCustomer(world)
  await until('typing to be seen', async () => { // it lasts five seconds, and is said again as bots do
    await call(world, 'sendChatAction', { chat_id: user, action: 'typing' })
    return (await phone.getByTestId('sim-state').innerText()).startsWith('typing')
  })
  await shoot(phone, 'phone-typing')
  await call(world, 'sendMessage', { chat_id: user, text: 'here I am' })
  await onPhone(phone, 'here I am').waitFor()
  await phone.getByTestId('sim-state').getByText('Simulated Telegram').waitFor()
  for (let n = 1; n <= 25; n++) await call(world, 'sendMessage', { chat_id: user, text: `line ${n}.` })
  await onPhone(phone, 'line 25.').waitFor()
  await phone.locator('#messages').evaluate(log => { log.scrollTop = 0 })
  await until('the page to know', () => phone.getByTestId('sim-newer').isVisible())
  await call(world, 'sendMessage', { chat_id: user, text: 'while you read above' })
  await phone.getByTestId('sim-newer').getByText('1 new').waitFor()
  await shoot(phone, 'phone-newer')
  await phone.getByTestId('sim-newer').click()
  await phone.getByTestId('sim-newer').waitFor({ state: 'hidden' })
  calm(phone)
})))

test('several customers have their own talk, draft and count', withWorld('people', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  await write(phone, 'from Ann')
  await onPhone(phone, 'from Ann').waitFor()
  const ann = await firstCustomer(world)
  await phone.getByTestId('sim-input').fill('half a word of Ann')
  await phone.getByTestId('sim-back').click()
  await phone.getByTestId('sim-new').click()
  await phone.getByTestId('sim-sheet').getByLabel('Name', { exact: true }).fill('Вера')
  await phone.getByTestId('sim-sheet-done').click()
  await until('an empty talk', async () => (await phone.getByTestId('sim-message').count()) === 0)
  assert.equal(await phone.getByTestId('sim-input').inputValue(), '')
  await write(phone, 'from Vera')
  await onPhone(phone, 'from Vera').waitFor()
  const chats = (await world.control('chats')).json
  assert.deepEqual(chats.map(c => [c.user.first_name, c.last.text]), [['Ann Lee', 'from Ann'], ['Вера', 'from Vera']])

  await call(world, 'sendMessage', { chat_id: ann, text: 'to Ann' })
  await phone.getByTestId('sim-back').click()
  const row = phone.getByTestId('sim-chat').filter({ hasText: 'Ann Lee' })
  await row.getByText('to Ann').waitFor()
  await row.locator('.unread').getByText('1').waitFor()
  await shoot(phone, 'phone-chats')
  await row.click()
  await onPhone(phone, 'to Ann').waitFor()
  assert.equal(await onPhone(phone, 'from Vera').count(), 0)
  assert.equal(await phone.getByTestId('sim-input').inputValue(), 'half a word of Ann')
  calm(phone)
})))

/** A messenger that is not Telegram: its simulator speaks the page's own form. */
function otherMessenger(abilities) {
  const chat = { id: 7, name: 'Ann', username: '', blocked: false, count: 0 }
  const state = { posts: [], messages: [], chat }
  const answers = {
    '/control/abilities': () => ({ messenger: 'Other', title: 'Simulated Other', color: '#7360f2', business: { name: 'Bakery' }, customer_can: [], shows: [], stickers: [], ...abilities }),
    '/control/chats': () => [chat], '/control/chats/7': () => chat, '/control/chats/7/messages': () => state.messages,
  }
  state.serve = page => page.route('**/control/**', route => {
    const path = new URL(route.request().url()).pathname
    if (route.request().method() === 'POST') state.posts.push([path.slice(9), route.request().postDataJSON()])
    const json = answers[path]?.() ?? (route.request().method() === 'POST' ? {} : undefined)
    return route.fulfill(json === undefined ? { status: 404, json: {} } : { json })
  })
  return state
}
const message = (id, more) => ({ id, at: Date.now() - 60_000 + id, mine: false, from: 'Bakery', edited: false, text: `message ${id}`, ...more })

test('another messenger gets what it can, and nothing that it cannot', withWorld('other', world => withBrowser(async browser => {
  await world.sim()
  const context = await browser.newContext({ viewport: { width: 420, height: 820 } })
  const poor = otherMessenger({ customer_can: ['text'] })
  await poor.serve(context)
  poor.messages = [message(1), message(2, { mine: true, from: 'Ann' }), message(3, { buttons: [[{ text: 'Press', data: 'x' }]], keyboard: { rows: [[{ text: 'Key' }]] }, reactions: [{ emoji: '👍', count: 1, mine: true }] })]
  const plain = await openPage(context, world.simUrl)
  await onPhone(plain, 'message 3').waitFor()
  for (const part of ['sim-attach', 'sim-mic', 'sim-button', 'sim-keyboard', 'sim-keyboard-toggle']) assert.equal(await plain.getByTestId(part).isVisible(), false, part)
  await plain.getByTestId('sim-faces').click()
  assert.equal(await plain.getByTestId('sim-tab-stickers').count(), 0)
  await onPhone(plain, 'message 2').click()
  assert.deepEqual(await plain.getByTestId('sim-actions').getByRole('menuitem').allInnerTexts(), ['Copy'])
  assert.equal(await plain.getByTestId('sim-react').count(), 0)
  await plain.keyboard.press('Escape')
  await plain.getByTestId('sim-info').click()
  await plain.getByTestId('sim-sheet').getByText('Simulated Other').waitFor()
  assert.equal(await plain.getByTestId('sim-block').count(), 0)
  calm(plain)
  await plain.close()
  await context.unrouteAll()

  const rich = otherMessenger({ customer_can: ['text', 'photo', 'sticker', 'reply', 'react', 'typing', 'read', 'contact'], shows: ['buttons', 'keyboard', 'reactions', 'read', 'albums', 'typing'], stickers: [{ emoji: '🦄', name: 'unicorn' }] })
  await rich.serve(context)
  await context.route('**/photo.png', route => route.fulfill({ contentType: 'image/png', body: picture(300, 200) }))
  const photo = { kind: 'photo', id: 'p', url: '/photo.png', name: '', mime: 'image/png', width: 300, height: 200 }
  rich.messages = [
    ...[1, 2, 3, 4].map(id => message(id, { text: id === 1 ? 'four photos' : undefined, album: 'a', media: photo })),
    message(5, { mine: true, from: 'Ann', state: 'read' }),
    message(6, { text: 'choose', keyboard: { rows: [[{ text: 'Bread' }, { text: 'Cake' }], [{ text: 'Send my number', asks: 'contact' }]], once: false } }),
  ]
  const phone = await openPage(context, world.simUrl)
  await onPhone(phone, 'four photos').locator('.album img').nth(3).waitFor()
  assert.equal(await phone.getByTestId('sim-message').count(), 3, 'an album is one')
  await onPhone(phone, 'message 5').locator('.meta').getByText('Read').waitFor()
  await until('the other side to know what is read', () => rich.posts.some(([what, body]) => what === 'read' && body.message_id === 6))
  await phone.getByTestId('sim-key').filter({ hasText: 'Cake' }).click()
  await until('the key to be said', () => rich.posts.some(([what, body]) => what === 'say' && body.text === 'Cake'))
  await phone.getByTestId('sim-key').filter({ hasText: 'my number' }).click()
  await until('the number', () => rich.posts.some(([what, body]) => what === 'say' && body.kind === 'contact' && body.contact.own === true))
  await onPhone(phone, 'choose').click()
  await shoot(phone, 'phone-other')
  await phone.getByTestId('sim-react').first().click()
  await until('the reaction', () => rich.posts.some(([what, body]) => what === 'react' && body.message_id === 6 && body.emoji === '👍'))
  rich.messages[5].reactions = [{ emoji: '👍', count: 1, mine: true }]
  await onPhone(phone, 'choose').getByTestId('sim-reaction').waitFor()
  rich.messages.push(message(7, { text: 'no keys any more', keyboard: null }))
  await phone.getByTestId('sim-keyboard').waitFor({ state: 'hidden' })
  await phone.getByTestId('sim-input').pressSequentially('x')
  await until('typing to be told', () => rich.posts.some(([what]) => what === 'typing'))
  assert.match(await phone.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent')), /#7360f2/)
  calm(phone)
})))

test('a Telegram that can more keeps it in the form of the Bot API', withWorld('more', world => withBrowser(async browser => {
  await world.sim()
  const context = await browser.newContext({ viewport: { width: 420, height: 820 } })
  const more = otherMessenger({ messenger: 'Telegram', customer_can: ['text', 'photo', 'react', 'album', 'keyboard'], shows: ['reactions', 'keyboard', 'albums'] })
  Object.assign(more.chat, { user: { id: 7, first_name: 'Ann' }, messages: 2, keyboard: { keyboard: [[{ text: 'Bread' }, { text: 'Number', request_contact: true }]] } })
  const from = { id: 1, is_bot: true, first_name: 'Shop' }
  more.messages = [{ message_id: 5, from, date: 1_790_000_000, text: 'liked by both', reactions: [{ from: 'bot', emoji: '👍' }, { from: '7', emoji: '👍' }] }, { message_id: 6, from, date: 1_790_000_001, text: 'liked by nobody' }]
  await more.serve(context)
  const phone = await openPage(context, world.simUrl)
  const liked = onPhone(phone, 'liked by both').getByTestId('sim-reaction')
  assert.equal(await liked.getAttribute('aria-label'), '👍: 2')
  assert.equal(await liked.getAttribute('aria-pressed'), 'true')
  await liked.click()
  await until('the reaction to be taken back', () => more.posts.some(([what, body]) => what === 'react' && body.message_id === 5 && body.emoji === ''))
  await phone.getByTestId('sim-key').filter({ hasText: 'Number' }).click()
  await until('the key', () => more.posts.some(([what, body]) => what === 'key' && body.text === 'Number'))
  await phone.getByTestId('sim-input').fill('two')
  await attach(phone, 'photo', ['a', 'b'].map(name => ({ name: `${name}.png`, mimeType: 'image/png', buffer: picture(20, 20) })))
  const [, album] = await until('the album', () => more.posts.find(([what]) => what === 'album'))
  assert.deepEqual(album.items.map(item => [item.kind, item.text, item.width]), [['photo', 'two', 20], ['photo', undefined, 20]])
  assert.equal(more.posts.some(([what]) => what === 'say'), false)
  more.chat.keyboard = undefined
  await phone.getByTestId('sim-keyboard').waitFor({ state: 'hidden' })
  calm(phone)
})))

const looks = [
  ['light-360', { viewport: { width: 360, height: 740 }, colorScheme: 'light' }], ['dark-360', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', reducedMotion: 'reduce' }],
  ['light-laptop', { viewport: { width: 1366, height: 768 }, colorScheme: 'light' }], ['dark-laptop', { viewport: { width: 1366, height: 768 }, colorScheme: 'dark' }],
  ['low', { viewport: { width: 900, height: 420 } }],
]
for (const [name, options] of looks) {
  test(`everything is on the screen: ${name}`, withWorld('looks', world => withBrowser(async browser => {
    const phone = await onlyPhone(world, browser, options)
    await write(phone, `A long word: ${'donaudampfschiff'.repeat(12)} and https://shop.example/${'path/'.repeat(30)}`)
    await attach(phone, 'photo', { name: 'box.png', mimeType: 'image/png', buffer: picture(900, 300) })
    await write(phone, '🎉')
    await onPhone(phone, '🎉').waitFor()
    const user = await firstCustomer(world)
    await call(world, 'sendMessage', { chat_id: user, text: 'Which one?', reply_markup: { inline_keyboard: [[{ text: 'One', callback_data: '1' }, { text: 'A very long button that has to be broken somewhere', callback_data: '2' }]] } })
    await onPhone(phone, 'Which one?').waitFor()
    const inside = async part => {
      const { width, height } = phone.viewportSize()
      await until(`${part} to lie on the screen`, async () => { // what comes up is there in a moment
        const box = await phone.getByTestId(part).boundingBox()
        return box && box.x >= 0 && box.y >= 0 && box.x + box.width <= width + 1 && box.y + box.height <= height + 1
      })
      assert.equal(await tooWide(phone), false, part)
    }
    await inside('sim-send')
    await shoot(phone, `phone-look-${name}`)
    await onPhone(phone, 'Which one?').click()
    await inside('sim-actions')
    await shoot(phone, `phone-menu-${name}`)
    await phone.keyboard.press('Escape')
    await phone.getByTestId('sim-attach').click()
    await inside('sim-send')
    await shoot(phone, `phone-attach-${name}`)
    await phone.locator('[data-kind="location"]').click()
    await inside('sim-sheet')
    await shoot(phone, `phone-place-${name}`)
    await phone.keyboard.press('Escape')
    await phone.getByTestId('sim-info').click()
    await inside('sim-sheet')
    await shoot(phone, `phone-about-${name}`)
    assert.equal(await phone.evaluate(() => document.querySelector('#app').inert), true, 'nothing under a sheet is reached')
    calm(phone)
  })))
}
