import type { Digest } from '../digest.ts'

/** What serving asks of the worker threads that run a project's functions. */
export interface ProjectCode {
  /**
   * Makes these the functions of a group; resolves when they are loaded. Functions of one group share a thread; those of
   * another group never wait for them. One that cannot be loaded fails when it is called.
   */
  prepare(group: string, functions: readonly CodeFunction[]): Promise<void>
  /**
   * Runs several functions of a group over rows, in one round trip. It resolves by the deadline, with a failure where a
   * function was late: its thread is ended.
   */
  run(
    group: string,
    calls: readonly CodeCall[],
    options: { readonly deadlineMs: number },
  ): Promise<readonly CodeResult[]>
}

/** A function by its code, under a name for errors and logs that is unique in its group. */
export interface CodeFunction {
  readonly key: string
  readonly code: Digest
}

/** One function over rows of arguments: one object a row, as code sees values (timestamps are dates). */
export interface CodeCall {
  readonly key: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** What a function gave for each row. */
export type CodeResult = readonly CodeOutcome[]

/** A value as code returned it, not checked yet; or the failure, with a code of the error table. */
export type CodeOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } }
