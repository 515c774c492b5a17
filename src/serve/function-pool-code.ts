import type { FunctionPool } from '../code/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { ProjectCode } from './project-code.ts'

/** The functions of a project in the threads of a pool. `sourceOf` gives the source text of a function by its digest. */
export function functionPoolCode(pool: FunctionPool, sourceOf: (code: Digest) => string | undefined): ProjectCode {
  return {
    prepare: (group, functions) =>
      pool.load(
        group,
        functions.map(({ key, code }) => {
          const source = sourceOf(code)
          if (source !== undefined) return { key, digest: code, source }
          throw noonmarkError('not_found', { message: `The code of ${key} (${code}) is not in the bundle.`, path: key })
        }),
      ),
    run: (group, calls, options) => pool.callMany(group, calls, options),
  }
}
