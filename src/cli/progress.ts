import type { WriteStream } from 'node:tty'

/** Shows how far long work is: a bar on a terminal, a line per step elsewhere, nothing when asked to be quiet. */
export function progressReporter(
  stream: NodeJS.WriteStream | WriteStream,
  quiet: boolean,
): { report: (label: string, done: number, total: number) => void; end: () => void } {
  let current = ''
  let drawn = 0
  const end = (): void => {
    if (current !== '' && stream.isTTY) stream.write('\n')
    current = ''
  }
  return {
    end,
    report(label, done, total) {
      if (quiet) return
      const finished = total > 0 && done >= total
      if (!stream.isTTY) {
        if (label !== current) stream.write(`${label} ...\n`)
        current = finished ? '' : label
        return
      }
      if (label !== current) end()
      current = label
      const now = performance.now()
      if (!finished && now - drawn < 50) return
      drawn = now
      const share = total > 0 ? Math.min(1, done / total) : 0
      const width = 30
      const filled = Math.round(share * width)
      stream.write(`\r\x1b[2K${label} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${Math.round(share * 100)} %`)
      if (finished) end()
    },
  }
}
