import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { axeFaults, openPage, settled, sidewaysOverflow, widths } from './browser.ts'
import { type RunningPlatform, startPlatform } from './platform.ts'
import { eventually, expect, type Tally } from './tally.ts'

/** A platform that can be stopped and started again at the same address. */
export interface Restartable {
  readonly url: string
  stop(): Promise<void>
  start(): Promise<void>
}

/** What is not there, what cannot be reached, and what is asked for by hand. */
export async function checkStates(
  tally: Tally,
  browser: Browser,
  platform: Restartable,
  deployment: string,
): Promise<void> {
  const { url } = platform

  await tally.check('what is not there is said with its code and how to mend it', async () => {
    const { page, close } = await openPage(browser, url, { width: 1280 })
    await page.goto('/deployments/no-such-deployment')
    const alert = page.locator('main [role=alert]')
    await alert.waitFor()
    const text = (await alert.textContent()) ?? ''
    expect(text.includes('not_found') && text.includes('no-such-deployment'), `it says: ${text}`)
    await page.goto('/predictions/nonsense')
    await alert.waitFor()
    expect(((await alert.textContent()) ?? '').includes('not_found'), 'a prediction too')
    await close()
  })

  await tally.check('while figures are on their way, their places are shown', async () => {
    const { page, close } = await openPage(browser, url, { width: 1280 })
    let answer = (): void => undefined
    const held = new Promise<void>((done) => {
      answer = done
    })
    await page.route('**/v1/overview*', async (route) => {
      await held
      await route.continue()
    })
    await page.goto('/')
    await page.getByRole('status', { name: 'Loading' }).waitFor()
    answer()
    await settled(page)
    await close()
  })

  await tally.check('a request is sent from the page, answered, and found in the log', async () => {
    const { page, faults, close } = await openPage(browser, url, { width: 1280 })
    await page.goto(`/deployments/${deployment}?tab=request`)
    await settled(page)
    await page.getByRole('button', { name: 'Send' }).click()
    const answer = page.getByRole('region', { name: `Answer of ${deployment}` })
    await answer.waitFor()
    // A best-effort log may be late on a busy machine, and the answer then says so; the next one is asked for.
    const record = answer.getByRole('link', { name: 'the logged record' })
    await eventually('an answer is in the log', async () => {
      if (await record.isVisible()) return true
      await page.getByRole('button', { name: 'Send' }).click()
      await page.waitForTimeout(1000)
      return false
    })
    await record.click()
    await page.waitForURL(/\/predictions\//)
    await settled(page)
    await page.getByRole('region', { name: 'Features', exact: true }).first().waitFor()
    expect(faults.length === 0, faults.join('\n'))
    await close()
  })

  await tally.check('a row that is refused names the field', async () => {
    const { page, close } = await openPage(browser, url, { width: 1280 })
    await page.goto(`/deployments/${deployment}?tab=request`)
    await settled(page)
    const first = page.locator('main form input').first()
    const name = (await page.locator('main form label').first().textContent())?.trim() ?? ''
    await first.fill('')
    await page.getByRole('button', { name: 'Send' }).click()
    const alert = page.locator('main [role=alert]')
    await alert.waitFor()
    expect(((await alert.textContent()) ?? '').includes(name), `it names ${name}: ${await alert.textContent()}`)
    await close()
  })

  await tally.check(
    'a server that stops is said, what was read stays, and it goes on by itself when it is back',
    async () => {
      const { page, close } = await openPage(browser, url, { width: 1280 })
      await page.goto('/')
      await settled(page)
      await platform.stop()
      const notice = page.getByText('The server does not answer.')
      await notice.first().waitFor({ timeout: 45_000 })
      expect((await page.locator('main h2').count()) > 1, 'the figures are still there')
      const faults = await axeFaults(page)
      expect(faults.length === 0, faults.join('\n'))
      await platform.start()
      await notice.first().waitFor({ state: 'hidden', timeout: 45_000 })
      await close()
    },
  )
}

/** A project with nothing in it, and what its pages say when a mistake is made in its folder. */
export async function checkEmptyProject(tally: Tally, browser: Browser, screenshots: string | null): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'noonmark-empty-'))
  writeFileSync(
    join(folder, 'noonmark.config.ts'),
    "import { defineConfig } from 'noonmark'\nexport default defineConfig({ project: 'nothing-yet' })\n",
  )
  let platform: RunningPlatform | undefined
  try {
    platform = await startPlatform('dev', folder)
    const { url } = platform
    for (const width of widths) {
      for (const path of ['/', '/runs', '/models', '/feature-views']) {
        await tally.check(`${path} of an empty project at ${width} px says what would fill it`, async () => {
          const { page, faults, close } = await openPage(browser, url, { width, theme: 'dark' })
          await page.goto(path)
          await settled(page)
          const wrong = [...(await axeFaults(page)), ...faults]
          if ((await sidewaysOverflow(page)) > 0) wrong.push('it reaches beyond its window')
          if (screenshots !== null)
            await page.screenshot({
              path: join(screenshots, `empty${path.replace('/', '-')}-${width}.png`),
              fullPage: true,
            })
          expect(wrong.length === 0, wrong.join('\n'))
          await close()
        })
      }
    }
    await tally.check('a mistake in a definition is shown with its file, and gone when it is mended', async () => {
      const { page, close } = await openPage(browser, url, { width: 390 })
      await page.goto('/')
      await settled(page)
      mkdirSync(join(folder, 'features'))
      const file = join(folder, 'features/shop.ts')
      writeFileSync(file, "import { entity } from 'noonmark'\nexport const shop = entity('shop', { key: {} })\n")
      const notice = page.getByRole('alert', { name: /not applied/ })
      await notice.waitFor()
      const text = (await notice.textContent()) ?? ''
      expect(text.includes('features/shop.ts'), `it names the file: ${text}`)
      if (screenshots !== null) await page.screenshot({ path: join(screenshots, 'mistake-390.png'), fullPage: true })
      writeFileSync(
        file,
        "import { entity, string } from 'noonmark'\nexport const shop = entity('shop', { key: { shop: string() } })\n",
      )
      await notice.waitFor({ state: 'hidden' })
      await close()
    })
  } finally {
    await platform?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
