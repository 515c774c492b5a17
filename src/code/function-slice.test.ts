import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { evaluateBundle } from './bundle-evaluation.ts'
import { type ProjectFunction, type SlicedFunction, sliceFunction } from './function-slice.ts'
import { bundleProject } from './project-bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'noonmark-slice-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const noonmark = `
  export const derive = (name, run) => ({ name, run })
  export const model = (name, definition) => Object.freeze({ name, ...definition })
`
let projects = 0

type Files = Readonly<Record<string, string>>

async function load(files: Files): Promise<{ code: string; find: (path: string) => ProjectFunction }> {
  const rootDir = join(folder, String(projects++))
  for (const [name, text] of Object.entries({ 'noonmark.js': noonmark, ...files })) {
    mkdirSync(dirname(join(rootDir, name)), { recursive: true })
    writeFileSync(join(rootDir, name), text)
  }
  const entries = Object.keys(files).filter((name) => name.startsWith('features/'))
  const { code } = await bundleProject({ rootDir, entries, noonmarkEntry: join(rootDir, 'noonmark.js') })
  const definitions = await evaluateBundle(code)
  const find = (path: string): ProjectFunction => {
    let value: unknown = definitions
    for (const step of path.split(' ')) value = Reflect.get(Object(value), step)
    if (typeof value !== 'function') throw new Error(`${path} is no function`)
    return value as ProjectFunction // typeof has just said so
  }
  return { code, find }
}

/** Slices the export `f` of `features/a.ts`. */
async function slice(file: string, more: Files = {}, path = 'features/a.ts f'): Promise<SlicedFunction> {
  const { code, find } = await load({ 'features/a.ts': file, ...more })
  return sliceFunction(code, find(path))
}

