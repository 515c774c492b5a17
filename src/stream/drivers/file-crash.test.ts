import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppendRow, LogName, LogRow, StreamLog } from '../stream-log.ts'
import { openFileLogReader, openFileStreamLog } from './file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stream-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const name: LogName = { project: 'flights', source: 'landings' }
const segmentPath = (firstOffset: number) =>
  join(folder, 'flights', 'landings', `${String(firstOffset).padStart(16, '0')}.segment`)

function row(id: string, eventMs = 0): AppendRow {
  const body = new TextEncoder().encode(`row ${id}`)
  return { id, eventMs, availableMs: eventMs, content: body, body }
}

/** A writer process: eight callers append two rows a call and report each acknowledged id, a ninth reports published frontiers. */
const writer = `
  import { writeSync } from 'node:fs'
  const [folder, run, startMs, fileUrl] = process.argv.slice(1)
  const { openFileStreamLog } = await import(fileUrl)
  let nowMs = Number(startMs)
  const log = await openFileStreamLog({ folder, clock: { now: () => (nowMs += 1) }, rollBytes: 20_000 })
  const name = { project: 'flights', source: 'landings' }
  const row = (id) => {
    const body = new TextEncoder().encode('row ' + id)
    return { id, eventMs: 0, availableMs: 0, content: body, body }
  }
  for (let caller = 0; caller < 8; caller += 1) {
    void (async () => {
      for (let count = 0; ; count += 1) {
        const id = [run, caller, count].join('-')
        const { receivedMs } = await log.append(name, [row(id + 'a'), row(id + 'b')])
        writeSync(1, 'ack ' + id + 'a ' + receivedMs + '\\nack ' + id + 'b ' + receivedMs + '\\n')
      }
    })()
  }
  for (;;) {
    const { frontierMs } = await log.advance(name)
    writeSync(1, 'frontier ' + frontierMs + ' 0\\n')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
`

interface Reported {
  readonly acknowledged: string[]
  readonly frontierMs: number
}

/** Lets a writer process run until it has reported this many acknowledged rows, kills it, and returns all that it reported. */
async function runAndKill(run: number, startMs: number, acknowledged: number): Promise<Reported> {
  const fileUrl = new URL('./file.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', writer, folder, `${run}`, `${startMs}`, fileUrl],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const closed = once(child, 'close')
  let output = ''
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
    if (output.split('ack').length > acknowledged) child.kill('SIGKILL')
  })
  await closed
  const reports = output
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
  const frontiers = reports.filter(([kind]) => kind === 'frontier').map(([, ms]) => Number(ms))
  return {
    acknowledged: reports.flatMap(([kind, id]) => (kind === 'ack' && id !== undefined ? [id] : [])),
    frontierMs: Math.max(...frontiers),
  }
}

async function readAll(log: Pick<StreamLog, 'read'>): Promise<LogRow[]> {
  const rows: LogRow[] = []
  for (;;) {
    const piece = await log.read(name, { from: rows.length, limit: 1_000 })
    if (piece.length === 0) return rows
    rows.push(...piece)
  }
}

describe('a file log whose writer is killed', () => {
  it('has every acknowledged row once, each call whole, and stamps none before a frontier that was published', async () => {
    const runs: Reported[] = []
    // Each run's clock starts before the last one's, as a clock that was set back would.
    for (let run = 0; run < 5; run += 1) runs.push(await runAndKill(run, 1_000_000 - run * 1_000, 150 + run * 130))
    const log = await openFileStreamLog({ folder, clock: { now: () => 0 } })
    const rows = await readAll(log)
    const ids = rows.map((stored) => stored.id)
    expect(new Set(ids).size).toBe(ids.length)
    const acknowledged = runs.flatMap((run) => run.acknowledged)
    expect(acknowledged.length).toBeGreaterThan(500)
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([])
    for (const id of ids) expect(ids).toContain(id?.endsWith('a') ? id.replace(/a$/, 'b') : id?.replace(/b$/, 'a'))
    expect(rows.map((stored) => stored.receivedMs)).toEqual(
      rows.map((stored) => stored.receivedMs).sort((a, b) => a - b),
    )
    for (const [run, { frontierMs }] of runs.entries()) {
      const later = rows.filter((stored) => Number(stored.id?.split('-')[0]) > run)
      for (const stored of later) expect(stored.receivedMs).toBeGreaterThanOrEqual(frontierMs)
    }
    const again = await log.append(
      name,
      acknowledged.map((id) => row(id)),
    )
    expect(again).toMatchObject({ accepted: 0, duplicates: acknowledged.length })
    await log.close()
  })
})

