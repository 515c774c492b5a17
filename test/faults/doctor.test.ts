// Goal: what a hint promises of `noonmark doctor` is what it shows, it finds nothing where nothing is wrong, and a metadata store
// that another process keeps locked is waited for, or named.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noonmark } from '../e2e/command-line.ts'
import { removeProject } from '../e2e/small-project.ts'
import { change, copyOf, cutTo, filesOf, flipAt, type LivedProject, livedProject } from './lived-project.ts'

interface Findings {
  readonly ok: boolean
  readonly findings: readonly { check: string; ok: boolean; detail: string; mend: string | null }[]
}

let lived: LivedProject
const copies: string[] = []

beforeAll(async () => {
  lived = await livedProject(12)
})

afterAll(() => {
  for (const folder of [lived?.folder, ...copies]) if (folder !== undefined) removeProject(folder)
})

function copied(): string {
  const folder = copyOf(lived.folder)
  copies.push(folder)
  return folder
}

/** What is not well, by check. */
async function doctor(folder: string): Promise<Readonly<Record<string, string>>> {
  const { code, out } = await noonmark(folder, ['doctor', '--port', '0', '--json'])
  const { ok, findings }: Findings = JSON.parse(out)
  expect(code).toBe(ok ? 0 : 1)
  const wrong = findings.filter((one) => !one.ok)
  for (const { mend } of wrong) expect(mend).toMatch(/\w/)
  return Object.fromEntries(wrong.map(({ check, detail }) => [check, detail]))
}

describe.concurrent('a doctor', () => {
  it('finds a project that has lived well', async () => {
    expect(await doctor(lived.folder)).toEqual({})
  })

  it('shows what of damaged logs can still be read', async () => {
    const folder = copied()
    const received = filesOf(folder, 'stream', /\.segment$/)[0]!
    const predicted = filesOf(folder, 'predictions', /\.segment$/)[0]!
    change(received, cutTo(0.5))
    change(predicted, flipAt(3000))
    const found = await doctor(folder)
    expect(Object.keys(found)).toEqual(['stream', 'log'])
    expect(found.stream).toContain(received)
    expect(found.stream).toMatch(/lost: records \d+ to 11\. \d+ received rows can be read/)
    expect(found.log).toContain(predicted)
    expect(found.log).toMatch(/lost: record \d+\. 11 records can be read/)
  })

  it('names the damaged blob of the manifest', async () => {
    const folder = copied()
    const manifests = filesOf(folder, 'blobs', /[0-9a-f]{64}$/).filter((path) =>
      readFileSync(path).includes('"featureViews"'),
    )
    for (const path of manifests) change(path, flipAt(30))
    const found = await doctor(folder)
    expect(Object.keys(found)).toEqual(['project', 'blobs'])
    expect(found.project).toMatch(/The blob [0-9a-f]{64} is damaged/)
    expect(manifests.some((path) => found.project!.includes(path))).toBe(true)
    for (const path of manifests) expect(found.blobs).toContain(path)
  })

  it('says of a damaged metadata store that it is, and which other stores are whole', async () => {
    const folder = copied()
    const file = join(folder, '.noonmark/metadata.sqlite')
    change(file, cutTo(0.5))
    const found = await doctor(folder)
    expect(Object.keys(found)).toEqual(['metadata', 'project'])
    expect(found.metadata).toContain(`${file} is damaged`)
  })
})

/** Locks a metadata store as another program could; call what is returned to let go. */
async function lock(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, '.noonmark/metadata.sqlite')
  const worker = new Worker(
    `const { parentPort, workerData: { file, driver } } = require('node:worker_threads')
     const database = new (require(driver))(file)
     database.exec('BEGIN EXCLUSIVE')
     parentPort.postMessage('locked')
     parentPort.once('message', () => { database.exec('ROLLBACK'); database.close(); parentPort.close() })`,
    { eval: true, workerData: { file, driver: createRequire(import.meta.url).resolve('better-sqlite3') } },
  )
  await once(worker, 'message')
  const ended = once(worker, 'exit')
  return async () => {
    worker.postMessage('end')
    await ended
  }
}

describe.concurrent('a metadata store that another process has locked', () => {
  it('is waited for', async () => {
    const folder = copied()
    const unlock = await lock(folder)
    const listed = noonmark(folder, ['versions', 'list'])
    await sleep(1500)
    await unlock()
    const { code, out, error } = await listed
    expect(code, error).toBe(0)
    expect(out).toContain('late:1')
  })

  it('is named where it stays locked', async () => {
    const folder = copied()
    const unlock = await lock(folder)
    const { code, error } = await noonmark(folder, ['versions', 'list'])
    expect(code).toBe(1)
    expect(error).toContain(
      `Another process keeps the metadata store ${join(folder, '.noonmark/metadata.sqlite')} locked`,
    )
    expect(error).toContain(
      'mend: Try again; where it stays locked, end the process that has the file open. (store_busy)',
    )
    await unlock()
    expect((await noonmark(folder, ['versions', 'list'])).out).toContain('late:1')
  })
})
