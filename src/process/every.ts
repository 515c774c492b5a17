import type { RoleOrder } from './supervisor.ts'

/** How often a role looks whether something else is applied. */
export const refreshMs = 250

/** Repeats work with a pause between, and at once where something else is applied; returns what ends it. */
export function every(pauseMs: number, work: () => Promise<void>): () => void {
  let ended = false
  let working = false
  let again = false
  let complaint = ''
  let timer: NodeJS.Timeout | undefined
  const turn = async (): Promise<void> => {
    if (ended) return
    working = true
    again = false
    await work().then(
      () => {
        complaint = ''
      },
      (error: unknown) => {
        // What goes on failing is said once.
        if (String(error) !== complaint) console.error(error)
        complaint = String(error)
      },
    )
    working = false
    if (!ended) timer = setTimeout(turn, again ? 0 : pauseMs)
  }
  const hurry = (order: unknown): void => {
    if (order !== ('applied' satisfies RoleOrder)) return
    again = true
    if (working) return
    clearTimeout(timer)
    turn()
  }
  process.on('message', hurry)
  timer = setTimeout(turn, pauseMs)
  return () => {
    ended = true
    clearTimeout(timer)
    process.off('message', hurry)
  }
}
