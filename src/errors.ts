/**
 * Every error that a user of Noonmark can meet, in one table: its code, HTTP status, what happened and how to mend it.
 * `docs/reference/errors.md` is kept equal to this table by a test. A retired code is never used again.
 */
export const errorTable = {
  artifact_invalid: {
    status: 400,
    what: 'A trained model cannot be read: its bytes are not whole, or not those of a model.',
    mend: 'Fetch the artifact again, or train the version again.',
  },
  artifact_newer: {
    status: 400,
    what: 'A trained model was written by a newer Noonmark.',
    mend: 'Upgrade this installation to at least the version that trained the model.',
  },
  blob_damaged: {
    status: 500,
    what: 'The bytes of a blob are not those of its digest.',
    mend: 'Restore the file from a backup, or build again what it came from.',
  },
  body_too_large: {
    status: 413,
    what: 'The body of a request is larger than the server takes.',
    mend: 'Send fewer rows at once.',
  },
  clock_backwards: {
    status: 409,
    what: 'A replay clock only goes forward.',
    mend: 'Advance it to a later instant, or start again.',
  },
  clock_not_replay: {
    status: 409,
    what: 'The clock of this platform is the real one and cannot be set.',
    mend: 'Start with `--clock <instant>` to run on a replay clock.',
  },
  code_closure: {
    status: 400,
    what: 'A function uses a variable of the function or block around it, which cannot be stored with it.',
    mend: 'Move the variable to module level, or pass it to the function as an input.',
  },
  code_crashed: {
    status: 500,
    what: 'Project code ended the worker thread that ran it.',
    mend: 'Use less memory, and never end the process from project code.',
  },
  code_deadline: {
    status: 500,
    what: 'Project code did not finish within its deadline.',
    mend: 'Look for an endless loop or a promise that never settles, or give it more time.',
  },
  code_failed: {
    status: 500,
    what: 'Project code threw an error.',
    mend: 'Look at the message and at the lines that it names.',
  },
  code_held: {
    status: 500,
    what: 'Project code is held open after it repeatedly missed its deadline.',
    mend: 'Mend the function and apply; it is also tried again by itself, each time later.',
  },
  code_result: {
    status: 500,
    what: 'Project code returned a value of another type than it declares.',
    mend: 'Return a value of the declared type, or null.',
  },
  code_unsliceable: {
    status: 400,
    what: 'The source text of a function cannot be found in the project.',
    mend: 'Write the function out as an arrow, a function or a method; bound and built-in functions have no source text.',
  },
  content_type_unsupported: {
    status: 415,
    what: 'The body of a request is not JSON.',
    mend: 'Send `content-type: application/json`.',
  },
  definition_cycle: {
    status: 400,
    what: 'Definitions depend on each other in a circle.',
    mend: 'Break the circle at one of the definitions named.',
  },
  definition_duplicate: {
    status: 400,
    what: 'Two definitions of one kind have the same name.',
    mend: 'Rename one of them.',
  },
  definition_in_use: {
    status: 409,
    what: 'A definition would go away while something that answers still uses it.',
    mend: 'Move what is named to another version first, then delete.',
  },
  definition_invalid: { status: 400, what: 'A definition cannot be understood.', mend: 'Correct the field named.' },
  definition_unstable: {
    status: 400,
    what: 'A project means something else each time it is loaded.',
    mend: 'Keep clocks, randomness and the environment out of definitions; write the value down.',
  },
  deployment_held: {
    status: 409,
    what: 'A deployment was rolled back and is held.',
    mend: 'Pin another version in deployments.ts, or release the hold.',
  },
  disk_full: {
    status: 503,
    what: 'The disk is full.',
    mend: 'Free some space and try again: what was acknowledged is kept, and of this nothing.',
  },
  duration_invalid: {
    status: 400,
    what: 'A duration is not of the form 50ms, 30s, 15m, 6h, 7d or 2w.',
    mend: 'Write a whole number and one of the units ms, s, m, h, d, w.',
  },
  evaluation_invalid: {
    status: 400,
    what: 'Labels and predictions cannot be compared.',
    mend: 'Give one label (0 or 1), one finite prediction and, where used, one weight of 0 or more per row.',
  },
  event_conflict: {
    status: 409,
    what: 'An event has the id of another event with other content.',
    mend: 'Give the event an id of its own; an event that was sent cannot be changed.',
  },
  event_too_old: {
    status: 409,
    what: 'An event lies further back than its source remembers ids, so a repeat could not be told from it.',
    mend: 'Send it with `noonmark ingest --backfill`, or declare a longer deduplication window.',
  },
  file_exists: {
    status: 409,
    what: 'Something is already there under this name, and it is not overwritten.',
    mend: 'Choose another name, or move away what is there.',
  },
  fill_outdated: {
    status: 409,
    what: 'The history of features was folded for a state that has changed since.',
    mend: 'A server folds it again by itself; otherwise run `noonmark materialize` again.',
  },
  folder_locked: {
    status: 409,
    what: 'Another process writes in this folder.',
    mend: 'Stop the other process; one folder has one writer.',
  },
  host_forbidden: {
    status: 403,
    what: 'A request names a host or origin that is not this server.',
    mend: 'Call the server by its own address, and not from the page of another site.',
  },
  host_not_loopback: {
    status: 400,
    what: 'Without an access configuration the server listens on this machine only.',
    mend: 'Use 127.0.0.1, ::1 or localhost.',
  },
  instant_ahead: {
    status: 400,
    what: 'An instant lies ahead of the clock.',
    mend: "Ask for the clock's instant or an earlier one.",
  },
  instant_invalid: {
    status: 400,
    what: 'A time cannot be read.',
    mend: 'Write ISO 8601 with an offset, such as 2026-01-31T08:00:00Z, or declare the time zone of the source.',
  },
  internal: {
    status: 500,
    what: 'Something failed inside Noonmark.',
    mend: 'Look at the log; `noonmark doctor` checks the machine and the stores.',
  },
  json_invalid: {
    status: 400,
    what: 'The body of a request is not valid JSON.',
    mend: 'Correct the text at the place named.',
  },
  key_invalid: {
    status: 400,
    what: 'An entity key cannot be encoded.',
    mend: 'Use keys of at most 1 KiB of string, int, bool or timestamp columns.',
  },
  lock_invalid: {
    status: 400,
    what: 'noonmark.lock cannot be read.',
    mend: 'Restore the file from Git; on a merge conflict keep the lines of both sides.',
  },
  log_position_gone: {
    status: 410,
    what: 'The log no longer keeps the rows at this position.',
    mend: 'Begin at the first offset that the log still has.',
  },
  log_unavailable: {
    status: 503,
    what: 'The log cannot be written at the moment.',
    mend: 'Look at the disk (space, permissions) and try again.',
  },
  machine_unfit: {
    status: 409,
    what: 'Something of the machine keeps Noonmark from running well.',
    mend: 'Do what is said, and run `noonmark doctor` again.',
  },
  method_not_allowed: {
    status: 405,
    what: 'There is no such method at this path.',
    mend: 'Use one of the methods named.',
  },
  moment_without_history: {
    status: 400,
    what: 'A moment has no past occurrences, so there is nothing to train on.',
    mend: 'Give the source of the moment a history, or wait until occurrences have been received.',
  },
  not_found: { status: 404, what: 'There is nothing of that name.', mend: 'Look at the names listed.' },
  outcome_ambiguous: {
    status: 400,
    what: 'Several outcomes came true for one moment, and nothing says which counts.',
    mend: "Declare how they become one: outcome(source, { aggregate: 'first', ... }).",
  },
  parameter_invalid: {
    status: 400,
    what: 'A parameter of a trainer is unknown or out of its range.',
    mend: 'Use the parameters listed, each within its range.',
  },
  pin_not_literal: {
    status: 400,
    what: 'A pin in deployments.ts is not written as a plain string, so it cannot be edited for you.',
    mend: 'Change the lines shown by hand.',
  },
  plan_invalid: {
    status: 400,
    what: 'A plan cannot be read.',
    mend: 'Make it again with `noonmark plan --out`.',
  },
  plan_stale: {
    status: 409,
    what: 'What is applied has changed since the plan was made.',
    mend: 'Plan again, look at the difference, and apply.',
  },
  port_in_use: {
    status: 409,
    what: 'Another process listens on this port.',
    mend: 'Stop the other process, or choose another port with `--port`.',
  },
  position_invalid: {
    status: 400,
    what: 'A position cannot be read.',
    mend: 'Send a position exactly as an answer gave it.',
  },
  position_not_reached: {
    status: 503,
    what: 'The events up to the position asked for are not applied yet.',
    mend: 'Try again, with more time.',
  },
  project_invalid: {
    status: 400,
    what: 'The project cannot be loaded.',
    mend: 'Correct the file and line named.',
  },
  project_missing: {
    status: 400,
    what: 'There is no project in this folder.',
    mend: 'Go to the folder with noonmark.config.ts, or make a project with `noonmark init`.',
  },
  project_not_applied: {
    status: 409,
    what: 'The project was never applied here.',
    mend: 'Run `noonmark apply` in its folder.',
  },
  record_conflict: {
    status: 409,
    what: 'A record was changed by someone else meanwhile.',
    mend: 'Read it again and repeat the change.',
  },
  request_invalid: {
    status: 400,
    what: 'A request does not fit its description.',
    mend: 'Correct the field named; /openapi.json describes every request.',
  },
  row_invalid: {
    status: 400,
    what: 'A row does not fit its declaration.',
    mend: 'Send every required field, no other fields, each of its type.',
  },
  run_ended: {
    status: 409,
    what: 'The run has ended, so there is nothing to cancel.',
    mend: 'Look at it with `noonmark runs show <run>`, or train again.',
  },
  run_lost: {
    status: 500,
    what: 'The process of a run ended before the run did.',
    mend: 'Train again; look at the memory of the machine where it happens repeatedly.',
  },
  segment_damaged: {
    status: 500,
    what: 'A segment of a log holds bytes that are not a record.',
    mend: 'Restore the file from a backup; `noonmark doctor` shows what can still be read.',
  },
  server_not_running: {
    status: 503,
    what: 'No server runs on this folder.',
    mend: 'Start one with `noonmark dev`.',
  },
  source_column_missing: {
    status: 400,
    what: 'A file of a source lacks a declared column.',
    mend: 'Add the column to the file, correct its name in the declaration, or declare it `.optional()`.',
  },
  source_column_type: {
    status: 400,
    what: 'A column of a file has a type that does not fit its declaration.',
    mend: 'Declare the type that the file has, or write the file with the declared type.',
  },
  source_file_changed: {
    status: 409,
    what: 'A file was changed after it was pinned.',
    mend: 'Put the file back as it was: its rows are part of what was filled and trained on.',
  },
  source_file_missing: {
    status: 400,
    what: 'The history of a source names no file.',
    mend: "Correct the path, which is relative to the project's folder.",
  },
  source_file_unreadable: {
    status: 400,
    what: 'A file of a source cannot be read.',
    mend: 'Write the file again as Parquet or as comma-separated CSV with a header line.',
  },
  source_stale: {
    status: 409,
    what: 'The newest row of a source is older than its declaration allows.',
    mend: 'Look at what should bring its rows, or allow more: freshness.',
  },
  source_time_missing: {
    status: 400,
    what: 'No column of a file says when its rows happened.',
    mend: 'Write a time in every row, in ISO 8601, and import the file again.',
  },
  source_time_naive: {
    status: 400,
    what: 'Times of a file have no offset from UTC.',
    mend: "Declare the zone in which they are to be read: timeZone: 'UTC' or timeZone: 'Europe/Amsterdam'.",
  },
  source_value_invalid: {
    status: 400,
    what: 'A value of a file does not fit the declared type of its column.',
    mend: 'Correct the value in the file, or declare the type that the column has.',
  },
  source_value_missing: {
    status: 400,
    what: 'A file has rows without a value that every row needs.',
    mend: 'Fill in the values named or leave such rows out of the file.',
  },
  state_damaged: {
    status: 500,
    what: 'A value of the online store is not what was written.',
    mend: 'Nothing is lost: the writer gives the state up, starts again and fills it from history and log.',
  },
  store_busy: {
    status: 503,
    what: 'A store was busy for longer than we wait.',
    mend: 'Try again.',
  },
  store_damaged: {
    status: 500,
    what: 'A store holds something else than was written.',
    mend: 'Stop the platform and restore the file from a backup; `noonmark doctor` says which other stores are whole.',
  },
  store_foreign: {
    status: 409,
    what: 'A file that should be a store of Noonmark belongs to another program.',
    mend: 'Name another file in noonmark.config.ts.',
  },
  store_missing: {
    status: 409,
    what: 'A store is gone while others beside it hold data.',
    mend: 'Restore the file from a backup. To begin anew, move the folder .noonmark away.',
  },
  store_newer: {
    status: 409,
    what: 'A store was written by a newer release of Noonmark.',
    mend: 'Upgrade Noonmark; a store is never downgraded.',
  },
  store_unavailable: {
    status: 503,
    what: 'A store cannot be opened.',
    mend: 'Look at the folder (permissions, space) and at the message.',
  },
  sum_overflow: {
    status: 400,
    what: 'A sum does not fit its type.',
    mend: 'Sum a smaller window, or sum the column as float.',
  },
  table_invalid: {
    status: 400,
    what: 'A file is not a table that Noonmark wrote.',
    mend: 'Build the table again.',
  },
  time_zone_unknown: {
    status: 400,
    what: 'A time zone is not known.',
    mend: 'Use an IANA name such as Europe/Amsterdam, or UTC.',
  },
  trainer_failed: {
    status: 500,
    what: 'A trainer ended without a model.',
    mend: 'Look at its log: `noonmark runs logs <run>`.',
  },
  training_cancelled: { status: 409, what: 'The training was cancelled.', mend: 'Start the run again.' },
  training_data_invalid: {
    status: 400,
    what: 'The training data does not fit together.',
    mend: 'Give at least one row, columns of equal length, labels of 0 and 1, and the columns that the model expects.',
  },
  training_one_class: {
    status: 400,
    what: 'Every label of the training set is the same, so there is nothing to learn.',
    mend: 'Widen the period, or look at how the label is defined.',
  },
  training_set_empty: {
    status: 400,
    what: 'The training set has no rows.',
    mend: 'Widen the period, or look at when the moments of the source happened.',
  },
  version_conflict: {
    status: 409,
    what: 'A version number stands for two different versions.',
    mend: 'Train again, which takes the next free number, and pin that.',
  },
  version_mismatch: {
    status: 409,
    what: 'A version does not predict what its trainer predicted with it.',
    mend: 'Train the version again; this one is not served.',
  },
  version_unfit: {
    status: 409,
    what: 'A version did not pass its checks.',
    mend: 'Look at `noonmark versions check <version>`, and train another.',
  },
  version_unknown: {
    status: 404,
    what: 'A deployment pins a version that this platform does not have.',
    mend: 'Pin a version that `noonmark versions list` shows, or train it here.',
  },
  window_invalid: { status: 400, what: 'A window is not allowed.', mend: 'Windows are one minute or longer.' },
  work_cancelled: { status: 409, what: 'The work was cancelled.', mend: 'Ask for it again.' },
  worker_unavailable: {
    status: 503,
    what: 'The process that trains, builds and measures is down.',
    mend: 'Ask again in a moment: it starts again by itself. Predictions and events go on meanwhile.',
  },
  writer_unavailable: {
    status: 503,
    what: 'The process that takes events is down, or does not answer.',
    mend: 'Send the events again: one with an id counts once, even if it was taken. Predictions go on meanwhile.',
  },
} as const satisfies Record<string, ErrorEntry>

