// Loaded before a process of the product: its clock is off by the milliseconds that a file says, from the moment it says so.
import { readFileSync } from 'node:fs'

const machine = Date.now
let [skewMs, readAt] = [0, Number.NEGATIVE_INFINITY]

Date.now = () => {
  const at = performance.now()
  if (at > readAt + 10) {
    readAt = at
    skewMs = Number(readFileSync(process.env.SKEWED_CLOCK_FILE, 'utf8'))
  }
  return machine() + skewMs
}