async function run({ source }: SlicedFunction, ...inputs: unknown[]): Promise<unknown> {
  const module = await import(
    /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`
  )
  return module.default(...inputs)
}

describe('a slice does what the function does in its project', () => {
  const laws: [what: string, file: string, input: unknown, output: unknown, more?: Files, path?: string][] = [
    ['an arrow', 'export const f = (r: { x: number }): number => r.x + 1', { x: 1 }, 2],
    [
      'an arrow with destructuring',
      'export const f = ({ x, y: { z = 4 } = {} as any, ...rest }) => [x, z, rest]',
      { x: 1, w: 2 },
      [1, 4, { w: 2 }],
    ],
    ['a function declaration', 'export function f(r) { return r.x * 2 }', { x: 4 }, 8],
    [
      'an async function',
      'const wait = () => new Promise((done) => setTimeout(done, 1))\nexport async function f(r) { await wait(); return r.x }',
      { x: 4 },
      4,
    ],
    ['an async arrow', 'export const f = async ({ x }) => (await Promise.resolve(x)) + 1', { x: 1 }, 2],
    ['a method', 'const two = 2\nexport const o = { f(r) { return r.x * two } }', { x: 3 }, 6, {}, 'features/a.ts o f'],
    ['an async method', 'export const o = { async f(r) { return r.x } }', { x: 3 }, 3, {}, 'features/a.ts o f'],
    [
      'a method with a text key',
      "export const o = { 'a-b'(r) { return r.x } }",
      { x: 3 },
      3,
      {},
      'features/a.ts o a-b',
    ],
    [
      'a method with a computed key',
      "const key = 'f'\nexport const o = { [key](r) { return r.x } }",
      { x: 3 },
      3,
      {},
      'features/a.ts o f',
    ],
    ['a static method', 'export class O { static f(r) { return r.x } }', { x: 3 }, 3, {}, 'features/a.ts O f'],
    [
      'a function inside a definition',
      "import { model, derive } from 'noonmark'\nconst k = 2\nexport const m = model('m', { inputs: [derive('d', (r) => r.x * k)] })",
      { x: 3 },
      6,
      {},
      'features/a.ts m inputs 0 run',
    ],
    ['recursion', 'export const f = (n) => (n <= 1 ? 1 : n * f(n - 1))', 5, 120],
    ['recursion of a declaration', 'export function f(n) { return n <= 1 ? 1 : n * f(n - 1) }', 5, 120],
    [
      'mutual recursion',
      'const even = (n) => n === 0 || odd(n - 1)\nconst odd = (n) => n !== 0 && even(n - 1)\nexport const f = (n) => even(n)',
      4,
      true,
    ],
    [
      'constants and helpers, transitively',
      'const k = 3\nconst times = (x) => x * k\nfunction twice(x) { return times(times(x)) }\nexport const f = ({ x }) => twice(x)',
      { x: 1 },
      9,
    ],
    [
      'default parameters that use a module constant',
      'const k = 3\nexport const f = ({ x }, add = k) => { var k = 100; return x + add }',
      { x: 1 },
      4,
    ],
    ['shadowing by a parameter', 'const k = 3\nexport const f = (k) => k', 7, 7],
    ['shadowing in a block', 'const k = 3\nexport const f = () => { { const k = 5; void k } return k }', null, 3],
    [
      'shadowing by var in a nested block',
      'const k = 3\nexport const f = () => { if (false) { var k = 5 } return k }',
      null,
      undefined,
    ],
    [
      'shadowing by catch, loop and class',
      'const e = 1, i = 2, C = 3\nexport const f = () => { try { throw 9 } catch (e) { void e } for (let i = 0; i < 1; i++); { class C {} void C } return [e, i, C] }',
      null,
      [1, 2, 3],
    ],
    [
      'classes',
      'class Scale { static base = 2; #k = Scale.base; times(x) { return x * this.#k } }\nclass Big extends Scale { times(x) { return super.times(x) * 10 } }\nexport const f = ({ x }) => new Big().times(x)',
      { x: 2 },
      40,
    ],
    [
      'a property named like a binding',
      'const helper = 5\nexport const f = (a) => a.helper + { helper: 1 }.helper + ({ helper }).helper',
      { helper: 1 },
      7,
    ],
    [
      'labels named like bindings',
      'const outer = 5\nexport const f = () => { let n = 0; outer: for (;;) { for (;;) { if (++n > 2) break outer } } return n + outer }',
      null,
      8,
    ],
    [
      'template literals',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is project code
      'const unit = "ms"\nexport const f = ({ x }) => `${x}${unit} \\`${`${unit}`}`',
      { x: 1 },
      '1ms `ms',
    ],
    [
      'tagged templates',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is project code
      'const tag = (parts, ...values) => parts.join("|") + values\nexport const f = ({ x }) => tag`a${x}b`',
      { x: 1 },
      'a|b1',
    ],
    [
      'imports of Node',
      "import { createHash } from 'node:crypto'\nimport path, { sep as separator } from 'path'\nimport * as os from 'node:os'\nexport const f = (x) => [createHash('md5').update(x).digest('hex').length, path.basename('a/b'), separator, typeof os.cpus]",
      'x',
      [32, 'b', '/', 'function'],
    ],
    [
      'generators and spread',
      'function* upTo(n) { for (let i = 0; i < n; i++) yield i }\nexport const f = (n) => [...upTo(n)]',
      3,
      [0, 1, 2],
    ],
    [
      'new.target and arguments',
      'function Made() { this.made = new.target !== undefined }\nexport const f = function () { return [new Made().made, arguments.length] }',
      1,
      [true, 1],
    ],
    ['destructured module constants', 'const { a, b: [c] } = { a: 1, b: [2] }\nexport const f = () => a + c', null, 3],
    ['enums', 'enum Size { small = 1, big = 2 }\nexport const f = () => Size.big', null, 2],
    ['top-level await', 'const k = await Promise.resolve(3)\nexport const f = () => k', null, 3],
    [
      'statements that fill a table',
      'const table = new Map()\ntable.set("a", 1)\nfor (const key of ["b"]) table.set(key, 2)\nexport const f = (key) => table.get(key)',
      'b',
      2,
    ],
    [
      'a table filled by a call in a declaration',
      'const table = {}\nconst fill = (t) => { t.a = 1; return 3 }\nconst filled = fill(table)\nexport const f = (key) => table[key]',
      'a',
      1,
    ],
    [
      'a table filled by a method in a declaration',
      'const list = []\nconst size = list.push(7)\nexport const f = () => list[0]',
      null,
      7,
    ],
    [
      'a variable set by a function that a statement calls',
      'let k = 1\nfunction set(v) { k = v }\nset(5)\nexport const f = () => k',
      null,
      5,
    ],
    [
      'a variable set by a function that a declaration calls',
      'let k = 1\nfunction set(v) { k = v; return v }\nconst twice = (v) => set(v) * 2\nconst y = twice(5)\nexport const f = () => k',
      null,
      5,
    ],
    [
      'a table filled by a function that a list calls',
      'const table = []\nconst put = (v) => table.push(v)\nconst sizes = [1, 2].map(put)\nexport const f = () => table',
      null,
      [1, 2],
    ],
    [
      'a table filled by a method of another object',
      'const table = []\nconst registry = { add(v) { table.push(v); return v } }\nconst one = registry.add(1)\nexport const f = () => table',
      null,
      [1],
    ],
    [
      'a package that a statement configures',
      "import halves from 'halves'\nhalves.extend(3)\nexport const f = (x) => halves.part(x)",
      9,
      3,
      {
        'node_modules/halves/index.js': 'let by = 2\nexports.extend = (b) => { by = b }\nexports.part = (x) => x / by',
      },
    ],
    [
      'a variable set by destructuring',
      'let k = 1, l = 1;\n[k, { l }] = [2, { l: 3 }]\nexport const f = () => k * 10 + l',
      null,
      23,
    ],
    [
      'an object extended later',
      'const o = {}\nObject.assign(o, { a: 1 })\no.b = 2\nexport const f = () => o.a + o.b',
      null,
      3,
    ],
    [
      'a global that the module sets',
      '(globalThis as any).noonmarkTestGlobal = 4\nexport const f = () => (globalThis as any).noonmarkTestGlobal',
      null,
      4,
    ],
    [
      'an enclosing block without captured variables',
      'export let f\n{ const unused = 1; f = (r) => r.x }',
      { x: 1 },
      1,
    ],
    [
      'a namespace import used as a value',
      "import * as rates from './rates.ts'\nexport const f = (name) => rates[name]",
      'b',
      2,
      { 'features/rates.ts': 'export const a = 1\nexport const b = a + 1' },
    ],
    [
      'a module that is loaded lazily',
      "const lazy = () => require('./lazy.ts')\nexport const f = () => lazy().g()",
      null,
      4,
      { 'features/lazy.ts': 'const k = 4\nexport const g = () => k' },
    ],
    [
      'a function in a module that is loaded lazily',
      "import { g } from './lazy.ts'\nexport const f = g\nexport const other = () => require('./lazy.ts')",
      null,
      4,
      { 'features/lazy.ts': 'let k = 1\nk = 4\nexport const g = () => k' },
    ],
    [
      'a package in ES modules',
      "import { half } from 'halves'\nexport const f = (x) => half(x)",
      4,
      2,
      {
        'node_modules/halves/package.json': '{"type":"module","main":"index.js"}',
        'node_modules/halves/index.js': 'const by = 2\nexport const half = (x) => x / by',
      },
    ],
    [
      'a package in CommonJS that requires Node',
      "import halves from 'halves'\nexport const f = (x) => halves.half(x)",
      4,
      [2, 'b'],
      {
        'node_modules/halves/index.js':
          "const path = require('path')\nconst by = require('./by')\nexports.half = (x) => [x / by, path.basename('a/b')]",
        'node_modules/halves/by.js': 'module.exports = 2',
      },
    ],
  ]
  it.each(laws)('%s', async (_, file, input, output, more = {}, path = 'features/a.ts f') => {
    const { code, find } = await load({ 'features/a.ts': file, ...more })
    const fn = find(path)
    const sliced = await sliceFunction(code, fn)
    expect(await run(sliced, input)).toEqual(output)
  })
})