/** One line of the table. */
export interface ErrorEntry {
  readonly status: number
  readonly what: string
  readonly mend: string
}

/** A code of the table. */
export type ErrorCode = keyof typeof errorTable

const marker = Symbol.for('noonmark.error')

/** What an error says beyond its code. */
export interface ErrorDetail {
  /** The sentence for this very case; the table's sentence where left out. */
  readonly message?: string
  /** How to mend this very case; the table's where left out. */
  readonly hint?: string
  /** The field or definition at fault, such as `rows[3].distance` or `features/airport.ts > airport_punctuality > mean_delay_1h`. */
  readonly path?: string
  readonly cause?: unknown
}

/** An error out of the table. Recognise it with `isNoonmarkError`, never with `instanceof`. */
export class NoonmarkError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly path: string | undefined
  readonly [marker] = true

  constructor(code: ErrorCode, detail: ErrorDetail = {}) {
    super(detail.message ?? errorTable[code].what, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'NoonmarkError'
    this.code = code
    this.hint = detail.hint ?? errorTable[code].mend
    this.path = detail.path
  }

  /** The HTTP status of the code. */
  get status(): number {
    return errorTable[this.code].status
  }
}

/** Makes an error of the table; throw what it returns. */
export function noonmarkError(code: ErrorCode, detail?: ErrorDetail): NoonmarkError {
  return new NoonmarkError(code, detail)
}

