// The gate of the border: node gate.mjs check|update [INCLUDE_FOLDER GOLDEN_FILE]
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readBorder } from './border.mjs'
import { readGolden, toText, writeGolden } from './golden.mjs'
import { judge } from './judge.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

function run(action, include, golden) {
  const now = readBorder(include)
  const before = existsSync(golden) ? readGolden(golden) : undefined
  const { breaks, additions } = before ? judge(before, now) : { breaks: [], additions: [] }
  for (const words of breaks) console.error(`break: ${words}`)
  if (breaks.length) {
    console.error('Connectors in the field would break: append instead, or raise TL_ABI_MAJOR and have all of them built anew.')
    return 1
  }
  const changed = !before || toText(before) !== toText(now)
  for (const words of additions) console.log(`new: ${words}`)
  if (action === 'update') {
    if (changed) writeGolden(golden, now)
    console.log(changed ? `${golden} was written` : `${golden} is up to date`)
    return 0
  }
  if (changed) console.error(`${golden} is not up to date: scripts/abi update`)
  return changed ? 1 : 0
}

const [action, include = path.join(root, 'sdk/include'), golden = path.join(root, 'sdk/abi.golden')] = process.argv.slice(2)
if (!['check', 'update'].includes(action)) {
  console.error('usage: scripts/abi check | update')
  process.exit(2)
}
try {
  process.exitCode = run(action, include, golden)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
