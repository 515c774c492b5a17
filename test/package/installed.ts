/**
 * Goal: the package works as a user installs it. Method: pack it, install the tarball into an empty folder outside the checkout,
 * with a project of a few lines there, and use the command line and the library from the build alone.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'noonmark-package-'))
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

function expect(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`it does not hold: ${sentence}`)
  console.log(`ok: ${sentence}`)
}

try {
  run('npm', ['pack', '--silent', '--pack-destination', folder], root)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'user-project',
      private: true,
      type: 'module',
      dependencies: { noonmark: `file:./${tarball}` },
      allowScripts: { 'better-sqlite3': false, esbuild: false, lmdb: false, 'msgpackr-extract': false },
    }),
  )
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], folder)
  expect(!readdirSync(join(folder, 'node_modules/noonmark')).includes('src'), 'the package has the build and no source')

  mkdirSync(join(folder, 'features'))
  mkdirSync(join(folder, 'data'))
  writeFileSync(
    join(folder, 'data/visits.csv'),
    'shop,amount,visited_at\nnorth,3.5,2026-01-01T10:00:00Z\nnorth,4.5,2026-01-01T11:00:00Z\n',
  )
  writeFileSync(
    join(folder, 'noonmark.config.ts'),
    "import { defineConfig } from 'noonmark'\nexport default defineConfig({ project: 'shops' })\n",
  )
  writeFileSync(
    join(folder, 'features/shop.ts'),
    `import { count, entity, featureView, float, source, string, sum, timestamp } from 'noonmark'
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
  )
  const noonmark = (...args: readonly string[]): unknown =>
    JSON.parse(
      run(process.execPath, [join(folder, 'node_modules/noonmark/bin/noonmark.js'), ...args, '--json'], folder),
    )
  const applied = noonmark('apply', '--yes') as { changed: boolean }
  expect(applied.changed, 'a project is applied')
  const looked = noonmark(
    'features',
    'lookup',
    'shop_visits',
    '--key',
    'shop=north',
    '--at',
    '2026-01-01T12:00:00Z',
  ) as {
    features: Record<string, { value: unknown }>
  }
  expect(
    looked.features.visits_1d?.value === 2 && looked.features.amount_1d?.value === 8,
    'features are computed from its CSV',
  )
  const doctor = noonmark('doctor', '--port', '0') as { ok: boolean }
  expect(doctor.ok, 'the doctor finds nothing to mend')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