describe('the digest moves with the meaning', () => {
  const base =
    "import { model } from 'noonmark'\nconst k = 3\nconst helper = (x) => x * k\nexport const f = ({ x }) => helper(x)\nexport const other = model('m', { owner: 'a', params: { k }, b: (r) => helper(r.x) > 1 })"
  const same: [what: string, change: (file: string) => string, more?: Files][] = [
    ['another definition changes', (file) => file.replace("owner: 'a'", "owner: 'b', description: 'words'")],
    ['another definition appears', (file) => `${file}\nexport const g = model('n', { c: ({ x }) => helper(x) + 1 })`],
    ['comments and spaces change', (file) => file.replace('helper(x)', '/* so */ helper(  x\n) // it is')],
    ['a helper is renamed', (file) => file.replaceAll('helper', 'assist')],
    [
      'a constant is renamed',
      (file) =>
        file
          .replace('const k = 3', 'const factor = 3')
          .replace('x * k', 'x * factor')
          .replace('{ k }', '{ k: factor }'),
    ],
    [
      'a destructured input gets a local name',
      (file) => file.replace('({ x }) => helper(x)', '({ x: eks }) => helper(eks)'),
    ],
    ['types change', (file) => file.replace('({ x })', '({ x }: { x: number })')],
    [
      'another file uses the same names',
      (file) => file,
      { 'features/Z.ts': 'const k = 9\nconst helper = (y) => y + k\nexport const x = (r) => helper(r)' },
    ],
    ['the file moves', (file) => file, {}],
  ]
  it.each(same)('not when %s', async (_, change, more = {}) => {
    const before = await slice(base)
    const after = await slice(change(base), more)
    expect(after.digest).toBe(before.digest)
  })

  const different: [what: string, change: (file: string) => string][] = [
    ['the body changes', (file) => file.replace('=> helper(x)', '=> helper(x) + 1')],
    ['a helper changes', (file) => file.replace('x * k', 'x / k')],
    ['a constant changes', (file) => file.replace('k = 3', 'k = 4')],
    ['an input is another property', (file) => file.replace('({ x })', '({ y: x })')],
    ['a statement changes what it uses', (file) => `${file.replace('const k', 'let k')}\nk = 5`],
    [
      'a function that changes what it uses is called',
      (file) => `${file.replace('const k', 'let k')}\nfunction set() { k = 5 }\nset()`,
    ],
  ]
  it.each(different)('when %s', async (_, change) => {
    const before = await slice(base)
    expect((await slice(change(base))).digest).not.toBe(before.digest)
  })

  it('tells two functions of the same text apart by their helpers', async () => {
    const file = (k: number) => `const helper = (x) => x * ${k}\nexport const f = (r) => helper(r.x)`
    const { code, find } = await load({ 'features/a.ts': file(1), 'features/b.ts': file(2), 'features/c.ts': file(1) })
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map((name) => sliceFunction(code, find(`features/${name}.ts f`))),
    )
    expect(a?.digest).not.toBe(b?.digest)
    expect(a?.digest).toBe(c?.digest)
  })

  it('does not depend on the folder that packages are installed in', async () => {
    const rootDir = join(folder, 'installed')
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(rootDir, name)), { recursive: true })
      writeFileSync(join(rootDir, name), text)
    }
    write('noonmark.js', noonmark)
    for (const at of ['far/node_modules/halves', 'near/project/node_modules/halves'])
      write(`${at}/index.js`, 'exports.half = (x) => x / 2')
    const sliced = []
    for (const project of ['far/deep/project', 'near/project']) {
      write(`${project}/features/a.ts`, "import { half } from 'halves'\nexport const f = ({ x }) => half(x)")
      const { code, digest } = await bundleProject({
        rootDir: join(rootDir, project),
        entries: ['features/a.ts'],
        noonmarkEntry: join(rootDir, 'noonmark.js'),
      })
      const definitions = await evaluateBundle(code)
      const fn = definitions['features/a.ts']?.f as ProjectFunction // the file above exports it
      sliced.push(digest, (await sliceFunction(code, fn)).digest)
    }
    expect(sliced.slice(0, 2)).toEqual(sliced.slice(2))
  })

  it('is the same under any names of its variables', async () => {
    const name = fc.stringMatching(/^[a-z]{1,6}$/).filter((text) => !reserved.has(text))
    const text = ([a, b, c, d, e]: string[]): string =>
      `const ${a} = { ${a}: 2, e: 1 }\nconst ${b} = (${c}, { e: ${d} } = ${a}) => { let ${e} = ${c} * ${d}; for (const ${c} of [1]) ${e} += ${c}; return ${e} }\nexport const f = ({ x: ${d} }) => ${b}(${d}) + ${a}.e`
    const expected = await slice(text(['a', 'b', 'c', 'd', 'e'])).then(({ digest }) => digest)
    const shape = (names: string[]) => text(names).replace(`{ ${names[0]}: 2,`, '{ a: 2,')
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 5, maxLength: 5 }), async (names) => {
        expect((await slice(shape(names))).digest).toBe(expected)
      }),
      { numRuns: 40 },
    )
  })
})