/** Whether a thrown value is one of our errors, also when it comes from another copy of this package. */
export function isNoonmarkError(value: unknown): value is NoonmarkError {
  return typeof value === 'object' && value !== null && marker in value
}

/** A full disk as an error of the table, wherever it was met; any other error as it is. */
export function translatedFault(error: unknown): unknown {
  if (isNoonmarkError(error) || !(error instanceof Error) || !('code' in error)) return error
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return error
  const { path } = error as NodeJS.ErrnoException // what file system errors are
  return noonmarkError('disk_full', {
    message: `There is no space left on the disk${path === undefined ? '' : ` for ${path}`}.`,
    ...(path === undefined ? {} : { path }),
    cause: error,
  })
}

/** An error as it stands on the wire and in `--json` output. */
export function errorBody(thrown: unknown): { error: { code: string; message: string; hint: string; path?: string } } {
  const error = translatedFault(thrown)
  if (!isNoonmarkError(error)) {
    return {
      error: {
        code: 'internal',
        message: error instanceof Error ? error.message : String(error),
        hint: errorTable.internal.mend,
      },
    }
  }
  const { code, message, hint, path } = error
  return { error: { code, message, hint, ...(path === undefined ? {} : { path }) } }
}

/** The error that a body was made from, in another process or on another machine; a code that is not in the table is `internal`. */
export function readError({ code, message, hint, path }: WireError): NoonmarkError {
  const known = code in errorTable ? (code as ErrorCode) : 'internal' // checked against the table
  return new NoonmarkError(known, {
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(path === undefined ? {} : { path }),
  })
}

/** An error as `errorBody` puts it on the wire. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly path?: string
}

/**
 * The path of an error with the file in front that declares what it names: `models/late.ts > model late > split`. `files` are
 * those of a manifest, by `kind name`.
 */
export function pathInFile(files: Readonly<Record<string, string>>, path: string): string {
  const file = files[path.split(' > ', 1)[0] ?? '']
  return file === undefined ? path : `${file} > ${path}`
}
