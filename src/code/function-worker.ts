/** The main module of a worker thread that runs project code. It imports as little as possible: it starts often. */
import { format } from 'node:util'
import { parentPort } from 'node:worker_threads'
import {
  type FromWorker,
  type FunctionRows,
  functionUrl,
  loadingJob,
  progressOf,
  sharedNowMs,
  type ToWorker,
  type WireError,
  type WireJob,
  type WireOutcome,
  type WireStart,
} from './function-message.ts'

type Run = (row: object) => unknown

const stacksPerCall = 3
const logLinesPerSecond = 100

// What the thread itself has read by now is nothing to project code: it sees no environment.
delete process.env.NODE_COMPILE_CACHE

// Not the parent's own port, which any module of the thread could listen to.
parentPort?.once('message', ({ port, progress }: WireStart) => {
  const functions: (Run | undefined)[] = []

  const send = (message: FromWorker): void => {
    try {
      port.postMessage(message)
    } catch {
      port.postMessage(cloneable(message))
    }
  }

  const load = async (sources: readonly string[]): Promise<void> => {
    const errors: (WireError | null)[] = []
    for (const source of sources) {
      const index = functions.length
      mark(loadingJob, index, index)
      try {
        functions.push(await importFunction(source, index))
        errors.push(null)
      } catch (error) {
        functions.push(undefined)
        errors.push(describe(error, 0, true))
      }
    }
    mark(0, 0, progress[progressOf.fn] ?? 0)
    send({ kind: 'loaded', errors })
  }

  const runJob = ({ id, calls, expiresAtMs }: WireJob): void => {
    // Marked first, so that the pool, which looks at the deadline or later, never takes a job for idle that begins.
    mark(id, 0, calls[0]?.fn ?? 0)
    if (sharedNowMs() >= expiresAtMs) {
      Atomics.store(progress, progressOf.job, 0)
      return
    }
    const outcomes: (WireOutcome | null)[] = []
    for (const [index, { fn, input }] of calls.entries()) {
      mark(id, index, fn)
      const outcome = runRows(functions[fn], input)
      if (outcome instanceof Promise) {
        outcomes.push(null)
        void outcome.then((done) => send({ kind: 'result', id, call: index, outcome: done }))
      } else outcomes.push(outcome)
    }
    Atomics.store(progress, progressOf.job, 0)
    send({ kind: 'results', id, outcomes })
  }

  const mark = (job: number, call: number, fn: number): void => {
    Atomics.store(progress, progressOf.call, call)
    Atomics.store(progress, progressOf.fn, fn)
    Atomics.store(progress, progressOf.job, job)
  }

  const log = limited((level: string, text: string) => {
    send({ kind: 'log', fn: progress[progressOf.fn] ?? 0, level, text })
  })
  for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace'] as const) {
    console[level] = (...parts: unknown[]) => log(level, format(...parts))
  }
  // A forgotten promise or timer of project code must not take the thread with it.
  process.on('uncaughtException', (error) => log('error', `Uncaught outside of any call: ${format(error)}`))
  process.on('unhandledRejection', (error) => log('error', `Rejected outside of any call: ${format(error)}`))

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'jobs') for (const job of message.jobs) runJob(job)
    else if (message.kind === 'load') void load(message.sources)
    else send({ kind: 'pong' })
  })
})

async function importFunction(source: string, index: number): Promise<Run> {
  const named = `${source}\n//# sourceURL=${functionUrl}${index}\n`
  const module = await import(`data:text/javascript;base64,${Buffer.from(named).toString('base64')}`)
  if (typeof module.default !== 'function') throw new TypeError('The module has no function as its default export')
  return module.default
}

/** Calls a function with each row in turn; a promise from the first row on that gives one. */
function runRows(run: Run | undefined, input: FunctionRows): WireOutcome | Promise<WireOutcome> {
  const count = 'rows' in input ? input.rows.length : input.rowCount
  const outcome: WireOutcome = { values: new Array(count), errors: [] }
  for (let row = 0; row < count; row++) {
    try {
      const value = call(run, input, row)
      if (isThenable(value)) return runRest(run, input, row, value, outcome)
      outcome.values[row] = value
    } catch (error) {
      addError(outcome, row, error)
    }
  }
  return outcome
}

async function runRest(
  run: Run | undefined,
  input: FunctionRows,
  firstRow: number,
  first: unknown,
  outcome: WireOutcome,
): Promise<WireOutcome> {
  let value = first
  for (let row = firstRow; row < outcome.values.length; row++) {
    try {
      outcome.values[row] = await (row === firstRow ? value : call(run, input, row))
    } catch (error) {
      addError(outcome, row, error)
    }
    value = undefined
  }
  return outcome
}

function call(run: Run | undefined, input: FunctionRows, row: number): unknown {
  if (run === undefined) throw new Error('The function could not be loaded')
  return run(Object.freeze('rows' in input ? (input.rows[row] ?? {}) : rowOf(input.columns, row)))
}

function rowOf(columns: Readonly<Record<string, ArrayLike<unknown>>>, row: number): object {
  const object: Record<string, unknown> = {}
  for (const name in columns) {
    const column = columns[name]
    const value = column?.[row]
    object[name] = column instanceof Float64Array && Number.isNaN(value) ? null : value
  }
  return object
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function addError(outcome: WireOutcome, row: number, error: unknown): void {
  outcome.errors.push(describe(error, row, outcome.errors.length < stacksPerCall))
}

/** Reading a stack is dear, and a thrown value may be anything, even one that throws when it is read. */
function describe(error: unknown, row: number, withStack: boolean): WireError {
  try {
    const isError = error instanceof Error
    const message = isError ? `${error.name}: ${error.message}` : `Thrown: ${format(error)}`
    return {
      row,
      message: message.slice(0, 2_000),
      stack: isError && withStack ? (error.stack ?? '').slice(0, 8_000) : '',
    }
  } catch {
    return { row, message: 'Thrown: a value that cannot be described', stack: '' }
  }
}

/** A message without the values that cannot be sent (functions, symbols), which become errors. */
function cloneable(message: FromWorker): FromWorker {
  if (message.kind === 'results') {
    return { ...message, outcomes: message.outcomes.map((outcome) => outcome && cloneableOutcome(outcome)) }
  }
  return message.kind === 'result' ? { ...message, outcome: cloneableOutcome(message.outcome) } : message
}

function cloneableOutcome({ values, errors }: WireOutcome): WireOutcome {
  const clean: WireOutcome = { values: [], errors: [...errors] }
  for (const [row, value] of values.entries()) {
    try {
      clean.values[row] = structuredClone(value)
    } catch (error) {
      clean.values[row] = undefined
      clean.errors.push(describe(error, row, false))
    }
  }
  return clean
}

/** Lets so many lines through each second, and says how many it did not. */
function limited(write: (level: string, text: string) => void): (level: string, text: string) => void {
  let second = 0
  let lines = 0
  return (level, text) => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) {
      if (lines > logLinesPerSecond) write('warn', `${lines - logLinesPerSecond} lines were left out`)
      second = now
      lines = 0
    }
    lines++
    if (lines <= logLinesPerSecond) write(level, text.slice(0, 2_000))
  }
}
