import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Layout } from '../layout.ts'

/**
 * How long a run took by the lines of its log, in milliseconds of the machine's time: on a replay clock no time passes while one
 * trains. Null where it has no log.
 */
export async function timeInLog(layout: Pick<Layout, 'runs'>, run: string): Promise<number | null> {
  const text = await readFile(join(layout.runs, run, 'log.txt'), 'utf8').catch(() => '')
  const instants = text.split('\n').flatMap((line) => {
    const instant = Date.parse(line.slice(0, 24))
    return Number.isNaN(instant) ? [] : [instant]
  })
  const [first, last] = [instants[0], instants.at(-1)]
  return first === undefined || last === undefined ? null : last - first
}
