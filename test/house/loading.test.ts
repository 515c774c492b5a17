// Goal: a process loads the engines that it uses and no others. Method: import an entry in a process of its own and write down
// every module of a package that comes with it.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

const script = `
  import { registerHooks } from 'node:module'
  const found = new Set()
  registerHooks({
    load(url, context, next) {
      const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]
      if (name !== undefined) found.add(name)
      return next(url, context)
    },
  })
  await import(process.argv[1])
  console.log(JSON.stringify([...found]))
`

/** The packages that importing a file of the source loads. */
function packagesOf(file: string): string[] {
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', script, root + file], { encoding: 'utf8' })
  return JSON.parse(text)
}

describe('what is loaded', () => {
  it('is seen at all', () => {
    expect(packagesOf('platform/serving.ts')).toContain('fastify')
    expect(packagesOf('offline/drivers/duckdb-work.ts')).toContain('@duckdb/node-api')
  })

  it('has no DuckDB where requests are answered, nor in the composition root before it is asked for an engine', () => {
    for (const file of ['platform/serving.ts', 'platform.ts', 'platform/writing.ts']) {
      const duckdb = packagesOf(file).filter((name) => name.startsWith('@duckdb/'))
      expect([file, ...duckdb]).toEqual([file])
    }
  })

  it('has no test library in what users import, nor in any process', () => {
    for (const file of [
      'index.ts',
      'testing/index.ts',
      'platform.ts',
      'platform/serving.ts',
      'platform/operations.ts',
      'cli/commands/index.ts',
    ]) {
      const test = packagesOf(file).filter((name) => /^(@?vitest|fast-check)/.test(name))
      expect([file, ...test]).toEqual([file])
    }
  })

  it('is no package at all for definitions', () => {
    expect(packagesOf('index.ts')).toEqual([])
  })
})
