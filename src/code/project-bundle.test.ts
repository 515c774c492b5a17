import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { noonmarkError } from '../errors.ts'
import { evaluateBundle } from './bundle-evaluation.ts'
import { bundleProject, type ProjectBundle } from './project-bundle.ts'
import { readSourceMap, sourceMapComment, withoutSourceMap } from './source-map.ts'

const folder = mkdtempSync(join(tmpdir(), 'noonmark-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let projects = 0

function write(files: Readonly<Record<string, string>>): string {
  const rootDir = join(folder, String(projects++))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(rootDir, name)), { recursive: true })
    writeFileSync(join(rootDir, name), text)
  }
  return rootDir
}

async function bundle(files: Readonly<Record<string, string>>, entries = Object.keys(files)): Promise<ProjectBundle> {
  const rootDir = write({ 'noonmark.js': 'export const entity = (name) => Object.freeze({ name })', ...files })
  return bundleProject({ rootDir, entries, noonmarkEntry: join(rootDir, 'noonmark.js') })
}

describe('a bundle', () => {
  it('maps each definition file to its exports, with noonmark not installed beside it', async () => {
    const { code } = await bundle({
      'features/airport.ts': "import { entity } from 'noonmark'\nexport const airport = entity('airport')",
      'models/delay.ts': "import { airport } from '../features/airport.ts'\nexport const uses: unknown = airport",
    })
    const found = await evaluateBundle(code)
    expect(Object.keys(found)).toEqual(['features/airport.ts', 'models/delay.ts'])
    expect(found['features/airport.ts']?.airport).toEqual({ name: 'airport' })
    expect(found['models/delay.ts']?.uses).toBe(found['features/airport.ts']?.airport)
  })

  it('takes in packages, and leaves modules of Node outside', async () => {
    const { code, inputs } = await bundle(
      {
        'a.ts': "import { join } from 'path'\nimport two from 'two'\nexport const x = join('a', String(two.value))",
        'node_modules/two/index.js': "const { sep } = require('node:path')\nmodule.exports = { value: 2 + sep }",
      },
      ['a.ts'],
    )
    expect((await evaluateBundle(code))['a.ts']?.x).toBe('a/2/')
    expect(inputs.map((path) => path.slice(path.indexOf('/', folder.length + 1) + 1))).toEqual([
      'a.ts',
      'node_modules/two/index.js',
    ])
  })

  it('keeps the text of functions', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is project code
    const { code } = await bundle({ 'a.ts': 'export const f = ({ x }: { x: number }) => `${x}` + /a/.source' })
    expect(code).toContain(String((await evaluateBundle(code))['a.ts']?.f))
  })

  it('is a fresh run at each evaluation', async () => {
    const { code } = await bundle({ 'a.ts': 'export const list: number[] = []\nlist.push(list.length)' })
    const first = await evaluateBundle(code)
    const second = await evaluateBundle(code)
    expect(first['a.ts']?.list).toEqual([0])
    expect(second['a.ts']?.list).not.toBe(first['a.ts']?.list)
  })

  it('has the digest of its code, wherever it lies and whatever its comments say', async () => {
    const plain = await bundle({ 'a.ts': 'export const x = 1' })
    const commented = await bundle({ 'a.ts': '// one\nexport const x = 1 // so' })
    const changed = await bundle({ 'a.ts': 'export const x = 2' })
    expect(commented.digest).toBe(plain.digest)
    expect(changed.digest).not.toBe(plain.digest)
  })

  it('works from absolute paths and without definition files', async () => {
    const rootDir = write({ 'a.ts': 'export const x = 1', 'noonmark.js': '' })
    const noonmarkEntry = join(rootDir, 'noonmark.js')
    const { code } = await bundleProject({ rootDir, entries: [join(rootDir, 'a.ts')], noonmarkEntry })
    expect(Object.keys(await evaluateBundle(code))).toEqual(['a.ts'])
    const empty = await bundleProject({ rootDir, entries: [], noonmarkEntry })
    expect(await evaluateBundle(empty.code)).toEqual({})
  })
})

