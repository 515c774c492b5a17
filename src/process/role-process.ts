import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Role } from './supervisor.ts'

const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './role.ts' : './role.js', import.meta.url))

/**
 * What the roles that are always there are started with: they idle for most of their time, and young objects of a request need
 * little room. What the worker computes needs all there is.
 */
const lean = {
  arguments: ['--max-semi-space-size=4'],
  environment: { MALLOC_ARENA_MAX: '2' },
} as const

/** Processes that have loaded what they need and wait for their part: they answer in a fraction of the time of a new one. */
export interface WarmProcesses {
  /** A process for a role: a waiting one, else a new one. It begins when it is sent its settings. */
  take(role: Role): ChildProcess
  /** Starts one to wait, unless one waits already. */
  prepare(role: Role): void
  /** Ends those that wait. */
  close(): void
}

/** Opens the processes that wait; none does yet. */
export function warmProcesses(): WarmProcesses {
  const waiting = new Map<Role, ChildProcess>()
  return {
    take(role) {
      const child = waiting.get(role)
      waiting.delete(role)
      return child ?? startProcess(role)
    },
    prepare(role) {
      if (waiting.has(role)) return
      const child = startProcess(role)
      waiting.set(role, child)
      const gone = (): void => {
        if (waiting.get(role) === child) waiting.delete(role)
      }
      child.once('exit', gone)
      child.once('error', gone)
    },
    close() {
      for (const child of waiting.values()) child.kill('SIGKILL')
      waiting.clear()
    },
  }
}

function startProcess(role: Role): ChildProcess {
  const isLean = role !== 'worker'
  return spawn(process.execPath, [...(isLean ? lean.arguments : []), entry, role], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: isLean ? { ...lean.environment, ...process.env } : process.env,
  })
}
