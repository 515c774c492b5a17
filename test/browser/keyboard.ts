import type { Browser, Page } from 'playwright-core'
import { openPage, settled } from './browser.ts'
import { eventually, expect, type Tally } from './tally.ts'

/** What has the focus, as a text to compare, and whether it is seen to have it. */
async function focused(page: Page): Promise<{ readonly text: string; readonly ring: boolean; readonly tag: string }> {
  const found: unknown = await page.evaluate(`(() => {
    const element = document.activeElement
    const style = getComputedStyle(element)
    return {
      tag: element.tagName.toLowerCase(),
      text: (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 60),
      ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
    }
  })()`)
  return found as { text: string; ring: boolean; tag: string } // made one line above
}

/** Everything that a mouse does is done by keys, and what has the focus is seen. */
export async function checkKeyboard(tally: Tally, browser: Browser, url: string, deployment: string): Promise<void> {
  const open = async (path: string, width = 1280) => {
    const watched = await openPage(browser, url, { width, reducedMotion: 'reduce' })
    await watched.page.goto(path)
    await settled(watched.page)
    return watched
  }

  await tally.check('the first key leads to a link that skips the navigation', async () => {
    const { page, close } = await open('/')
    await page.keyboard.press('Tab')
    expect((await focused(page)).text === 'Skip to the page', `it leads to ${(await focused(page)).text}`)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    const inMain = await page.evaluate("document.activeElement.closest('main') !== null")
    expect(inMain === true, 'the next key leads into the page')
    await close()
  })

  await tally.check('the Tab key visits every link and button once around, each with a ring', async () => {
    const { page, close } = await open('/')
    const wanted = Number(
      await page.evaluate(
        "[...document.querySelectorAll('a[href], button:not([disabled]), summary')].filter((one) => one.checkVisibility()).length",
      ),
    )
    let visited = 0
    for (let step = 0; step < wanted + 60; step++) {
      await page.keyboard.press('Tab')
      const { tag, text, ring } = await focused(page)
      if (tag === 'body') break
      if (['a', 'button', 'summary'].includes(tag)) visited++
      expect(ring, `'${text}' (${tag}) shows that it has the focus`)
    }
    expect(visited >= wanted, `${visited} of ${wanted} were visited`)
    await close()
  })

  await tally.check('tabs are walked by arrows, and the address follows', async () => {
    const { page, close } = await open(`/deployments/${deployment}`)
    await page.getByRole('tab', { name: 'Traffic' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForURL(/tab=performance/)
    await page.reload()
    await settled(page)
    const chosen = await page.getByRole('tab', { selected: true }).textContent()
    expect(chosen === 'Performance', `after a reload it is ${chosen}`)
    await close()
  })

  await tally.check('tables sort by their headers and are walked by arrows', async () => {
    const { page, close } = await open(`/deployments/${deployment}?tab=inputs`)
    const header = page.getByRole('columnheader', { name: 'Column' })
    await header.getByRole('button').focus()
    await page.keyboard.press('Enter')
    expect((await header.getAttribute('aria-sort')) === 'ascending', 'Enter sorts it')
    await page.keyboard.press('Enter')
    expect((await header.getAttribute('aria-sort')) === 'descending', 'Enter turns it around')
    const rows = page.getByRole('region', { name: 'Inputs and score, as served' }).locator('tbody a')
    await rows.first().focus()
    await page.keyboard.press('ArrowDown')
    expect((await focused(page)).text === (await rows.nth(1).textContent()), 'down leads to the next row')
    await close()
  })

  await tally.check('on a narrow screen the menu opens, leads on, and closes by Escape', async () => {
    const { page, close } = await open('/', 390)
    const menu = page.getByRole('button', { name: 'Menu' })
    await menu.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect((await focused(page)).text === 'Menu', 'the focus comes back')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByRole('link', { name: 'Runs' }).press('Enter')
    await page.waitForURL(/\/runs$/)
    await eventually('the menu is gone', async () => (await page.getByRole('dialog').count()) === 0)
    await close()
  })

  await tally.check('the theme that was chosen holds after a reload', async () => {
    const { page, close } = await open('/')
    await page.getByRole('button', { name: 'Dark' }).press('Enter')
    await page.reload()
    await settled(page)
    expect((await page.evaluate('document.documentElement.dataset.theme')) === 'dark', 'it is dark')
    await close()
  })
}
