import { noonmarkError } from '../errors.ts'

/** Lets a number of works go on at a time; the others wait in order. */
export interface Turns {
  /**
   * Waits for a turn; what it returns gives the turn back.
   * @throws work_cancelled when the signal is aborted while waiting
   */
  take(signal: AbortSignal): Promise<() => void>
}

/** Turns for `limit` works at a time. */
export function openTurns(limit: number): Turns {
  let free = limit
  const waiting: (() => void)[] = []
  const giveBack = (): (() => void) => {
    let given = false
    return () => {
      if (given) return
      given = true
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
  return {
    async take(signal) {
      if (signal.aborted) throw noonmarkError('work_cancelled')
      if (free > 0) {
        free--
        return giveBack()
      }
      await new Promise<void>((resolve, reject) => {
        const turn = (): void => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
        const leave = (): void => {
          waiting.splice(waiting.indexOf(turn), 1)
          reject(noonmarkError('work_cancelled'))
        }
        waiting.push(turn)
        signal.addEventListener('abort', leave, { once: true })
      })
      return giveBack()
    },
  }
}
