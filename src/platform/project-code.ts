import { type CodeLog, createFunctionPool, type FunctionPool, type FunctionRows } from '../code/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { ProjectCode } from '../serve/index.ts'

/** Where the source of a function is found by the digest of its code. */
export interface FunctionSources {
  source(code: Digest): Promise<string>
}

/** The project's functions in worker threads, as serving and training ask for them. */
export interface OpenProjectCode extends ProjectCode {
  readonly pool: FunctionPool
  /** Runs one function over rows, the first of them numbered `firstRow`. @throws the error of the first row that has no value */
  runFunction(code: Digest, name: string, rows: FunctionRows, firstRow: number): Promise<readonly unknown[]>
}

/** For work that nobody waits for on a request: long enough for tens of thousands of rows, short enough to end. */
const patienceMs = 60_000

/** Opens the functions of a project. */
export function openProjectCode(sources: FunctionSources, onLog?: (line: CodeLog) => void): OpenProjectCode {
  const pool = createFunctionPool(onLog === undefined ? {} : { log: onLog })
  const cache = new Map<Digest, string>()
  const sourceOf = async (code: Digest): Promise<string> => {
    const source = cache.get(code) ?? (await sources.source(code))
    cache.set(code, source)
    return source
  }
  const prepare: ProjectCode['prepare'] = async (group, functions) => {
    await pool.load(
      group,
      await Promise.all(functions.map(async ({ key, code }) => ({ key, digest: code, source: await sourceOf(code) }))),
    )
  }
  return {
    pool,
    prepare,
    run: (group, calls, { deadlineMs }) =>
      pool.callMany(
        group,
        calls.map(({ key, rows }) => ({ key, rows })),
        { deadlineMs },
      ),
    async runFunction(code, name, rows, firstRow) {
      const group = `batch ${code}`
      await prepare(group, [{ key: name, code }])
      const [results = []] = await pool.callMany(group, [{ key: name, ...rows }], { deadlineMs: patienceMs })
      return results.map((result, row) => {
        if (result.ok) return result.value
        const { code: errorCode, message, stack } = result.error
        throw noonmarkError(errorCode, {
          message: `${name} failed in row ${firstRow + row}: ${message}${stack === undefined ? '' : `\n${stack}`}`,
          path: name,
        })
      })
    },
  }
}
