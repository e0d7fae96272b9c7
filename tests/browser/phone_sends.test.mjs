// What a customer can send from the phone, judged by what the bot gets.
import assert from 'node:assert/strict'
import test from 'node:test'
import { request, until, withWorld } from '../integration/harness.mjs'
import { shoot, withBrowser } from './browser.mjs'
import { attach, bothPages, calm, everything, firstCustomer, onDesk, onlyPhone, onPhone, write } from './pages.mjs'
import { picture } from './png.mjs'

/** The bot of these tests: it asks for its updates itself. */
class Bot {
  constructor(world) {
    this.base = `${world.simUrl}/bot${world.token}`
    this.files = `${world.simUrl}/file/bot${world.token}`
    this.offset = 0
  }
  async call(method, parameters) {
    const { json, text } = await request(`${this.base}/${method}`, { json: parameters })
    assert.ok(json?.ok, `${method}: ${text}`)
    return json.result
  }
  /** The next update, which has to be of this kind. */
  async next(kind) {
    const update = await until(`a ${kind} at the bot`, async () => (await this.call('getUpdates', { offset: this.offset, limit: 1 }))[0])
    this.offset = update.update_id + 1
    assert.ok(update[kind], `${kind}, not ${JSON.stringify(update)}`)
    return update[kind]
  }
  async nothing() {
    assert.deepEqual(await this.call('getUpdates', { offset: this.offset }), [])
  }
  async bytes(file) {
    const { file_path } = await this.call('getFile', { file_id: file.file_id })
    return Buffer.from(await (await fetch(`${this.files}/${file_path}`)).arrayBuffer())
  }
}

test('photos, files and what goes with them', withWorld('photos', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  const bot = new Bot(world)
  await write(phone, 'a **bold** word, ~~not~~ ||hidden||')
  const formatted = await bot.next('message')
  assert.equal(formatted.text, 'a bold word, not hidden')
  assert.deepEqual(formatted.entities.map(e => [e.type, e.offset, e.length]), [['bold', 2, 4], ['strikethrough', 13, 3], ['spoiler', 17, 6]])

  await phone.getByTestId('sim-input').fill('this box')
  await attach(phone, 'photo', { name: 'box.png', mimeType: 'image/png', buffer: picture(480, 320) })
  const photo = await bot.next('message')
  assert.equal(photo.caption, 'this box')
  assert.deepEqual([photo.photo.at(-1).width, photo.photo.at(-1).height], [480, 320])
  assert.deepEqual(await bot.bytes(photo.photo.at(-1)), picture(480, 320), 'the very bytes')
  await until('an empty box', async () => (await phone.getByTestId('sim-input').inputValue()) === '')
  await onPhone(phone, 'this box').getByTestId('sim-photo').click()
  await until('the photo in full', () => phone.getByTestId('sim-viewer').locator('img').evaluate(image => image.naturalWidth === 480))
  await phone.keyboard.press('Escape')
  assert.equal(await phone.getByTestId('sim-viewer').isVisible(), false)

  await attach(phone, 'photo', ['one', 'two', 'three'].map(name => ({ name: `${name}.png`, mimeType: 'image/png', buffer: picture(300, 300) })))
  const album = [await bot.next('message'), await bot.next('message'), await bot.next('message')]
  assert.ok(album[0].media_group_id)
  assert.equal(new Set(album.map(m => m.media_group_id)).size, 1, 'one album')
  await phone.locator('.album img').nth(2).waitFor()

  await attach(phone, 'file', { name: '<b>счёт.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 sum') })
  const file = await bot.next('message')
  assert.deepEqual([file.document.file_name, file.document.mime_type], ['<b>счёт.pdf', 'application/pdf'])
  assert.equal((await bot.bytes(file.document)).toString(), '%PDF-1.7 sum')
  await onPhone(phone, '<b>счёт.pdf').waitFor()

  // What is pasted waits for its words, and can be taken back.
  const paste = name => phone.getByTestId('sim-input').evaluate((box, [name, bytes]) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }))
    box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, [name, [...picture(64, 64)]])
  await paste('wrong.png')
  await phone.getByRole('button', { name: 'Do not send wrong.png' }).click()
  assert.equal(await phone.getByTestId('sim-tray').isVisible(), false)
  await paste('right.png')
  await phone.getByTestId('sim-tray').waitFor()
  await bot.nothing()
  await write(phone, 'pasted')
  const pasted = await bot.next('message')
  assert.deepEqual([pasted.caption, pasted.photo.at(-1).width], ['pasted', 64])
  await phone.getByTestId('sim-tray').waitFor({ state: 'hidden' })
  calm(phone)
})))

