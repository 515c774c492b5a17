// Goal: what is on a user's disk today opens tomorrow. Method: the stores that each release left, opened by the code of today:
// every acknowledged event counts once, every logged prediction is given back, the version answers.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { noonmark, startServer, until } from '../e2e/command-line.ts'
import { removeProject } from '../e2e/small-project.ts'
import { advance, clock, countsOf, eventOf, expectedCounts, findPredictions, ready } from './lived-project.ts'

const fixtures = fileURLToPath(new URL('../fixtures/stores/', import.meta.url))
const releases = readdirSync(fixtures)
  .filter((name) => name.endsWith('.tar.gz'))
  .map((name) => name.replace('.tar.gz', ''))

describe('stores of an earlier release', () => {
  for (const release of releases) {
    it(`${release} open with everything in them`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'noonmark-release-'))
      execFileSync('tar', ['-xzf', join(fixtures, `${release}.tar.gz`), '-C', folder])
      const acknowledged: { events: Record<string, string>; predictions: Record<string, number> } = JSON.parse(
        readFileSync(join(fixtures, `${release}.json`), 'utf8'),
      )
      const events = new Map(Object.entries(acknowledged.events))
      const predictions = new Map(Object.entries(acknowledged.predictions))
      try {
        const { code, out, error } = await noonmark(folder, ['versions', 'list'])
        expect(code, error).toBe(0)
        expect(out).toContain('late:1')
        const server = await startServer(folder, clock)
        try {
          await ready(server)
          await advance(server)
          const expected = JSON.stringify(expectedCounts(events))
          await until('the features', async () => JSON.stringify(await countsOf(server)) === expected)
          expect((await findPredictions(server, predictions)).found).toEqual(predictions)
          const [id, shop] = [...events][0]!
          const repeat = await server.post('/v1/sources/deliveries/events', { events: [eventOf(id, shop)] })
          expect(repeat.json).toMatchObject({ accepted: 0, duplicates: 1 })
          const answer = await server.post<{ results: Record<string, object> }>('/v1/moments/order/predictions', {
            order_id: 'later',
            shop,
            kilograms: 3,
          })
          expect(answer.json.results['late-order']).toMatchObject({ answered_by: 'champion', logged: true })
        } finally {
          await server.stop()
        }
      } finally {
        removeProject(folder)
      }
    })
  }
})
