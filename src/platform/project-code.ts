import { type CodeLog, createFunctionPool, type FunctionPool } from '../code/index.ts'
import type { Manifest } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import type { ProjectCode } from '../serve/index.ts'

/** The functions of a manifest, by the digest under which definitions name them; a blob each. */
export function functionsOf(
  manifest: Manifest,
): { readonly moment: string; readonly model: string; readonly code: Digest; readonly kind: 'derive' | 'baseline' }[] {
  return Object.values(manifest.models).flatMap((model) => [
    ...model.inputs.flatMap((input) =>
      input.input === 'derive'
        ? [{ moment: model.moment, model: model.name, code: input.code, kind: 'derive' as const }]
        : [],
    ),
    ...(model.baseline === null
      ? []
      : [{ moment: model.moment, model: model.name, code: model.baseline, kind: 'baseline' as const }]),
  ])
}

/** Where a function's source is kept: code is named by its digest, and its blob by the digest of its bytes. */
export interface FunctionSources {
  source(code: Digest): Promise<string>
}

/** Runs the project's functions in worker threads; each group loads a function when it is first asked for. */
export function openProjectCode(
  sources: FunctionSources,
  onLog?: (line: CodeLog) => void,
): ProjectCode & { readonly pool: FunctionPool; preload(group: string, codes: readonly Digest[]): Promise<void> } {
  const pool = createFunctionPool(onLog === undefined ? {} : { log: onLog })
  const loaded = new Map<string, Map<Digest, string>>()
  const loading = new Map<string, Promise<void>>()

  const preload = async (group: string, codes: readonly Digest[]): Promise<void> => {
    const known = loaded.get(group) ?? new Map<Digest, string>()
    loaded.set(group, known)
    const missing = [...new Set(codes)].filter((code) => !known.has(code))
    if (missing.length === 0) return loading.get(group)
    for (const code of missing) known.set(code, await sources.source(code))
    const load = pool.load(
      group,
      [...known].map(([digest, source]) => ({ key: digest, digest, source })),
    )
    loading.set(group, load)
    await load
  }

  return {
    pool,
    preload,
    async run({ group, deadlineMs, calls }) {
      await preload(
        group,
        calls.map(({ code }) => code),
      )
      const results = await pool.callMany(
        group,
        calls.map(({ code, rows }) => ({ key: code, rows })),
        { deadlineMs },
      )
      return results.map((rows) =>
        rows.map((row) =>
          row.ok ? { value: row.value } : { failure: { code: row.error.code, message: row.error.message } },
        ),
      )
    },
  }
}