test('a voice is recorded and comes as Opus in Ogg; a file will do where there is no microphone', withWorld('voice', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  const bot = new Bot(world)
  const record = async () => {
    await phone.getByTestId('sim-mic').click()
    await until('a second of it', async () => /0:0[1-9]/.test(await phone.getByTestId('sim-recorder').locator('time').innerText()))
  }
  await record()
  await phone.keyboard.press('Escape')
  await phone.getByTestId('sim-recorder').waitFor({ state: 'hidden' })
  await bot.nothing()
  await record()
  await shoot(phone, 'phone-recording')
  await phone.getByTestId('sim-recorded').click()
  const { voice } = await bot.next('message')
  assert.equal(voice.mime_type, 'audio/ogg')
  assert.ok(voice.duration >= 1)
  const bytes = await bot.bytes(voice)
  assert.equal(bytes.subarray(0, 4).toString(), 'OggS')
  assert.equal(bytes.subarray(28, 36).toString(), 'OpusHead')
  // The browser itself judges whether it is sound: what it has played is asked of the player afterwards,
  // for it is over sooner than a busy machine comes round to look: a microphone may begin late and give a tenth of a second.
  await phone.evaluate(() => {
    const { play } = HTMLMediaElement.prototype
    HTMLMediaElement.prototype.play = function () {
      globalThis.player = this
      return play.call(this)
    }
  })
  await phone.getByTestId('sim-play').click()
  await until('all of it to be heard', () => phone.evaluate(() => {
    const { played, duration } = globalThis.player ?? {}
    return played?.length === 1 && played.end(0) > duration - 0.05
  }))
  calm(phone)

  const deaf = await phone.context().newPage()
  await deaf.addInitScript(() => { delete globalThis.MediaRecorder })
  await deaf.goto(world.simUrl)
  await deaf.getByTestId('sim-input').isEnabled()
  assert.equal(await deaf.getByTestId('sim-mic').isVisible(), false)
  await attach(deaf, 'voice', { name: 'said.ogg', mimeType: 'audio/ogg', buffer: bytes })
  const chosen = await bot.next('message')
  assert.deepEqual(await bot.bytes(chosen.voice), bytes)
})))

test('stickers, places, contacts', withWorld('kinds', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser)
  const bot = new Bot(world)
  await phone.getByTestId('sim-faces').click()
  await phone.getByTestId('sim-tab-stickers').click()
  await shoot(phone, 'phone-stickers')
  await phone.locator('[data-name="laugh"]').click()
  const { sticker } = await bot.next('message')
  assert.equal(sticker.emoji, '😂')
  const drawn = await bot.bytes(sticker)
  assert.equal(drawn.subarray(8, 12).toString(), 'WEBP')
  assert.ok(drawn.length > 5_000, 'something is drawn on it')
  await until('the sticker to be seen', () => phone.getByTestId('sim-sticker').evaluate(image => image.naturalWidth === 512))

  const sheet = phone.getByTestId('sim-sheet')
  const open = async kind => {
    await phone.getByTestId('sim-attach').click()
    await phone.locator(`[data-kind="${kind}"]`).click()
    await sheet.waitFor()
  }
  await open('location')
  await sheet.getByLabel('Latitude').fill('91')
  await phone.getByTestId('sim-sheet-done').click()
  await sheet.getByRole('alert').getByText('A latitude is a number from -90 to 90').waitFor()
  await sheet.getByLabel('Latitude').fill('59.9386')
  await sheet.getByLabel('Longitude').fill('30.3141')
  await shoot(phone, 'phone-location')
  await phone.getByTestId('sim-sheet-done').click()
  assert.deepEqual((await bot.next('message')).location, { latitude: 59.9386, longitude: 30.3141 })
  await onPhone(phone, '59.93860, 30.31410').waitFor()

  await open('location')
  const map = phone.getByTestId('sim-map').locator('canvas')
  await map.focus()
  await phone.keyboard.press('ArrowRight')
  await until('the map to be moved', async () => Number(await sheet.getByLabel('Longitude').inputValue()) > 30.3141)
  const { x, y } = await map.boundingBox()
  await phone.mouse.move(x + 150, y + 100)
  await phone.mouse.down()
  await phone.mouse.move(x + 150, y + 160, { steps: 4 })
  await phone.mouse.up()
  const latitude = Number(await sheet.getByLabel('Latitude').inputValue())
  assert.ok(latitude > 59.9386, 'pulled down, the needle is further north')
  await sheet.getByLabel('Name (optional)').fill('Кафе «Нева»')
  await sheet.getByLabel('Address').fill('Невский 1')
  await phone.getByTestId('sim-sheet-done').click()
  const { venue } = await bot.next('message')
  assert.deepEqual([venue.title, venue.address, venue.location.latitude], ['Кафе «Нева»', 'Невский 1', latitude])

  await open('contact')
  await sheet.getByLabel('Name', { exact: true }).fill('Олег')
  await sheet.getByLabel('Phone number').fill('+7 999 000-11-22')
  await phone.getByTestId('sim-sheet-done').click()
  assert.deepEqual((await bot.next('message')).contact, { phone_number: '+7 999 000-11-22', first_name: 'Олег' })
  await open('contact')
  await sheet.getByLabel('This is my own number').check()
  await phone.getByTestId('sim-sheet-done').click()
  assert.equal((await bot.next('message')).contact.user_id, await firstCustomer(world))
  await phone.getByTestId('sim-contact').nth(1).waitFor()
  await shoot(phone, 'phone-kinds')
  calm(phone)
})))

