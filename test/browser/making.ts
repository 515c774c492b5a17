import type { Browser, Page } from 'playwright-core'
import { openPage, settled, type WatchedPage } from './browser.ts'
import { eventually, expect, type Tally } from './tally.ts'

/** How long a run of a few trees may take on a busy machine. */
const runMs = 300_000

/** Where models come from: features, versions with what decided them, runs from their start in the page to their end. */
export async function checkMaking(tally: Tally, browser: Browser, url: string): Promise<void> {
  const { feature_views: views, models } = (await (await fetch(`${url}/v1/overview`)).json()) as {
    feature_views: { name: string; features: string[]; models: string[] }[]
    models: { name: string; versions: number; latest: { version: string } | null }[]
  } // the platform's own answer
  const model = models.find(({ latest }) => latest !== null)
  const view = views.find((one) => model !== undefined && one.models.includes(model.name))
  expect(model !== undefined && view !== undefined, 'the project has a trained model that reads a feature view')
  const open = async (path: string): Promise<WatchedPage> => {
    const watched = await openPage(browser, url, { width: 1280 })
    await watched.page.goto(path)
    await settled(watched.page)
    return watched
  }
  const quiet = ({ faults }: WatchedPage): void => expect(faults.length === 0, faults.join('\n'))

  await tally.check('a feature is chosen, then an entity, and both stand in the address', async () => {
    const watched = await open(`/feature-views/${view.name}`)
    const { page } = watched
    const feature = view.features.at(-1) ?? ''
    await page.getByRole('region', { name: 'Features' }).getByRole('link', { name: feature, exact: true }).click()
    await page.waitForURL(`**feature=${feature}`)
    await page.getByRole('figure', { name: new RegExp(`^Distribution of ${feature} `) }).waitFor()
    const known = await page.locator('datalist option').first().getAttribute('value')
    expect(known !== null, 'entities of recent predictions are proposed')
    const key = page.locator('input[list]')
    await key.fill(known)
    await key.press('Enter')
    await page.reload()
    await settled(page)
    await page.getByRole('figure', { name: new RegExp(`^${view.name}:${feature} of \\S+ over time$`) }).waitFor()
    quiet(watched)
    await watched.close()
  })

  await tally.check('who uses a feature view leads to the model, the version and the deployment', async () => {
    const watched = await open(`/feature-views/${view.name}`)
    const picture = watched.page.getByRole('region', { name: `Who uses ${view.name}`, exact: true }).last()
    expect((await picture.getByRole('link', { name: /^deployment/ }).count()) > 0, 'it reaches down to a deployment')
    await picture.getByRole('link', { name: new RegExp(`^model ?${model.name}`) }).click()
    await watched.page.waitForURL(`**/models/${model.name}`)
    quiet(watched)
    await watched.close()
  })

  await tally.check('a version is chosen, its tab too, and a link leads back to both', async () => {
    const watched = await open(`/models/${model.name}`)
    const { page } = watched
    await page.getByRole('combobox', { name: 'Version' }).selectOption('1')
    await page.waitForURL('**version=1')
    await page.getByRole('tab', { name: /^Checks/ }).click()
    await page.waitForURL('**tab=checks')
    await page.reload()
    await settled(page)
    await page.getByRole('heading', { name: new RegExp(`^${model.name}:1 `) }).waitFor()
    const verdicts = page.getByRole('tabpanel').locator('details')
    await verdicts.first().locator('summary').press('Enter')
    expect((await verdicts.first().getAttribute('open')) !== null, 'what decided a check opens by the keyboard')
    await page.getByRole('tab', { name: 'Data and lineage' }).click()
    const picture = page.getByRole('region', { name: `What ${model.name}:1 is made of`, exact: true })
    for (const kind of ['file', 'source', 'feature view', 'training set', 'run', 'version'])
      expect((await picture.getByText(new RegExp(`^${kind}`)).count()) > 0, `the picture has a ${kind}`)
    await page.getByRole('tab', { name: 'Performance' }).click()
    for (const name of [/^ROC curve/, /^Calibration/, /^AUC of .* by /])
      await page.getByRole('figure', { name }).locator('svg').first().waitFor()
    quiet(watched)
    await watched.close()
  })

  await tally.check('a training is started with other parameters, and watched until it ends', async () => {
    const watched = await open(`/models/${model.name}`)
    const { page } = watched
    await page.getByRole('button', { name: 'Train' }).click()
    const trees = page.getByRole('textbox', { name: 'trees', exact: true })
    await trees.fill('0')
    const start = page.getByRole('button', { name: 'Start the run' })
    expect(await start.isDisabled(), 'a value out of range is refused before it is sent')
    await trees.fill('3')
    await start.click()
    await page.waitForURL('**/runs/*')
    await page.getByRole('progressbar').waitFor()
    await page.getByText(/^run \w+ of /).waitFor()
    await eventually('the run ended', async () => (await page.getByRole('progressbar').count()) === 0, runMs)
    await settled(page)
    await page.getByRole('figure', { name: /^Mean log loss after each iteration/ }).waitFor()
    await page.getByText('complete').waitFor()
    await page.getByText('Show 3 iterations').waitFor()
    quiet(watched)
    await watched.close()
  })

  await tally.check('two runs of the list are held against each other', async () => {
    const watched = await open(`/runs?model=${model.name}`)
    const { page } = watched
    const ticks = page.getByRole('checkbox')
    await ticks.nth(0).check()
    await ticks.nth(1).check()
    await page.getByRole('link', { name: 'Compare the two' }).click()
    await page.waitForURL('**/runs/compare?first=*&second=*')
    await settled(page)
    const first = await chosenRun(page, 'First')
    await page.getByRole('button', { name: 'Swap the two' }).click()
    await eventually('they are swapped', async () => (await chosenRun(page, 'Second')) === first)
    await page.getByRole('region', { name: /differences?, as a table$/ }).waitFor()
    quiet(watched)
    await watched.close()
  })

  await tally.check('a run, a model and a feature view that are not there are said', async () => {
    for (const path of ['/runs/nothing', '/models/nothing', '/feature-views/nothing']) {
      const { page, close } = await openPage(browser, url, { width: 1280 })
      await page.goto(path)
      const alert = page.locator('main [role=alert]')
      await alert.waitFor()
      expect(((await alert.textContent()) ?? '').includes('nothing'), `${path} says what was asked for`)
      await close()
    }
  })
}

const chosenRun = (page: Page, label: string): Promise<string> =>
  page.getByRole('combobox', { name: label }).inputValue()
