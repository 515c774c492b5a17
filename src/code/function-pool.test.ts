import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { RowResult } from './call-result.ts'
import {
  bundleProject,
  type CodeLog,
  createFunctionPool,
  evaluateBundle,
  type FunctionPool,
  type FunctionPoolOptions,
  type FunctionState,
  type ProjectFunction,
  sliceFunction,
} from './index.ts'

const opened: FunctionPool[] = []
afterEach(async () => {
  for (const pool of opened.splice(0)) await pool.close()
})

type Sources = Readonly<Record<string, string>>

function functionsOf(sources: Sources) {
  return Object.entries(sources).map(([key, source]) => ({ key, digest: source, source: `export default (${source})` }))
}

async function poolOf(
  groups: Readonly<Record<string, Sources>>,
  options: FunctionPoolOptions = {},
): Promise<FunctionPool> {
  const pool = createFunctionPool(options)
  opened.push(pool)
  for (const [group, sources] of Object.entries(groups)) await pool.load(group, functionsOf(sources))
  return pool
}

/** Long enough for any call that is meant to end. */
const ample = { deadlineMs: 20_000 }
const brief = { deadlineMs: 100 }

const plus = '({ x }) => x + 1'
const loop = '({ forever }) => { while (forever) {} return "ended" }'

/** Calls with a short deadline until the function was really run, which a busy machine may delay. */
async function runBriefly(pool: FunctionPool, key: string, rows: readonly object[]): Promise<RowResult[]> {
  const wasRun = (results: readonly RowResult[]) =>
    results.every((row) => row.ok || !row.error.message.includes('was not run'))
  return eventually(() => pool.call('g', key, rows, brief), wasRun)
}

function codes(results: readonly RowResult[]): string[] {
  return results.map((result) => (result.ok ? 'ok' : result.error.code))
}

function values(results: readonly RowResult[]): unknown[] {
  return results.map((result) => (result.ok ? result.value : result.error.message))
}

function stateOf(pool: FunctionPool, key: string): FunctionState | undefined {
  return pool.states().find((state) => state.key === key)
}

async function eventually<Value>(look: () => Promise<Value> | Value, is: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await look()
    if (is(value)) return value
    await new Promise((resume) => setTimeout(resume, 5))
  }
}

