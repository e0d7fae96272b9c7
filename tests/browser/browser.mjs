// A real Chromium that stays on this machine, and pages that tell when something is wrong with them.
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { build } from '../integration/harness.mjs'

const { chromium } = createRequire(new URL('../integration/package.json', import.meta.url))('playwright-core')
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

const pictures = path.join(build, 'screenshots')
mkdirSync(pictures, { recursive: true })

export async function withBrowser(run) {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      // A microphone that hums, and nobody to ask whether it may be used.
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  })
  // What waits inside of a page has no limit of its own: the browser's end makes it fail where it waits.
  const late = setTimeout(() => {
    console.error('the browser was not done in two minutes')
    browser.close()
  }, 120_000)
  try {
    return await run(browser)
  } finally {
    clearTimeout(late)
    await browser.close()
  }
}

/** A page whose complaints (console, exceptions, broken policy, requests that failed) are kept in `complaints`. */
export async function openPage(context, url) {
  const page = await context.newPage()
  page.setDefaultTimeout(Number(process.env.TRUNKLINE_PATIENCE ?? 30_000))
  page.complaints = []
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', event => console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI}`))
  })
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', error => page.complaints.push(String(error.stack ?? error)))
  await page.goto(url)
  return page
}

export const shoot = (page, name) => page.screenshot({ path: path.join(pictures, `${name}.png`) })

/** Whether anything sticks out sideways: a page of people's words must never scroll that way. */
export const tooWide = page => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