test('replying, deleting, pressing', withWorld('acts', world => withBrowser(async browser => {
  const phone = await onlyPhone(world, browser, { hasTouch: true })
  const bot = new Bot(world)
  await write(phone, 'hello')
  const chat_id = (await bot.next('message')).chat.id
  const keyboard = { inline_keyboard: [[{ text: 'Yes', callback_data: 'rate:5' }, { text: 'No', callback_data: 'rate:1' }], [{ text: 'Our shop', url: 'https://shop.example/' }]] }
  const question = await bot.call('sendMessage', { chat_id, text: 'Are you happy?', reply_markup: keyboard })

  // Swept aside by a finger.
  await onPhone(phone, 'Are you happy?').evaluate(bubble => {
    const { x, y } = bubble.getBoundingClientRect()
    const finger = (type, dx) => bubble.dispatchEvent(new PointerEvent(type, { pointerType: 'touch', pointerId: 7, isPrimary: true, bubbles: true, clientX: x + 150 + dx, clientY: y + 12 }))
    finger('pointerdown', 0)
    for (let dx = -10; dx >= -70; dx -= 10) finger('pointermove', dx)
    finger('pointerup', -70)
  })
  await phone.getByTestId('sim-mode').getByText('Reply to Shop').waitFor()
  await write(phone, 'I am')
  const reply = await bot.next('message')
  assert.deepEqual([reply.text, reply.reply_to_message.message_id], ['I am', question.message_id])
  await onPhone(phone, 'I am').locator('.reply').getByText('Are you happy?').waitFor()

  await onPhone(phone, 'I am').click({ button: 'right' })
  await phone.getByTestId('sim-delete').click()
  await until('it to be gone', async () => (await onPhone(phone, 'I am').count()) === 0)
  assert.equal((await world.chat(chat_id)).some(m => m.text === 'I am'), false)
  await bot.nothing() // Telegram tells a bot nothing of it

  const button = text => phone.getByTestId('sim-button').filter({ hasText: text })
  assert.equal(await button('Our shop').getAttribute('href'), 'https://shop.example/')
  await button('Yes').click()
  const query = await bot.next('callback_query')
  assert.deepEqual([query.data, query.message.message_id], ['rate:5', question.message_id])
  assert.match(await button('Yes').getAttribute('class'), /waiting/)
  await bot.call('answerCallbackQuery', { callback_query_id: query.id, text: 'Thank you! <b>5</b>' })
  await phone.getByTestId('sim-toast').getByText('Thank you! <b>5</b>').waitFor()
  await until('no waiting any more', async () => !/waiting/.test(await button('Yes').getAttribute('class')))
  await button('No').click()
  await bot.call('answerCallbackQuery', { callback_query_id: (await bot.next('callback_query')).id, text: 'What went wrong?', show_alert: true })
  await phone.getByTestId('sim-alert').getByText('What went wrong?').waitFor()
  calm(phone)
})))

test('the portal gets what the phone sends', withWorld('portal', world => withBrowser(async browser => {
  await everything(world)
  const { phone, desk } = await bothPages(world, browser)
  await phone.getByTestId('sim-faces').click()
  await phone.getByTestId('sim-tab-stickers').click()
  await phone.locator('[data-name="love"]').click()
  await attach(phone, 'photo', { name: 'box.png', mimeType: 'image/png', buffer: picture(200, 100) })
  await attach(phone, 'video_note', { name: 'round.mp4', mimeType: 'video/mp4', buffer: Buffer.from('....ftypisom') })
  await write(phone, 'that is all')
  await desk.getByTestId('conversation-item').first().click()
  await onDesk(desk, 'that is all').waitFor()
  const messages = (await world.events()).map(e => e.event).filter(e => e.type === 'message').map(e => e.message)
  assert.deepEqual(messages.map(m => m.attachments?.[0]?.kind ?? m.text), ['sticker', 'image', 'video_note', 'that is all'])
  assert.equal(messages[0].text, '😍')
  calm(phone)
})))
