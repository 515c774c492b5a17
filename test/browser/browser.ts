import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { eventually } from './tally.ts'

/** The two widths that pages are made for, in CSS pixels. */
export const widths = [1280, 390] as const
export const themes = ['light', 'dark'] as const

/** Starts Chromium. The environment's CHROMIUM names another one than the system's. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A page, and what went wrong in it. */
export interface WatchedPage {
  readonly page: Page
  /** Errors and warnings of the console, uncaught errors, requests to other hosts; emptied by whoever expects some. */
  readonly faults: string[]
  close(): Promise<void>
}

/** Opens a page with storage of its own that may speak to one host. */
export async function openPage(
  browser: Browser,
  url: string,
  options: { readonly width: number; readonly theme?: 'light' | 'dark' } & BrowserContextOptions,
): Promise<WatchedPage> {
  const { width, theme = 'light', ...rest } = options
  const context = await browser.newContext({
    viewport: { width, height: width > 600 ? 900 : 844 },
    colorScheme: theme,
    baseURL: url,
    ...rest,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const faults: string[] = []
  const { host } = new URL(url)
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console ${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`))
  page.on('request', (request) => {
    const asked = new URL(request.url())
    if (['http:', 'https:', 'ws:', 'wss:'].includes(asked.protocol) && asked.host !== host)
      faults.push(`request to ${asked.host}`)
  })
  return { page, faults, close: () => context.close() }
}

/** Waits until an expression is true in a page. Asked from outside, as the pages' content policy lets no text be run inside. */
export async function until(page: Page, expression: string): Promise<void> {
  await eventually(expression, async () => (await page.evaluate(expression)) === true)
}

/** Waits until a page stands: its name is there, and nothing of it is on its way. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('main h1, main [role=alert]')
  await until(page, "document.querySelector('main .animate-pulse') === null")
  // Charts are drawn in the frame after their code has come.
  await page.waitForTimeout(150)
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The serious and critical faults that axe finds, each with where it is. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const found: unknown = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => id + ': ' + help + ' at ' + nodes.slice(0, 4).map(({ target, failureSummary }) => target.join(' ') + ' (' + failureSummary.split('\\n').at(-1).trim() + ')').join('; ')))`,
  )
  return found as string[] // made one line above
}

/** How far the page reaches beyond its window, sideways, in CSS pixels. */
export async function sidewaysOverflow(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'))
}
