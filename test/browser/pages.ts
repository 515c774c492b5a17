import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { axeFaults, openPage, settled, sidewaysOverflow, themes, until, widths } from './browser.ts'
import { expect, type Tally } from './tally.ts'

/** Addresses of every kind of page, found by asking the platform what there is. */
export async function everyPage(url: string): Promise<{ readonly name: string; readonly path: string }[]> {
  const ask = async <T>(path: string): Promise<T> => (await (await fetch(url + path)).json()) as T // the platform's own answers
  const { deployments } = await ask<{ deployments: { name: string; model: string; champion: string | null }[] }>(
    '/v1/deployments',
  )
  const { models } = await ask<{ models: { name: string }[] }>('/v1/models')
  const { feature_views: views } = await ask<{ feature_views: { name: string }[] }>('/v1/overview')
  const { runs } = await ask<{ runs: { id: string; version: string | null }[] }>('/v1/runs?brief=true')
  const main = deployments.find(({ champion }) => champion !== null) ?? deployments[0]
  expect(main !== undefined, 'the project has a deployment')
  const { predictions } = await ask<{ predictions: { prediction_id: string }[] }>(
    `/v1/predictions?deployment=${main.name}&order=newest&limit=1&outcomes=false`,
  )
  const done = runs.filter(({ version }) => version !== null)
  const tabs = ['traffic', 'performance', 'versions', 'inputs', 'parity', 'predictions', 'request', 'definition']
  const modelTabs = ['checks', 'lineage', 'versions', 'definition']
  return [
    { name: 'overview', path: '/' },
    ...tabs.map((tab) => ({ name: `deployment-${tab}`, path: `/deployments/${main.name}?tab=${tab}` })),
    ...deployments
      .filter((one) => one !== main)
      .map(({ name }) => ({ name: `deployment-of-fallbacks-${name}`, path: `/deployments/${name}` })),
    ...predictions.map(({ prediction_id: id }) => ({ name: 'prediction', path: `/predictions/${id}` })),
    { name: 'models', path: '/models' },
    ...models.map(({ name }) => ({ name: `model-${name}`, path: `/models/${name}` })),
    ...modelTabs.map((tab) => ({ name: `model-${tab}`, path: `/models/${main.model}?tab=${tab}` })),
    { name: 'feature-views', path: '/feature-views' },
    ...views.slice(0, 1).map(({ name }) => ({ name: `feature-view-${name}`, path: `/feature-views/${name}` })),
    { name: 'runs', path: '/runs' },
    ...done.slice(0, 1).map(({ id }) => ({ name: 'run', path: `/runs/${id}` })),
    ...runs
      .filter(({ version }) => version === null)
      .slice(0, 1)
      .map(({ id }) => ({ name: 'run-stopped', path: `/runs/${id}` })),
    ...(done.length > 1
      ? [{ name: 'run-comparison', path: `/runs/compare?first=${done[1]?.id}&second=${done[0]?.id}` }]
      : []),
    { name: 'nothing', path: '/no/such/page' },
  ]
}

/** Opens every page by its address, at both widths and in both themes. */
export async function checkPages(
  tally: Tally,
  browser: Browser,
  url: string,
  screenshots: string | null,
  only: number | null = null,
): Promise<void> {
  if (screenshots !== null) mkdirSync(screenshots, { recursive: true })
  const pages = await everyPage(url)
  for (const width of only === null ? widths : [only]) {
    for (const { name, path } of pages) {
      await tally.check(`${name} at ${width} px, light and dark: whole, quiet, accessible`, async () => {
        const { page, faults, close } = await openPage(browser, url, { width })
        try {
          await page.goto(path)
          await settled(page)
          expect((await page.title()).endsWith('· Noonmark'), `its title is '${await page.title()}'`)
          const heading = (await page.locator('main h1').first().textContent())?.trim() ?? ''
          expect(heading !== '', 'it has a heading')
          const wrong: string[] = []
          for (const theme of themes) {
            await page.emulateMedia({ colorScheme: theme })
            await until(page, `document.documentElement.dataset.theme === '${theme}'`)
            await page.waitForTimeout(100)
            const over = await sidewaysOverflow(page)
            if (over > 0) wrong.push(`${theme}: it reaches ${over} px beyond its window`)
            wrong.push(...(await axeFaults(page)).map((fault) => `${theme}: ${fault}`))
            if (screenshots !== null)
              await page.screenshot({ path: join(screenshots, `${name}-${width}-${theme}.png`), fullPage: true })
          }
          wrong.push(...faults)
          expect(wrong.length === 0, wrong.join('\n'))
        } finally {
          await close()
        }
      })
    }
  }
}