const reserved = new Set(
  'do if in of for let new try var case else enum eval null this true void with await break catch class const false super throw while yield delete export import public return static switch typeof f'.split(
    ' ',
  ),
)

describe('what a slice leaves out', () => {
  it('takes only the statements that a function needs', async () => {
    const { source } = await slice(
      "import { model } from 'noonmark'\nimport { readFileSync, writeFileSync } from 'node:fs'\nconst used = [1]\nconst unused = readFileSync\nexport const m = model('m', { used, list: used.map((x) => x), b: () => used })\nexport const f = () => used[0]",
    )
    expect(source.slice(0, source.indexOf('//#'))).toBe('var used = [1];\nexport default (() => used[0]);\n')
  })

  const apart: [what: string, file: string][] = [
    ['a memo', 'const memo = new Map()\nconst other = (r) => memo.set(r.x, 1)\nexport const f = (r) => memo.get(r.x)'],
    [
      'an object of functions',
      'const math = { twice: (x) => x * 2 }\nconst other = (r) => math.twice(r.y)\nexport const f = (r) => math.twice(r.x)',
    ],
    [
      'a class',
      'class Rates { static of(x) { return x } }\nconst other = (r) => Rates.of(r.y)\nexport const f = (r) => Rates.of(r.x)',
    ],
    [
      'a table given to helpers',
      'const table = [1]\nconst look = (t, x) => t[x]\nconst other = (r) => look(table, r.y)\nexport const f = (r) => look(table, r.x)',
    ],
    [
      'a function with a record of its own that its callers call pure',
      'const known = {}\nconst define = (name) => { known[name] = name; return { get: (r) => known[name] ?? r } }\nconst other = /* @__PURE__ */ define("a")\nconst own = /* @__PURE__ */ define("b")\nexport const f = (r) => own.get(r)',
    ],
    [
      'a module',
      "import * as path from 'node:path'\nconst other = (r) => path.resolve(r.y)\nexport const f = (r) => path.resolve(r.x)",
    ],
    [
      'a package',
      "import halves from 'halves'\nconst other = (r) => halves.half(r.y)\nexport const f = (r) => halves.half(r.x)",
    ],
  ]
  it.each(apart)('keeps two functions that use %s apart', async (_, file) => {
    const model =
      "import { model } from 'noonmark'\nexport const m = model('m', { inputs: [(r) => other(r)], check: { other } })\n"
    const { source } = await slice(model + file, { 'node_modules/halves/index.js': 'exports.half = (x) => x / 2' })
    expect(source).not.toContain('other')
    expect(source).not.toContain('model')
  })

  it('takes a memo without the definitions that use it', async () => {
    const { source } = await slice(
      "import { model } from 'noonmark'\nconst memo = new Map()\nexport const m = model('m', { b: (r) => memo.set(r.x, 1) })\nexport const f = (r) => memo.get(r.x)",
    )
    expect(source).not.toContain('model')
  })
})

