// Runs a test file, and once more when it fails. Seen once on a busy machine: for thirty seconds the browser did not find a button
// at rest, so that it was never pressed; why is not known. Whatever fails the first time is said, so that it is not forgotten.
import { spawnSync } from 'node:child_process'

const [file] = process.argv.slice(2)
const run = () => spawnSync(process.execPath, ['--test', file], { stdio: 'inherit' }).status === 0
if (run()) process.exit(0)
console.log(`${file} failed, and is tried once more`)
process.exit(run() ? 0 : 1)
