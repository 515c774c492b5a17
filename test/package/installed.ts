/**
 * Goal: the package works as a user installs it, with the Node of the machine. Method: pack it, install the tarball into an empty
 * folder outside of the checkout, and use the command line and the library from the build alone: a project of a few lines, and a
 * project from each template through its own scripts.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { templates } from '../../src/starter/templates.ts'
import { expect, freePort, run, startServer, withTarball } from './packed.ts'

const install = (folder: string): string =>
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], folder)

/** Writes files by path. */
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function smallProject(tarball: string, folder: string): void {
  write(folder, {
    'package.json': JSON.stringify({
      name: 'user-project',
      private: true,
      type: 'module',
      dependencies: { noonmark: `file:${tarball}` },
      allowScripts: { 'better-sqlite3': false, esbuild: false, lmdb: false, 'msgpackr-extract': false },
    }),
    'data/visits.csv': 'shop,amount,visited_at\nnorth,3.5,2026-01-01T10:00:00Z\nnorth,4.5,2026-01-01T11:00:00Z\n',
    'noonmark.config.ts':
      "import { defineConfig } from 'noonmark'\nexport default defineConfig({ project: 'shops' })\n",
    'features/shop.ts': `import { count, entity, featureView, float, source, string, sum, timestamp } from 'noonmark'
export const shop = entity('shop', { key: { shop: string() } })
export const visits = source('visits', {
  history: 'data/visits.csv',
  columns: { shop: string(), amount: float(), visited_at: timestamp() },
  eventTime: 'visited_at',
})
export const shopVisits = featureView('shop_visits', {
  entity: shop, source: visits,
  features: (row) => ({ visits_1d: count().over('1d'), amount_1d: sum(row.amount).over('1d') }),
})
`,
  })
  install(folder)
  expect(!readdirSync(join(folder, 'node_modules/noonmark')).includes('src'), 'the package has the build and no source')
  const noonmark = (...args: readonly string[]): unknown =>
    JSON.parse(
      run(process.execPath, [join(folder, 'node_modules/noonmark/bin/noonmark.js'), ...args, '--json'], folder),
    )
  const applied = noonmark('apply', '--yes') as { changed: boolean }
  expect(applied.changed, 'a project is applied')
  const asked = ['features', 'lookup', 'shop_visits', '--key', 'shop=north', '--at', '2026-01-01T12:00:00Z']
  const { features } = noonmark(...asked) as { features: Record<string, { value: unknown }> }
  expect(features.visits_1d?.value === 2 && features.amount_1d?.value === 8, 'features are computed from its CSV')
  const doctor = noonmark('doctor', '--port', '0') as { ok: boolean }
  expect(doctor.ok, 'the doctor finds nothing to mend')
}

/** Goes through what the README of a template's project says. */
async function templateProject(tarball: string, folder: string, name: string): Promise<void> {
  const { model, deployment, scripts } = templates.find((template) => template.name === name)!
  if (model === null || deployment === null) throw new Error(`the template ${name} has nothing to serve`)
  mkdirSync(folder)
  const init = ['--yes', `--package=${tarball}`, 'noonmark', 'init', 'mine', '--template', name]
  expect(run('npx', init, folder).includes('npm run dev'), `init makes a project from the template ${name}`)
  const mine = join(folder, 'mine')
  install(mine)
  const version = run('npm', ['exec', '--', 'node', '--version'], mine).trim()
  expect(/^v24\./.test(version), `its scripts run on its own Node ${version}`)
  expect(/\d+ passed, 0 failed/.test(run('npm', ['test'], mine)), 'its own tests pass')
  const port = await freePort()
  const dev = await startServer(`npm run dev -- --port ${port}`, mine)
  try {
    expect(run('npm', ['run', 'train'], mine).includes(`version ${model}:1`), 'its model trains and passes its checks')
    const deployed = run('npx', ['noonmark', 'deploy', `${model}:1`, '--to', deployment], mine)
    expect(deployed.includes('answers now'), 'dev takes the deployed version up')
    const url = `http://127.0.0.1:${port}`
    if (scripts.traffic !== undefined) run('npm', ['run', 'traffic', '--', url], mine)
    else run('npm', ['run', 'score', '--', 'data/due-today.csv', 'predictions.csv', url], mine)
    const report = JSON.parse(run('npx', ['noonmark', 'monitors', 'run', '--server', url, '--json'], mine))
    expect(report.parity.compared > 0 && report.parity.differing === 0, 'served values equal those of the tables')
    expect(JSON.stringify(report).includes(`${model}:1`), 'the version is watched')
    expect(/example .*behaves/.test(run('npm', ['test'], mine)), 'its examples are tested on the new version')
  } finally {
    await dev.stop()
  }
  if (name === 'batch')
    expect(
      readFileSync(join(mine, 'predictions.csv'), 'utf8').includes(',champion'),
      'the batch is scored by the champion',
    )
}

await withTarball(async (tarball, folder) => {
  smallProject(tarball, folder)
  for (const name of ['online', 'batch']) await templateProject(tarball, join(folder, name), name)
})