describe('a project that cannot be loaded is refused with file, line and column', () => {
  const broken: [what: string, files: Readonly<Record<string, string>>, path: string, says: RegExp][] = [
    [
      'a mistake of syntax',
      { 'features/a.ts': 'export const x = 1\nexport const = 2' },
      'features/a.ts:2:14',
      /Expected identifier.*\n {4}export const = 2/,
    ],
    [
      'a missing file',
      { 'features/a.ts': "import { x } from './b.ts'\nexport const y = x" },
      'features/a.ts:1:19',
      /Could not resolve "\.\/b\.ts"/,
    ],
    ['a missing package', { 'a.ts': "import x from 'not-there'\nexport const y = x" }, 'a.ts:1:15', /not-there/],
    [
      'a missing export of noonmark',
      { 'a.ts': "import { entitty } from 'noonmark'\nexport const y = entitty('x')" },
      'a.ts:1:10',
      /entitty/,
    ],
    [
      'an error while loading',
      { 'a.ts': 'export const x = 1\nexport const y = (null as any).x' },
      'a.ts:2:32',
      /TypeError/,
    ],
    [
      'an error in a function called while loading',
      { 'a.ts': 'const make = () => {\n  throw new Error("no")\n}\nexport const y = make()' },
      'a.ts:2:9',
      /a\.ts:2:9: Error: no/,
    ],
  ]
  it.each(broken)('%s', async (_, files, path, says) => {
    const loading = bundle(files).then(({ code }) => evaluateBundle(code))
    await expect(loading).rejects.toMatchObject({ code: 'project_invalid', path, message: expect.stringMatching(says) })
  })

  it('an absent definition file, by its name', async () => {
    await expect(bundle({ 'a.ts': '' }, ['features/none.ts'])).rejects.toMatchObject({
      code: 'project_invalid',
      path: 'features/none.ts',
    })
  })

  it('every mistake at once', async () => {
    await expect(bundle({ 'a.ts': 'const', 'b.ts': 'const' })).rejects.toMatchObject({
      message: expect.stringMatching(/a\.ts:1.*b\.ts:1/s),
    })
  })

  it('an error out of our table keeps its code, and its path if it has one', async () => {
    const raise = { 'a.ts': "\n  globalThis.raiseForTest('definitions > x')", 'b.ts': '\n  globalThis.raiseForTest()' }
    Reflect.set(globalThis, 'raiseForTest', (path?: string) => {
      throw noonmarkError('duration_invalid', path === undefined ? {} : { path })
    })
    const load = (name: 'a.ts' | 'b.ts') => bundle({ [name]: raise[name] }).then(({ code }) => evaluateBundle(code))
    await expect(load('a.ts')).rejects.toMatchObject({ code: 'duration_invalid', path: 'definitions > x' })
    await expect(load('b.ts')).rejects.toMatchObject({ code: 'duration_invalid', path: 'b.ts:2:14' })
    Reflect.deleteProperty(globalThis, 'raiseForTest')
  })
})

describe('a source map', () => {
  it('is the same after reading and writing', async () => {
    const { code } = await bundle({
      'a.ts': 'export const x = 1\n\n\nexport const f = (r: { x: number }) =>\n  r.x +\n  x',
      'b.ts': 'export * from "./a.ts"',
    })
    const map = readSourceMap(code)
    expect(map?.sources).toContain('a.ts')
    expect(readSourceMap(map ? sourceMapComment(map) : '')).toEqual(map)
    expect(withoutSourceMap(code)).not.toContain('sourceMappingURL')
  })

  it('is none where there is none, or where it cannot be read', () => {
    expect(readSourceMap('var x')).toBeUndefined()
    expect(readSourceMap('//# sourceMappingURL=data:application/json;base64,@@@')).toBeUndefined()
  })
})
