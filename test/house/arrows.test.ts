// Goal: the rooms of ARCHITECTURE.md stay a house. Method: read every import in src/ and hold it against the table of arrows.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

/** What every room may import besides itself: the files at the root that know nothing of rooms. */
const ground = ['errors', 'clock', 'digest', 'log']

/** Room -> the rooms that it may import. A room that is not here fails the test: say where its walls are first. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  values: [],
  define: ['values'],
  artifact: [],
  segment: [],
  code: [],
  aggregate: ['values', 'define'],
  metadata: ['values'],
  blob: ['values', 'segment'],
  stream: ['values', 'segment'],
  offline: ['values', 'define', 'aggregate'],
  online: ['values', 'define', 'aggregate', 'segment'],
  plan: ['values', 'define', 'code', 'metadata', 'blob'],
  materialize: ['values', 'define', 'aggregate', 'segment', 'offline', 'online', 'stream'],
  registry: ['values', 'define', 'artifact', 'metadata', 'blob'],
  train: ['values', 'define', 'aggregate', 'artifact', 'code', 'offline', 'metadata', 'blob', 'registry'],
  serve: ['values', 'define', 'artifact', 'code', 'segment', 'online', 'registry'],
  starter: ['values', 'offline'],
  monitor: ['values', 'define', 'aggregate', 'offline', 'serve', 'train'],
}

/** Rooms that call rooms: they stand outside, and nothing but each other, the platform and the roots may import them. */
const outer = ['http', 'cli', 'platform', 'process', 'testing', 'index', 'chatops']

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(folder, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(folder, entry.name)]
        : [],
  )
}

const roomOf = (file: string): string => {
  const [first = ''] = relative(root, file).split('/')
  return first.replace(/\.ts$/, '')
}

interface Arrow {
  readonly from: string
  readonly to: string
}

const imports: Arrow[] = files(root).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) => ({
    from: file,
    to: resolve(dirname(file), match[1]!),
  })),
)

const isTest = (file: string): boolean => /\.test(-d)?\.ts$|conformance\.ts$|\/test\//.test(relative(root, file))
const name = (file: string): string => relative(root, file)

describe('the rooms', () => {
  it('reads the imports of the source', () => {
    expect(imports.length).toBeGreaterThan(100)
  })

  it('point inward only', () => {
    const wrong = imports
      .filter(({ from, to }) => !isTest(from) && roomOf(from) !== roomOf(to) && !ground.includes(roomOf(to)))
      .filter(({ from, to }) => {
        const room = roomOf(from)
        if (ground.includes(room)) return roomOf(to) !== 'values'
        if (room === 'index') return roomOf(to) !== 'define'
        if (outer.includes(room)) return false
        return !(arrows[room] ?? []).includes(roomOf(to))
      })
      .map(({ from, to }) => `${name(from)} -> ${name(to)}`)
    expect(wrong).toEqual([])
  })

  it('reach the composition root from the command line and the test platform only', () => {
    const wrong = imports
      .filter(
        ({ from, to }) =>
          roomOf(to) === 'platform' &&
          !['cli', 'process', 'testing', 'platform'].includes(roomOf(from)) &&
          !isTest(from),
      )
      .map(({ from }) => name(from))
    expect(wrong).toEqual([])
  })

  it('keep node out of values, definitions and artifacts', () => {
    const wrong = files(root)
      .filter((file) => ['values', 'define', 'artifact'].includes(roomOf(file)) && !isTest(file))
      .filter((file) => /from 'node:/.test(readFileSync(file, 'utf8')))
      .map(name)
    expect(wrong).toEqual([])
  })

  it('load the driver of a store in the composition root and nowhere else: no index passes one on', () => {
    const isDriver = (file: string): boolean => /\/drivers\//.test(file)
    const wrong = imports
      .filter(({ from, to }) => isDriver(to) && !isDriver(from) && !isTest(from))
      .filter(({ from }) => !['platform', 'process', 'testing'].includes(roomOf(from)))
      .map(({ from, to }) => `${name(from)} -> ${name(to)}`)
    expect(wrong).toEqual([])
  })

  it('have no layer for a name', () => {
    const layers = /(^|\/)(utils?|helpers?|common|services?|misc|types|lib)(\/|\.ts$)/
    expect(
      files(root)
        .map(name)
        .filter((file) => layers.test(file)),
    ).toEqual([])
  })
})
