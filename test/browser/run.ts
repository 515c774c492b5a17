/**
 * Goal: the pages hold what they promise in a real browser. Method: a finished project (`npm run demo`) is copied, the real server
 * runs on the copy, and Chromium opens every page at both widths and in both themes, walks it by keys, takes the server away and
 * gives it back. `node test/browser/run.ts --project <folder> [--screenshots <folder>] [--only <part>] [--width <px>]`
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { launchBrowser } from './browser.ts'
import { checkKeyboard } from './keyboard.ts'
import { checkMaking } from './making.ts'
import { checkPages } from './pages.ts'
import { type RunningPlatform, startPlatform } from './platform.ts'
import { checkSpeed } from './speed.ts'
import { checkEmptyProject, checkStates } from './states.ts'
import { Tally } from './tally.ts'

const { values: options } = parseArgs({
  options: {
    project: { type: 'string' },
    screenshots: { type: 'string' },
    only: { type: 'string' },
    width: { type: 'string' },
  },
})
const demo = fileURLToPath(new URL('../../examples/01-flight-delay/.demo', import.meta.url))
const project = resolve(options.project ?? demo)
/** Where the demo's replay ends. */
const clock = '2001-06-09T00:03:00.000Z'
const deployment = 'departure-delay'
const screenshots = options.screenshots === undefined ? null : resolve(options.screenshots)
const wanted = (part: string): boolean => options.only === undefined || options.only === part

const tally = new Tally()
const copy = mkdtempSync(join(tmpdir(), 'noonmark-browser-'))
const browser = await launchBrowser()
let platform: RunningPlatform | undefined
try {
  if (!existsSync(join(project, 'noonmark.config.ts')))
    throw new Error(`${project} holds no project; make one by: npm run demo -- --exit`)
  cpSync(project, copy, { recursive: true })
  platform = await startPlatform('server', copy, { clock })
  const { url, port } = platform
  if (wanted('speed')) await checkSpeed(tally, browser, url)
  if (wanted('pages'))
    await checkPages(tally, browser, url, screenshots, options.width === undefined ? null : Number(options.width))
  if (wanted('keyboard')) await checkKeyboard(tally, browser, url, deployment)
  if (wanted('making')) await checkMaking(tally, browser, url)
  if (wanted('states')) {
    const stop = async (): Promise<void> => platform?.stop()
    const start = async (): Promise<void> => {
      platform = await startPlatform('server', copy, { clock, port })
    }
    await checkStates(tally, browser, { url, stop, start }, deployment)
  }
  if (wanted('empty')) await checkEmptyProject(tally, browser, screenshots)
} catch (error) {
  tally.failed++
  console.error(error)
} finally {
  await browser.close()
  await platform?.stop()
  rmSync(copy, { recursive: true, force: true })
}
console.log(`\n${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1