describe('a call', () => {
  const laws: [what: string, source: string, row: object, value: unknown][] = [
    ['gives what the function returns', plus, { x: 1 }, 2],
    ['awaits promises', 'async ({ x }) => { await new Promise((done) => setTimeout(done, 5)); return x }', { x: 1 }, 1],
    ['awaits anything with then', '() => ({ then: (done) => done(7) })', {}, 7],
    [
      'passes dates, bigints and null both ways',
      '({ at, n, z }) => ({ at, n, z })',
      { at: new Date(5), n: 5n, z: null },
      { at: new Date(5), n: 5n, z: null },
    ],
    ['passes values of any type on, right or wrong', '() => ({ odd: ["text"] })', {}, { odd: ['text'] }],
    ['passes undefined on', '() => undefined', {}, undefined],
    ['sees no environment', '() => Object.keys(process.env).length', {}, 0],
  ]
  it.each(laws)('%s', async (_, source, row, value) => {
    const pool = await poolOf({ g: { f: source } })
    expect(await pool.call('g', 'f', [row], ample)).toEqual([{ ok: true, value }])
  })

  it('gives one result for each row, in order, errors among them', async () => {
    const pool = await poolOf({ g: { f: '({ x }) => { if (x === 2) throw new Error("two"); return x }' } })
    expect(values(await pool.call('g', 'f', [{ x: 1 }, { x: 2 }, { x: 3 }], ample))).toEqual([1, 'Error: two', 3])
    expect(await pool.call('g', 'f', [], ample)).toEqual([])
  })

  it('gives one result for each row when some rows are promises', async () => {
    const pool = await poolOf({
      g: { f: '({ x }) => x === 1 ? x : x === 2 ? Promise.reject(new Error("two")) : Promise.resolve(x)' },
    })
    const rows = [1, 2, 3, 1].map((x) => ({ x }))
    expect(values(await pool.call('g', 'f', rows, ample))).toEqual([1, 'Error: two', 3, 1])
  })

  it('takes columns for rows', async () => {
    const pool = await poolOf({ g: { f: '({ x, s }) => s + x' } })
    const call = { key: 'f', columns: { x: Float64Array.of(1.5, 2), s: ['a', null] }, rowCount: 2 }
    expect((await pool.callMany('g', [call], ample)).map(values)).toEqual([['a1.5', 2]])
  })

  it('gets null for NaN in a column of doubles', async () => {
    const pool = await poolOf({ g: { f: '({ x }) => (x === null ? "none" : x)' } })
    const call = { key: 'f', columns: { x: Float64Array.of(1, Number.NaN, 0) }, rowCount: 3 }
    expect((await pool.callMany('g', [call], ample)).map(values)).toEqual([[1, 'none', 0]])
  })

  it('runs several functions in one message, each with its own result', async () => {
    const pool = await poolOf({ g: { plus, later: 'async ({ x }) => x * 10', bad: '() => { throw new Error("no") }' } })
    const rows = [{ x: 1 }, { x: 2 }]
    const calls = ['later', 'plus', 'bad', 'plus'].map((key) => ({ key, rows }))
    expect((await pool.callMany('g', calls, ample)).map(values)).toEqual([
      [10, 20],
      [2, 3],
      ['Error: no', 'Error: no'],
      [2, 3],
    ])
    expect(await pool.callMany('g', [], ample)).toEqual([])
  })

  it('gets its row frozen, so that functions of one message cannot disturb each other', async () => {
    const pool = await poolOf({ g: { f: '(row) => { "use strict"; row.x = 9 }', plus } })
    const rows = [{ x: 1 }]
    const [first, second] = await pool.callMany(
      'g',
      [
        { key: 'f', rows },
        { key: 'plus', rows },
      ],
      ample,
    )
    expect(codes(first ?? [])).toEqual(['code_failed'])
    expect(values(second ?? [])).toEqual([2])
  })

  it('of something that is not loaded is refused', async () => {
    const pool = await poolOf({ g: { plus } })
    await expect(pool.call('h', 'plus', [{}], ample)).rejects.toMatchObject({ code: 'not_found' })
    await expect(pool.call('g', 'minus', [{}], ample)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('an error of project code', () => {
  const thrown: [what: string, source: string, message: RegExp][] = [
    ['an error', '({ x }) => x.y.z', /^TypeError: Cannot read/],
    ['a text', '() => { throw "text" }', /^Thrown: text/],
    ['nothing', '() => { throw undefined }', /^Thrown: undefined/],
    [
      'something that throws when it is read',
      '() => { throw new Proxy({}, { getPrototypeOf() { throw 1 }, get() { throw 2 } }) }',
      /^Thrown/,
    ],
    ['a rejection', 'async () => { throw new RangeError("far") }', /^RangeError: far/],
    ['a result that cannot leave the thread', '() => () => 1', /could not be cloned/],
    ['a stack that is full', 'function f() { return f() + 1 }', /Maximum call stack/],
  ]
  it.each(thrown)('comes back as data: %s', async (_, source, message) => {
    const pool = await poolOf({ g: { f: source, plus } })
    const [result] = await pool.call('g', 'f', [{}], ample)
    expect(result).toMatchObject({ ok: false, error: { code: 'code_failed', message: expect.stringMatching(message) } })
    expect(stateOf(pool, 'f')).toMatchObject({
      state: 'ready',
      kills: 0,
      lastError: { message: expect.stringMatching(message) },
    })
    expect(values(await pool.call('g', 'plus', [{ x: 1 }], ample))).toEqual([2])
  })

  it('names the lines that its author wrote', async () => {
    const rootDir = mkdtempSync(join(tmpdir(), 'noonmark-pool-'))
    writeFileSync(
      join(rootDir, 'a.ts'),
      '\nfunction helper(x: number): number {\n  throw new Error("no")\n}\n\nexport const f = (r: { x: number }): number =>\n  helper(r.x)\n',
    )
    const { code } = await bundleProject({ rootDir, entries: ['a.ts'], noonmarkEntry: join(rootDir, 'a.ts') })
    const exported = (await evaluateBundle(code))['a.ts']
    const sliced = await sliceFunction(code, Object.values(exported ?? {})[0] as ProjectFunction) // the file exports one function
    rmSync(rootDir, { recursive: true })
    const pool = await poolOf({})
    await pool.load('g', [{ key: 'f', ...sliced }])
    const [result] = await pool.call('g', 'f', [{ x: 1 }], ample)
    const stack = result?.ok === false ? result.error.stack?.split('\n') : []
    expect(stack).toHaveLength(3)
    expect(stack?.[1]).toMatch(/at helper \(a\.ts:3:\d+\)/)
    expect(stack?.[2]).toMatch(/a\.ts:7:\d+/)
  })

  it('outside of any call goes to the log, and does not end the thread', async () => {
    const lines: CodeLog[] = []
    const f =
      '() => { Promise.reject(new Error("forgotten")); setTimeout(() => { throw new Error("late") }, 1); return 1 }'
    const pool = await poolOf({ g: { f } }, { log: (line) => lines.push(line) })
    expect(values(await pool.call('g', 'f', [{}], ample))).toEqual([1])
    await eventually(
      () => lines.map(({ text }) => text).join(),
      (text) => text.includes('forgotten') && text.includes('late'),
    )
    expect(stateOf(pool, 'f')?.kills).toBe(0)
  })
})

describe('the console of project code', () => {
  it('goes to the log, with group, function and level', async () => {
    const lines: CodeLog[] = []
    const pool = await poolOf(
      { g: { f: '({ x }) => { console.warn("x is", { x }) }' } },
      { log: (line) => lines.push(line) },
    )
    await pool.call('g', 'f', [{ x: 1 }], ample)
    expect(lines).toEqual([{ group: 'g', key: 'f', level: 'warn', text: 'x is { x: 1 }' }])
  })

  it('cannot flood the log', async () => {
    const lines: CodeLog[] = []
    const f = '() => { for (let i = 0; i < 100_000; i++) console.log(i) }'
    const pool = await poolOf({ g: { f } }, { log: (line) => lines.push(line) })
    await pool.call('g', 'f', [{}], ample)
    expect(lines.length).toBeLessThan(10_000)
  })
})

describe('a deadline', () => {
  const late: [what: string, source: string][] = [
    ['an endless loop', 'function f() { while (true) {} }'],
    ['a promise that never settles', '() => new Promise(() => {})'],
    ['an endless loop after a promise', 'async () => { await null; while (true) {} }'],
    ['an endless chain of promises', 'async () => { for (;;) await null }'],
  ]
  it.each(late)('ends %s, and the group goes on', async (_, source) => {
    const pool = await poolOf({ g: { f: source, plus } })
    const results = await runBriefly(pool, 'f', [{}, {}])
    expect(codes(results)).toEqual(['code_deadline', 'code_deadline'])
    expect(values(results)[0]).toBe('f did not finish within 100 ms')
    expect(stateOf(pool, 'f')).toMatchObject({ state: 'ready', kills: 1, lastError: { code: 'code_deadline' } })
    expect(values(await pool.call('g', 'plus', [{ x: 1 }], ample))).toEqual([2])
  })

  it('lets calls that waited behind the loop run on the next thread', async () => {
    const pool = await poolOf({ g: { loop, plus } })
    const [looped, ...others] = await Promise.all([
      pool.call('g', 'loop', [{ forever: true }], brief),
      ...Array.from({ length: 20 }, (_, x) => pool.call('g', 'plus', [{ x }], ample)),
    ])
    expect(codes(looped ?? [])).toEqual(['code_deadline'])
    expect(others.flatMap(values)).toEqual(Array.from({ length: 20 }, (_, x) => x + 1))
  })

  it('gives up a call when its second thread is ended too, and leaves its function blameless', async () => {
    const pool = await poolOf({ g: { loop, plus } })
    const row = { forever: true }
    const results = await Promise.all([
      pool.call('g', 'loop', [row], brief),
      pool.call('g', 'loop', [row], { deadlineMs: 1_500 }),
      pool.call('g', 'plus', [{ x: 1 }], ample),
    ])
    expect(results.flatMap(codes)).toEqual(['code_deadline', 'code_deadline', 'code_deadline'])
    expect(values(results[2] ?? [])).toEqual(['plus did not finish: loop did not finish within 1500 ms'])
    expect(stateOf(pool, 'plus')).toMatchObject({ kills: 0 })
  })

  it('of a call that only waited does not end the thread', async () => {
    const pool = await poolOf({
      g: {
        slow: '({ ms }) => { const end = performance.now() + ms; while (performance.now() < end) {} return 1 }',
        plus,
      },
    })
    const [slow, waited] = await Promise.all([
      pool.call('g', 'slow', [{ ms: 400 }], ample),
      pool.call('g', 'plus', [{ x: 1 }], { deadlineMs: 20 }),
    ])
    expect(codes(slow ?? [])).toEqual(['ok'])
    expect(values(waited ?? [])).toEqual(['plus was not run within 20 ms: it waited behind slow'])
    expect(pool.states().map(({ kills }) => kills)).toEqual([0, 0])
  })

  it('of a call that waited is kept by the thread too: it is never begun', async () => {
    const f =
      '(() => { let begun = 0; return ({ ms }) => { const end = performance.now() + ms; while (performance.now() < end) {} return ++begun } })()'
    const pool = await poolOf({ g: { f } })
    await Promise.all([pool.call('g', 'f', [{ ms: 300 }], ample), pool.call('g', 'f', [{ ms: 0 }], { deadlineMs: 20 })])
    expect(values(await pool.call('g', 'f', [{ ms: 0 }], ample))).toEqual([2])
  })

  it('keeps what other functions of the message gave before they had to wait', async () => {
    const pool = await poolOf({ g: { plus, never: '() => new Promise(() => {})', later: 'async ({ x }) => x' } })
    const calls = ['plus', 'never', 'later'].map((key) => ({ key, rows: [{ x: 1 }] }))
    expect((await pool.callMany('g', calls, brief)).map(codes)).toEqual([['ok'], ['code_deadline'], ['ok']])
    expect(stateOf(pool, 'later')).toMatchObject({ kills: 0 })
  })

  it('finds out a thread that is blocked by what a call left behind', async () => {
    const pool = await poolOf({
      g: { f: '({ block }) => { if (block) setTimeout(() => { while (true) {} }, 0); return 1 }' },
    })
    await pool.call('g', 'f', [{ block: true }], ample)
    await eventually(
      () => pool.call('g', 'f', [{}], brief),
      (results) => codes(results)[0] === 'code_deadline',
    )
    await eventually(
      () => pool.call('g', 'f', [{}], brief),
      (results) => codes(results)[0] === 'ok',
    )
    expect(stateOf(pool, 'f')?.kills).toBe(1)
  })
})

describe('groups', () => {
  it('do not notice each other: one answers while the other loops', async () => {
    const pool = await poolOf({ looping: { loop }, calm: { plus } })
    let isLooping = true
    const looped = pool.call('looping', 'loop', [{ forever: true }], { deadlineMs: 300 }).finally(() => {
      isLooping = false
    })
    let answers = 0
    for (; isLooping; answers++)
      expect(values(await pool.call('calm', 'plus', [{ x: answers }], ample))).toEqual([answers + 1])
    expect(codes(await looped)).toEqual(['code_deadline'])
    expect(answers).toBeGreaterThan(1)
  })

  it('have their own copies of module variables', async () => {
    const counter = '(() => { let n = 0; return () => ++n })()'
    const pool = await poolOf({ a: { f: counter }, b: { f: counter } })
    await pool.call('a', 'f', [{}], ample)
    expect(values(await pool.call('b', 'f', [{}], ample))).toEqual([1])
  })

  it('change their functions without failing a call', async () => {
    const pool = await poolOf({ g: { f: '() => 1' } })
    const seen = new Set<unknown>()
    let isLoading = true
    const loading = pool.load('g', functionsOf({ f: '() => 2' })).finally(() => {
      isLoading = false
    })
    while (isLoading) for (const value of values(await pool.call('g', 'f', [{}], ample))) seen.add(value)
    await loading
    seen.add(values(await pool.call('g', 'f', [{}], ample))[0])
    expect([...seen].sort()).toEqual([1, 2])
  })

  it('take calls before their functions are loaded', async () => {
    const pool = await poolOf({})
    const loading = pool.load('g', functionsOf({ plus }))
    await Promise.resolve()
    expect(values(await pool.call('g', 'plus', [{ x: 1 }], ample))).toEqual([2])
    await loading
  })

  it('are gone after unload', async () => {
    const pool = await poolOf({ g: { plus } })
    await pool.unload('g')
    expect(pool.states()).toEqual([])
    await expect(pool.call('g', 'plus', [{}], ample)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a function that is killed again and again', () => {
  const rule = { kills: 3, withinMs: 60_000, firstHoldMs: 50, longestHoldMs: 100 }

  it('is held open, fails at once with the reason, and recovers by itself', async () => {
    const pool = await poolOf({ g: { loop, plus } }, { breaker: rule })
    // A slow machine may end a thread for a call whose caller had given up already, so kills are counted, not calls.
    const before: string[] = []
    while (stateOf(pool, 'loop')?.state !== 'held')
      before.push(...codes(await runBriefly(pool, 'loop', [{ forever: true }])))
    // The last kill may be counted between the look and the call, which then finds the function held already.
    expect(before[0]).toBe('code_deadline')
    expect(['code_deadline', 'code_held']).toEqual(expect.arrayContaining(before))
    const state = stateOf(pool, 'loop')
    expect(state?.kills).toBe(3)
    expect(state?.nextTryAt).toBeTypeOf('number')
    expect(values(await pool.call('g', 'plus', [{ x: 1 }], ample))).toEqual([2])
    await eventually(
      () => pool.call('g', 'loop', [{ forever: false }], ample),
      (results) => codes(results)[0] === 'ok',
    )
    expect(stateOf(pool, 'loop')?.state).toBe('ready')
  })

  it('is held for long when nothing lets it go, while its neighbours in the message run', async () => {
    const pool = await poolOf(
      { g: { loop, plus } },
      { breaker: { ...rule, kills: 1, firstHoldMs: 60_000, longestHoldMs: 60_000 } },
    )
    await runBriefly(pool, 'loop', [{ forever: true }])
    const calls = ['loop', 'plus'].map((key) => ({ key, rows: [{ x: 1 }] }))
    const [held, ran] = await pool.callMany('g', calls, ample)
    expect(held).toEqual([
      { ok: false, error: { code: 'code_held', message: 'loop is held open: loop did not finish within 100 ms' } },
    ])
    expect(values(ran ?? [])).toEqual([2])
  })

  it('is held again when its trial fails', async () => {
    const pool = await poolOf({ g: { loop } }, { breaker: { ...rule, kills: 1 } })
    const forever = () => runBriefly(pool, 'loop', [{ forever: true }])
    await forever()
    await eventually(forever, (results) => codes(results)[0] === 'code_deadline')
    expect(stateOf(pool, 'loop')).toMatchObject({ state: 'held', kills: 2 })
  })

  it('is forgiven when it changes, not when it is loaded again', async () => {
    const pool = await poolOf(
      { g: { loop, plus } },
      { breaker: { ...rule, kills: 1, firstHoldMs: 60_000, longestHoldMs: 60_000 } },
    )
    await runBriefly(pool, 'loop', [{ forever: true }])
    await pool.load('g', functionsOf({ loop, plus: '() => 0' }))
    expect(stateOf(pool, 'loop')?.state).toBe('held')
    await pool.load('g', functionsOf({ loop: '() => "mended"', plus }))
    expect(values(await pool.call('g', 'loop', [{}], ample))).toEqual(['mended'])
  })
})

describe('a thread that ends by itself', () => {
  const ends: [what: string, source: string, says: RegExp][] = [
    [
      'too much memory',
      'function f() { const all = []; for (;;) all.push(new Array(100_000).fill(1.5)) }',
      /f ended its thread: .*memory/,
    ],
    ['the end of the process', '() => process.exit(3)', /f ended its thread: exit code 3/],
  ]
  it.each(ends)('is replaced: %s', async (_, source, says) => {
    const pool = await poolOf({ g: { f: source, plus } }, { maxOldSpaceMb: 32 })
    const [crashed, waited] = await Promise.all([
      pool.call('g', 'f', [{}], ample),
      pool.call('g', 'plus', [{ x: 1 }], ample),
    ])
    expect(codes(crashed ?? [])).toEqual(['code_crashed'])
    expect(values(crashed ?? [])[0]).toMatch(says)
    expect(values(waited ?? [])).toEqual([2])
    expect(stateOf(pool, 'f')?.kills).toBe(1)
  })
})

describe('a function that cannot be loaded', () => {
  const unloadable: [what: string, source: string, says: RegExp][] = [
    ['because its module throws', '(() => { throw new Error("at load") })()', /cannot be loaded: Error: at load/],
    ['because it is none', '1', /no function/],
    ['because it loops while loading', '(() => { while (true) {} })()', /did not load within 300 ms/],
    ['because it ends the process', 'process.exit()', /ended its thread/],
  ]
  it.each(unloadable)('says so at each call, and its group works: %s', async (_, source, says) => {
    const pool = await poolOf({ g: { f: source, plus } }, { loadDeadlineMs: 300 })
    expect(stateOf(pool, 'f')).toMatchObject({ state: 'broken', lastError: { message: expect.stringMatching(says) } })
    expect(values(await pool.call('g', 'f', [{}], ample))[0]).toMatch(says)
    expect(values(await pool.call('g', 'plus', [{ x: 1 }], ample))).toEqual([2])
  })
})

describe('close', () => {
  it('fails what is under way, and refuses what comes later', async () => {
    const pool = await poolOf({ g: { loop } })
    const looping = pool.call('g', 'loop', [{ forever: true }], ample)
    await pool.close()
    expect(codes(await looping)).toEqual(['code_crashed'])
    await expect(pool.call('g', 'loop', [{}], ample)).rejects.toMatchObject({ code: 'not_found' })
  })
})