describe('what cannot be sliced is refused', () => {
  const refused: [what: string, file: string, code: string, says: RegExp, path?: string][] = [
    [
      'a parameter of a factory',
      'const make = (role) => (r) => r[role]\nexport const f = make("a")',
      'code_closure',
      /features\/a\.ts:1:24 uses `role`/,
    ],
    [
      'a variable of a loop',
      'export const all = []\nfor (const k of [1]) all.push((r) => r.x + k)',
      'code_closure',
      /`k`/,
      'features/a.ts all 0',
    ],
    [
      '`this` of a class',
      'class C { k = 1; f = (r) => r.x + this.k }\nexport const f = new C().f',
      'code_closure',
      /`this`/,
    ],
    ['a bound function', 'export const f = ((k, r) => k).bind(null, 1)', 'code_unsliceable', /bound or built in/],
    ['a function of the language', 'export const f = Math.abs', 'code_unsliceable', /abs/],
    ['a class', 'export class f {}', 'code_unsliceable', /class/],
    ['generated code', 'export const f = new Function("r", "return r")', 'code_unsliceable', /not in the project/],
  ]
  it.each(refused)('%s', async (_, file, code, message, path = 'features/a.ts f') => {
    await expect(slice(file, {}, path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('names the definition in the error', async () => {
    const { code } = await load({ 'features/a.ts': 'export const f = 1' })
    await expect(sliceFunction(code, Math.abs, { path: 'model m > derive d' })).rejects.toMatchObject({
      path: 'model m > derive d',
    })
  })
})
