// Goal: `noonmark test` and `noonmark doctor` say what is wrong with a project, where, and how to mend it, and nothing where nothing
// is. Method: a project that is well, then one thing broken at a time.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/platform/doctor.ts'
import type { ProjectTest } from '../../src/platform/project-tests.ts'
import { noonmark } from './command-line.ts'
import { historyTo, iso, projectFiles, removeProject, writeProject } from './small-project.ts'

const base = projectFiles()
const clock = ['--clock', iso(historyTo)]
const [shop, late] = ['features/shop.ts', 'models/late.ts']
/** With expectations, a bound on the age of rows, and an example. */
const well = {
  ...base,
  [shop]: base[shop]!.replace(
    "eventTime: 'delivered_at',",
    "$& freshness: '2d', expect: (row) => ({ a_shop_is_named: row.shop.isNotNull(), no_delay_of_days: row.delay_minutes.lt(600) }),",
  ),
  [late]: base[late]!.replace('import { ', 'import { example, ').replace(
    'checks: [',
    "checks: [example('heavy is late', { kilograms: 19, shop_late_share_7d: 1 }, { atLeast: 0.4 }), ",
  ),
}

let scratch: string
let trained: string
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'noonmark-own-'))
  trained = writeProject(well)
  expect((await noonmark(trained, ['apply', '--yes', ...clock])).code).toBe(0)
  const row = { order_id: 'sent-1', shop: 'cph', delay_minutes: 3, delivered_at: iso(historyTo - 60_000) }
  const events = join(scratch, 'events.jsonl')
  writeFileSync(events, JSON.stringify(row))
  expect((await noonmark(trained, ['ingest', 'deliveries', events, ...clock])).code).toBe(0)
  const run = await noonmark(trained, ['train', 'late', ...clock])
  expect([run.code, run.error]).toEqual([0, expect.anything()])
}, 120_000)
afterAll(() => {
  removeProject(scratch)
  removeProject(trained)
})

/** A copy of the trained project with some files changed. */
function copy(name: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = join(scratch, name)
  cpSync(trained, folder, { recursive: true })
  return writeProject(files, folder)
}

describe('noonmark test', () => {
  const tested = async (folder: string, args = clock) => {
    const { code, out } = await noonmark(folder, ['test', '--json', ...args])
    const { tests } = JSON.parse(out) as { tests: ProjectTest[] } // what the verb prints
    return { code, failed: tests.filter(({ outcome }) => outcome === 'failed'), tests }
  }

  it('passes where everything holds, the examples of the latest version included', async () => {
    const { code, failed, tests } = await tested(trained)
    expect(failed).toEqual([])
    expect(code).toBe(0)
    expect(new Set(tests.map(({ test }) => test))).toEqual(
      new Set(['definitions', 'types', 'data', 'expectation', 'freshness', 'example']),
    )
    expect(tests.find(({ test }) => test === 'example')).toMatchObject({ subject: 'late:1', outcome: 'passed' })
  })

  const broken: readonly [what: string, files: Record<string, string>, failure: Partial<ProjectTest>, at: string][] = [
    [
      'a row that breaks an expectation',
      { [shop]: well[shop]!.replace('lt(600)', 'lt(-10)') },
      { test: 'expectation', subject: 'source deliveries > no_delay_of_days' },
      `${shop}:`,
    ],
    [
      'a value of another type',
      { 'data/deliveries.csv': `${base['data/deliveries.csv']}x1,cph,soon,2026-01-01T00:00:00Z\n` },
      { test: 'data', subject: 'source deliveries' },
      `${shop}:`,
    ],
    [
      'an example that the latest version does not follow',
      { [late]: well[late]!.replace('atLeast: 0.4', 'atMost: 0.001') },
      { test: 'example', subject: 'late:1' },
      `${late}:`,
    ],
    ['a definition that does not load', { [shop]: `${well[shop]}\nexport const` }, { test: 'definitions' }, `${shop}:`],
  ]
  it.each(broken)('names %s', async (what, files, failure, at) => {
    const { code, failed } = await tested(copy(what.replaceAll(' ', '-'), files))
    expect(code).toBe(1)
    expect(failed).toMatchObject([{ ...failure, at: expect.stringContaining(at), mend: expect.stringMatching(/\w/) }])
  })

  it('names a source whose rows stopped to come', async () => {
    const { code, failed } = await tested(trained, ['--clock', iso(historyTo + 5 * 86_400_000)])
    expect(code).toBe(1)
    expect(failed).toMatchObject([{ test: 'freshness', detail: expect.stringContaining('5.0 days ago') }])
  })
})

describe('noonmark doctor', () => {
  const examined = async (folder: string) => {
    const { code, out } = await noonmark(folder, ['doctor', '--json', '--port', '0'])
    const { findings } = JSON.parse(out) as { findings: Finding[] } // what the verb prints
    return { code, findings, broken: findings.filter(({ ok }) => !ok) }
  }
  /** Turns one byte in the middle of a file around. */
  const spoil = (path: string): void => {
    const bytes = readFileSync(path)
    const at = Math.floor(bytes.length * 0.6)
    bytes[at] = bytes[at]! ^ 0xff
    writeFileSync(path, bytes)
  }
  const firstFile = (folder: string, ending: RegExp): string =>
    join(
      folder,
      readdirSync(folder, { recursive: true })
        .map(String)
        .find((name) => ending.test(name))!,
    )

  it('finds nothing to mend where nothing is broken', async () => {
    const { code, findings, broken } = await examined(trained)
    expect(broken).toEqual([])
    expect(code).toBe(0)
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining('node disk folder port metadata stream online log project clock blobs data'.split(' ')),
    )
    expect(findings.find(({ check }) => check === 'stream')?.detail).toContain('1 received rows in 1 log')
  })

  it.each([
    ['a blob', 'blobs', (folder: string) => spoil(firstFile(join(folder, '.noonmark/blobs'), /[0-9a-f]{60}$/))],
    [
      'a segment of received rows',
      'stream',
      (folder: string) => spoil(firstFile(join(folder, '.noonmark/stream'), /\.segment$/)),
    ],
    ['a source file that is gone', 'data', (folder: string) => rmSync(join(folder, 'data/deliveries.csv'))],
    [
      'the metadata store',
      'metadata',
      (folder: string) =>
        writeFileSync(join(folder, '.noonmark/metadata.sqlite'), 'SQLite format 3\0 and then nothing'),
    ],
    [
      'what a server left that is gone',
      'port',
      (folder: string) =>
        writeFileSync(join(folder, '.noonmark/server.json'), '{"url":"http://127.0.0.1:1","pid":999999999}'),
    ],
    ['a definition', 'project', (folder: string) => writeFileSync(join(folder, shop), 'export const')],
  ])('names %s', async (what, check, spoiled) => {
    const folder = copy(`doctor-${what.replaceAll(' ', '-')}`)
    spoiled(folder)
    const { code, broken } = await examined(folder)
    expect(code).toBe(1)
    expect(broken.map((one) => one.check)).toContain(check)
    for (const { detail, mend } of broken)
      expect([detail, mend]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)])
  })
})
