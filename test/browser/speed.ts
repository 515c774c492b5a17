import type { Browser } from 'playwright-core'
import { openPage, until } from './browser.ts'
import { expect, type Tally } from './tally.ts'

const times = 5
/** Promised is one second on a quiet machine; what fails here is a page that is slow for a reason. */
const mostMs = 8_000

/** Measures when the first figures stand on the first page, each time with an empty cache, and says it. */
export async function checkSpeed(tally: Tally, browser: Browser, url: string): Promise<void> {
  await tally.check('the first page shows figures soon after it is opened', async () => {
    const found: number[] = []
    let bytes = 0
    for (let time = 0; time < times; time++) {
      const { page, close } = await openPage(browser, url, { width: 1280 })
      await page.addInitScript(`
        new MutationObserver((_, observer) => {
          if (document.querySelector('main .figure') === null) return
          observer.disconnect()
          // The frame after it is the one that is seen.
          requestAnimationFrame(() => { globalThis.firstFigureMs = performance.now() })
        }).observe(document, { childList: true, subtree: true })
      `)
      await page.goto('/')
      await until(page, 'globalThis.firstFigureMs !== undefined')
      found.push(Number(await page.evaluate('globalThis.firstFigureMs')))
      bytes = Number(
        await page.evaluate(
          "performance.getEntriesByType('resource').filter(({ startTime }) => startTime < globalThis.firstFigureMs).reduce((sum, one) => sum + one.transferSize, 0)",
        ),
      )
      await close()
    }
    found.sort((a, b) => a - b)
    const text = found.map((ms) => Math.round(ms)).join(', ')
    console.log(`   first figures after ${text} ms (sorted), ${Math.round(bytes / 1024)} KiB sent before them`)
    expect((found[Math.floor(times / 2)] ?? Number.POSITIVE_INFINITY) < mostMs, `the median is above ${mostMs} ms`)
  })
}
