import { readdirSync, readFileSync } from 'node:fs'

/** The most memory that this process and all that it started held at once, looked at twice a second. Linux only; else null. */
export class MemoryWatch {
  #peakKb = 0
  readonly #timer = setInterval(() => this.#look(), 500).unref()

  peakMb(): number | null {
    this.#look()
    return this.#peakKb === 0 ? null : Math.round(this.#peakKb / 1024)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    try {
      const processes = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(readProcess)
      const family = new Set([process.pid])
      // A child may stand before its parent in the list, so look until nobody is added.
      for (let size = 0; size !== family.size; ) {
        size = family.size
        for (const one of processes) if (one !== null && family.has(one.parent)) family.add(one.pid)
      }
      const sum = processes.reduce(
        (total, one) => total + (one !== null && family.has(one.pid) ? one.residentKb : 0),
        0,
      )
      this.#peakKb = Math.max(this.#peakKb, sum)
    } catch {
      // There is no /proc here.
    }
  }
}

function readProcess(name: string): { pid: number; parent: number; residentKb: number } | null {
  try {
    const status = readFileSync(`/proc/${name}/status`, 'utf8')
    const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    return { pid: Number(name), parent: field('PPid'), residentKb: field('VmRSS') }
  } catch {
    return null
  }
}
