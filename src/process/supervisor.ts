import type { ChildProcess } from 'node:child_process'
import { type ErrorCode, type ErrorDetail, errorTable, noonmarkError } from '../errors.ts'
import { type WarmProcesses, warmProcesses } from './role-process.ts'

/** The parts of a running platform, each a process: one that crashes never stops another. */
export type Role = 'writer' | 'worker' | 'serve'

export interface SupervisorOptions {
  readonly roles: readonly Role[]
  /** Of these roles those that rest: they are started when another asks for them, and may end when they have nothing to do. */
  readonly resting?: readonly Role[]
  /** Of these roles those that another process stands ready for, so that they are back in a moment. */
  readonly spare?: readonly Role[]
  /** Processes that were started ahead. */
  readonly warm?: WarmProcesses
  /** Handed to each role as JSON. */
  readonly settings: RoleSettings
  /** A line that a role printed. */
  readonly onLine: (role: Role, line: string) => void
  /** A role that ended without being asked to. */
  readonly onExit?: (role: Role, reason: string) => void
  /** Other processes than before play the roles: `pids()` says which. */
  readonly onChange?: () => void
}

/** What a role process is told. */
export interface RoleSettings {
  readonly rootDir: string
  readonly project: string
  readonly host: string
  readonly port: number
  /** Start of the replay clock; null for the real one. */
  readonly clockMs: number | null
}

/** A role's first words to its supervisor: it answers now, and how. */
export interface RoleReady {
  readonly ready: true
  readonly detail: Readonly<Record<string, unknown>>
}

/** What a role tells its supervisor. */
export type RoleMessage =
  | RoleReady
  /** The replay clock stands there now; a role that starts again starts there. */
  | { readonly clockMs: number }
  /** A role that rests has something to do. */
  | { readonly wake: Role }
  /** It has nothing to do, and ends. */
  | { readonly rests: true }
  /** What starting again will not mend. */
  | { readonly fatal: ErrorDetail & { readonly code: string } }

/** What a supervisor tells its roles. */
export type RoleOrder = 'applied'

export interface Supervisor {
  /**
   * Resolves when every role has said that it answers, or has ended once without a reason to give up: what takes requests goes on
   * without the others, and they are started again.
   * @throws the error of a role that starting again will not mend
   */
  ready(): Promise<Readonly<Record<string, RoleReady['detail']>>>
  /** Process ids by role, of those that run now. */
  pids(): Readonly<Partial<Record<Role, number>>>
  /** Something else is applied: every role takes it up now, and not when it next looks. */
  hurry(): void
  /** Asks every role to end, the ones that take requests first, and waits. */
  stop(): Promise<void>
}

/** How a role ends whose reason starting again will not mend; it tells the reason before. */
export const hopelessExitCode = 78
const longestPauseMs = 5_000
const steadyMs = 10_000
const patienceMs = 10_000
/** The same for one that did answer: nothing was wrong with its start. */
const longestPauseOnceReadyMs = 200
/** A spare is started when the one that took its place has started: they must not compete. */
const sparePauseMs = 2_000