describe('a file log on disk', () => {
  const clock = { now: () => 1_000 }

  it('reports the tail that a crash tore, and goes on', async () => {
    const log = await openFileStreamLog({ folder, clock })
    await log.append(name, [row('a')])
    await log.close()
    await appendFile(segmentPath(0), 'half a record')
    const recoveries: unknown[] = []
    const again = await openFileStreamLog({ folder, clock, onRecovery: (...recovery) => recoveries.push(recovery) })
    expect(recoveries).toEqual([[name, { path: segmentPath(0), truncatedBytes: 13 }]])
    expect(await again.append(name, [row('a'), row('b')])).toMatchObject({ accepted: 1, duplicates: 1 })
    await again.close()
  })

  it('refuses a damaged log by naming segment and byte, while other sources go on', async () => {
    const other = { project: 'flights', source: 'departures' }
    const log = await openFileStreamLog({ folder, clock })
    for (const id of ['a', 'b', 'c']) await log.append(name, [row(id)])
    await log.append(other, [row('a')])
    await log.close()
    const damaged = await readFile(segmentPath(0))
    damaged[60] = 0xff
    await writeFile(segmentPath(0), damaged)
    const again = await openFileStreamLog({ folder, clock })
    expect(await again.append(other, [row('b')])).toMatchObject({ accepted: 1 })
    for (const call of [() => again.append(name, [row('d')]), () => again.read(name, { from: 0, limit: 1 })]) {
      await expect(call()).rejects.toMatchObject({
        code: 'segment_damaged',
        message: expect.stringContaining(`${segmentPath(0)} is damaged at byte 40`),
      })
    }
    await again.close()
  })

  it('takes one writer at a time', async () => {
    const log = await openFileStreamLog({ folder, clock })
    await expect(openFileStreamLog({ folder, clock })).rejects.toMatchObject({ code: 'folder_locked' })
    await log.close()
    await (await openFileStreamLog({ folder, clock })).close()
  })

  it('takes rows again after a write that failed, and none of the failed call is there', async () => {
    const log = await openFileStreamLog({ folder, clock, rollBytes: 1 })
    await log.append(name, [row('a')])
    await writeFile(segmentPath(1), 'in the way')
    const calls = [log.append(name, [row('b')]), log.append(name, [row('b'), row('c')])]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'log_unavailable' })
    await rm(segmentPath(1))
    expect(await log.append(name, [row('a'), row('b')])).toMatchObject({ accepted: 1, duplicates: 1 })
    expect((await readAll(log)).map((stored) => stored.id)).toEqual(['a', 'b'])
    await log.close()
  })

  it('can be read without the lock while it is written', async () => {
    const log = await openFileStreamLog({ folder, clock, rollBytes: 300 })
    const reader = openFileLogReader({ folder })
    expect(await reader.sources()).toEqual([])
    expect(await reader.read(name, { from: 0, limit: 10 })).toEqual([])
    for (let count = 0; count < 20; count += 1) {
      await log.append(name, [row(`${count}a`), row(`${count}b`)])
      expect(await reader.extent(name)).toEqual({ firstOffset: 0, nextOffset: count * 2 + 2 })
      expect(await reader.read(name, { from: count, limit: 10 })).toEqual(
        await log.read(name, { from: count, limit: 10 }),
      )
    }
    expect(await readAll(reader)).toEqual(await readAll(log))
    expect(await reader.sources()).toEqual([name])
    await reader.close()
    await log.close()
  })
})
