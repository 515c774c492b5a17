// Goal: docs/start.md stays what it promises: few lines, each block of code in a file. `test/package/start.ts` follows it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const page = readFileSync(fileURLToPath(new URL('../../docs/start.md', import.meta.url)), 'utf8')
const code = [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, text = '']) => text)

describe('docs/start.md', () => {
  it('takes at most 60 lines of code', () => {
    const lines = code.flatMap((text) => text.split('\n').slice(1)).filter((line) => line.trim() !== '')
    expect(lines.length).toBeGreaterThan(30)
    expect(lines.length).toBeLessThanOrEqual(60)
  })

  it('takes at most 15 minutes by its own account', () => {
    const minutes = [...page.matchAll(/^## .*\((\d+) minutes?\)$/gm)].map(([, count]) => Number(count))
    expect(minutes.length).toBe(6)
    expect(minutes.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(15)
  })
})
