import type { Digest } from '../digest.ts'

/** What serving asks of the worker threads that run a project's functions. */
export interface ProjectCode {
  /**
   * Runs several functions over rows in one round trip. It resolves by the deadline, with a failure where a function was
   * late: its worker is ended. Functions of one group share workers; those of another group never wait for them.
   */
  run(request: CodeRequest): Promise<readonly CodeResult[]>
}

/** Functions to run together. */
export interface CodeRequest {
  readonly group: string
  readonly deadlineMs: number
  readonly calls: readonly CodeCall[]
}

/** One function over rows of arguments. */
export interface CodeCall {
  /** Digest of the function's code. */
  readonly code: Digest
  /** How it is called in errors, such as `derive departure_hour`. */
  readonly name: string
  /** One object of arguments a row, as code sees values: timestamps are dates. */
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** What a function gave for each row. */
export type CodeResult = readonly CodeOutcome[]

/** A value as code returned it, not checked yet; or the failure, with a code of the error table. */
export type CodeOutcome =
  | { readonly value: unknown; readonly failure?: undefined }
  | { readonly failure: { readonly code: string; readonly message: string } }
