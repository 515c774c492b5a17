import { noonmarkError } from '../errors.ts'
import type { RowResult } from './call-result.ts'
import { type BreakerRule, defaultBreakerRule } from './circuit-breaker.ts'
import {
  type FunctionCall,
  FunctionGroup,
  type FunctionState,
  type GroupHost,
  type PoolFunction,
} from './function-group.ts'
import { FunctionThread } from './function-thread.ts'

/** What project code wrote to its console, or left uncaught. */
export interface CodeLog {
  readonly group: string
  /** The function that ran last; undefined for what was written past the console. */
  readonly key: string | undefined
  readonly level: string
  readonly text: string
}

/** How a pool is made. */
export interface FunctionPoolOptions {
  /** The heap of each thread; 128 where left out. */
  readonly maxOldSpaceMb?: number
  /** How long the functions of a group may take to load; 10,000 where left out. */
  readonly loadDeadlineMs?: number
  readonly breaker?: Partial<BreakerRule>
  readonly log?: (line: CodeLog) => void
}

/** Runs project code in worker threads, one for each group, so that no group can stop another or the caller. */
export interface FunctionPool {
  /**
   * Makes these the functions of a group. While new ones load, the old ones answer; the same digests change nothing.
   * Resolves when they are loaded; a function that cannot be loaded is `broken`, and its calls say why.
   */
  readonly load: (group: string, functions: readonly PoolFunction[]) => Promise<void>
  /** Forgets a group; its thread ends when its calls have. */
  readonly unload: (group: string) => Promise<void>
  /** Calls one function with several rows. See `callMany`. */
  readonly call: (
    group: string,
    key: string,
    rows: readonly object[],
    options: { readonly deadlineMs: number },
  ) => Promise<RowResult[]>
  /**
   * Calls several functions in one message, under one deadline. A function gets one row at a time, frozen, and may
   * return a promise. Whatever happens to it is in the results, one list for each call in the order of its rows.
   * Raises `not_found` for a group or function that is not loaded.
   */
  readonly callMany: (
    group: string,
    calls: readonly FunctionCall[],
    options: { readonly deadlineMs: number },
  ) => Promise<RowResult[][]>
  /** How every function fares. */
  readonly states: () => FunctionState[]
  /** Ends all threads. Calls that are under way fail with `code_crashed`. */
  readonly close: () => Promise<void>
}

/** Makes a pool. It starts its first thread, and then a spare one, when the first group is loaded. */
export function createFunctionPool(options: FunctionPoolOptions = {}): FunctionPool {
  const limits = { maxOldSpaceMb: options.maxOldSpaceMb ?? 128, loadDeadlineMs: options.loadDeadlineMs ?? 10_000 }
  const groups = new Map<string, FunctionGroup>()
  const loads = new Map<string, Promise<void>>()
  const started = new Set<FunctionGroup>()
  let spare: FunctionThread | undefined
  let isClosed = false

  const host: GroupHost = {
    breakerRule: { ...defaultBreakerRule, ...options.breaker },
    log: (group, key, level, text) => options.log?.({ group, key, level, text }),
    takeThread: () => {
      const thread = spare === undefined || spare.isEnded ? new FunctionThread(limits) : spare
      spare = undefined
      return thread
    },
    warm: () => {
      if (!isClosed && (spare === undefined || spare.isEnded)) spare = new FunctionThread(limits)
    },
  }

  const loadNow = async (name: string, functions: readonly PoolFunction[]): Promise<void> => {
    if (isClosed) throw noonmarkError('internal', { message: 'The pool of project functions is closed' })
    const before = groups.get(name)
    if (before?.runs(functions)) return
    const group = new FunctionGroup(name, functions, before, host)
    started.add(group)
    if (before === undefined) groups.set(name, group) // calls may queue while it loads
    await group.start()
    if (before === undefined) return
    groups.set(name, group)
    before.retire()
    started.delete(before)
  }

  /** Loads of one group follow each other. */
  const inTurn = (name: string, work: () => Promise<void>): Promise<void> => {
    const turn = (loads.get(name) ?? Promise.resolve()).then(work)
    loads.set(
      name,
      turn.catch(() => {}),
    )
    return turn
  }

  const callMany: FunctionPool['callMany'] = async (name, calls, { deadlineMs }) => {
    const group = groups.get(name)
    if (group === undefined) throw noonmarkError('not_found', { message: `No functions are loaded for ${name}` })
    return group.run(calls, deadlineMs)
  }

  return {
    callMany,
    call: async (group, key, rows, callOptions) => (await callMany(group, [{ key, rows }], callOptions))[0] ?? [],
    load: (name, functions) => inTurn(name, () => loadNow(name, functions)),
    unload: (name) =>
      inTurn(name, async () => {
        const group = groups.get(name)
        groups.delete(name)
        if (group === undefined) return
        started.delete(group)
        group.retire()
      }),
    states: () => [...groups.values()].flatMap((group) => group.states()),
    close: async () => {
      isClosed = true
      await Promise.all([...started].map((group) => group.close()))
      await spare?.close()
      groups.clear()
    },
  }
}
