import { readFileSync } from 'node:fs'

/** What changes with each start of the machine; null where the system does not tell. */
export function bootId(): string | null {
  try {
    const text = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return text === '' ? null : text
  } catch {
    return null
  }
}
