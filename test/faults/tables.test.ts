// Goal: a file of a table that is gone or was changed after it was pinned, of history or of received rows, is named with its source
// and a way to mend it by whatever reads it, and costs nothing else. Method: a project whose next training and filling must read
// both; each file is harmed in turn.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noonmark, noonmarkJson, startServer, until } from '../e2e/command-line.ts'
import { removeProject } from '../e2e/small-project.ts'
import { change, clock, copyOf, cutTo, eventOf, filesOf, type LivedProject, livedProject } from './lived-project.ts'

let lived: LivedProject
const copies: string[] = []

beforeAll(async () => {
  lived = await livedProject(6)
  // Received rows become Parquet, and one more feature waits to be filled and trained on.
  await noonmarkJson(lived.folder, ['monitors', 'run', ...clock])
  const file = join(lived.folder, 'features/shop.ts')
  const before = '    deliveries_1d:'
  writeFileSync(file, readFileSync(file, 'utf8').replace(before, `    deliveries_5d: count().over('5d'),\n${before}`))
  await noonmarkJson(lived.folder, ['apply', '--yes', ...clock])
})

afterAll(() => {
  for (const folder of [lived?.folder, ...copies]) if (folder !== undefined) removeProject(folder)
})

const historyOf = (folder: string): string => join(folder, 'data/deliveries.csv')
const receivedOf = (folder: string): string => filesOf(folder, 'offline', /\.parquet$/)[0]!

const commands = [['train', 'late'], ['materialize'], ['monitors', 'run']] as const

/** What a running server leaves to commands, or does for them; it fills by itself. */
const asked = commands.filter(([verb]) => verb !== 'materialize')

describe.concurrent('a file of a table', () => {
  const harms = [
    ['of history that is gone', historyOf, rmSync, 'source_file_missing', 'Put the file back'],
    ['of history that was cut', historyOf, cut, 'source_file_changed', 'Put the file back'],
    ['of history of the same size', historyOf, alter, 'source_file_changed', 'Put the file back'],
    ['of received rows that is gone', receivedOf, rmSync, 'source_file_missing', 'Restore the file from a backup'],
    ['of received rows that was cut', receivedOf, cut, 'source_file_changed', 'Restore the file from a backup'],
  ] as const
  for (const [what, fileOf, harm, code, mend] of harms) {
    it(`${what} is named`, async () => {
      const folder = copyOf(lived.folder)
      copies.push(folder)
      const file = fileOf(folder)
      harm(file)
      for (const command of commands) {
        // What a history makes of the state is read from history alone.
        if (command[0] === 'materialize' && fileOf === receivedOf) continue
        const { code: exit, out, error } = await noonmark(folder, [...command, ...clock])
        expect(exit, `${command.join(' ')}: ${out}`).toBe(1)
        for (const part of ['source deliveries', file, `mend: ${mend}`, `(${code})`])
          expect(out + error).toContain(part)
      }
    })
  }
})

it('a server goes on answering, refuses what must read the file by name, and mends itself with it', async () => {
  const folder = copyOf(lived.folder)
  copies.push(folder)
  const kept = readFileSync(historyOf(folder))
  rmSync(historyOf(folder))
  const server = await startServer(folder, clock)
  try {
    await until('the filling to be named', () => server.output().includes(historyOf(folder)))
    expect(server.output()).toContain('source deliveries')
    for (const [i, command] of asked.entries()) {
      const { code, out, error } = await noonmark(folder, command)
      expect(code, command.join(' ')).toBe(1)
      for (const part of ['source deliveries', historyOf(folder), 'mend: Put the file back'])
        expect(out + error).toContain(part)
      const taken = await server.post('/v1/sources/deliveries/events', { events: [eventOf(`later-${i}`, 'cph')] })
      expect(taken).toMatchObject({ status: 200, json: { accepted: 1 } })
      const row = { order_id: `later-${i}`, shop: 'cph', kilograms: 3 }
      const answer = await server.post('/v1/moments/order/predictions', row)
      expect(answer).toMatchObject({
        status: 200,
        json: { results: { 'late-order': { answered_by: 'champion', logged: true } } },
      })
    }
    writeFileSync(historyOf(folder), kept)
    for (const command of asked) {
      const { code, error } = await noonmark(folder, command)
      expect(code, error).toBe(0)
    }
  } finally {
    await server.stop()
  }
})

function cut(file: string): void {
  change(file, cutTo(0.5))
}

function alter(file: string): void {
  change(file, (bytes) => Buffer.from(bytes.toString().replace('cph', 'dub')))
}