/** Starts the roles and starts again whichever ends, at once the first time and with growing pauses when it keeps ending. */
export function supervise(options: SupervisorOptions): Supervisor {
  const children = new Map<Role, ChildProcess>()
  const details: Partial<Record<Role, RoleReady['detail']>> = {}
  const waiting: (() => void)[] = []
  let settings = options.settings
  let failure: Error | null = null
  let stopping = false
  const stumbled = new Set<Role>()
  const { resting = [], spare = [], warm = warmProcesses() } = options
  /** Roles that rest: none of their processes runs, and nobody waits for one. */
  const asleep = new Set<Role>(resting)
  const up = (): boolean =>
    options.roles.every(
      (role) =>
        asleep.has(role) || details[role] !== undefined || (role !== 'serve' && (stumbled.has(role) || standsOn(role))),
    )
  /** Nothing can be filled without a writer, and nobody waits for that. */
  const standsOn = (role: Role): boolean => role === 'worker' && stumbled.has('writer')

  /** Roles whose process ends because it has nothing to do, and whether they were asked for since. */
  const retiring = new Map<Role, { asked: boolean }>()
  const wake = (role: Role): void => {
    const ending = retiring.get(role)
    if (ending !== undefined) ending.asked = true
    else if (!stopping && asleep.has(role)) start(role, 0)
  }
  const start = (role: Role, pauseMs: number): void => {
    const startedAt = performance.now()
    let answered = false
    asleep.delete(role)
    const child = warm.take(role)
    child.send(settings, () => {})
    children.set(role, child)
    for (const stream of [child.stdout, child.stderr]) splitLines(stream!, (line) => options.onLine(role, line))
    options.onChange?.()
    child.on('message', (message: RoleMessage) => {
      if ('clockMs' in message) {
        settings = { ...settings, clockMs: Math.max(settings.clockMs ?? message.clockMs, message.clockMs) }
        return
      }
      if ('wake' in message) return wake(message.wake)
      if ('rests' in message) {
        retiring.set(role, { asked: false })
        return
      }
      // Whoever called the server before must find it again: a port that the system chose stays.
      if ('ready' in message) {
        answered = true
        details[role] = message.detail
        if (spare.includes(role)) setTimeout(() => stopping || warm.prepare(role), sparePauseMs).unref()
        if (typeof message.detail.url === 'string') settings = { ...settings, port: portOf(message.detail.url) }
      } else if (!up()) failure = errorOf(message.fatal)
      for (const resume of waiting.splice(0)) resume()
    })
    const ended = (reason: string): void => {
      children.delete(role)
      const rests = retiring.get(role)
      retiring.delete(role)
      if (stopping || failure !== null) return
      if (rests !== undefined) {
        asleep.add(role)
        if (rests.asked) wake(role)
        options.onChange?.()
        return
      }
      stumbled.add(role)
      options.onExit?.(role, reason)
      options.onChange?.()
      const longestMs = answered ? longestPauseOnceReadyMs : longestPauseMs
      const next = performance.now() - startedAt > steadyMs ? 0 : Math.min(longestMs, pauseMs === 0 ? 100 : pauseMs * 2)
      setTimeout(
        () => {
          if (!stopping) start(role, next)
        },
        Math.min(pauseMs, longestMs),
      )
      for (const resume of waiting.splice(0)) resume()
    }
    child.on('exit', (code, signal) => {
      // Its reason may come in only after its end.
      if (code === hopelessExitCode && !up()) children.delete(role)
      else ended(signal ?? `exit ${code}`)
    })
    // One that cannot even be started has no exit.
    child.on('error', (error) => {
      if (child.pid === undefined) ended(error.message)
    })
  }
  for (const role of options.roles) if (!asleep.has(role)) start(role, 0)

  return {
    async ready() {
      while (failure === null && !up()) {
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      if (failure !== null) throw failure
      return details
    },
    pids: () =>
      Object.fromEntries([...children].flatMap(([role, { pid }]) => (pid === undefined ? [] : [[role, pid]]))),
    hurry() {
      // One that is just ending has nothing to take up, and its successor begins with what is applied.
      for (const child of children.values()) if (child.connected) child.send('applied' satisfies RoleOrder, () => {})
    },
    async stop() {
      stopping = true
      warm.close()
      for (const role of ['serve', 'worker', 'writer'] as const) {
        const child = children.get(role)
        if (child === undefined) continue
        const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
        child.kill('SIGTERM')
        const impatient = setTimeout(() => {
          options.onLine(role, `did not end within ${patienceMs / 1000} s of being asked to, and is killed`)
          child.kill('SIGKILL')
        }, patienceMs)
        await ended
        clearTimeout(impatient)
      }
    },
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

function errorOf({ code, ...detail }: ErrorDetail & { readonly code: string }): Error {
  return noonmarkError(code in errorTable ? (code as ErrorCode) : 'internal', detail) // checked against the table
}

/** Calls back with each line of a stream. */
export function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
