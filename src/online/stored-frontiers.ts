import type { Instant } from '../values/index.ts'
import type { OnlineStore } from './online-store.ts'
import { decodeFrontier } from './source-state.ts'
import { stateKeys } from './state-key.ts'

/**
 * The frontiers that a writer has kept beside the state, by source: each was reached, so that a lookup at it is exact, and the
 * writer may have gone further since. Sources of which none is kept are left out.
 * @throws state_damaged; what the store throws
 */
export async function storedFrontiers(
  store: OnlineStore,
  project: string,
  sources: readonly string[],
): Promise<Readonly<Record<string, Instant>>> {
  const keys = stateKeys(project)
  const { values } = await store.read({ gets: sources.map((source) => keys.frontier(source)), ranges: [] })
  return Object.fromEntries(
    sources.flatMap((source, i) => {
      const frontierMs = decodeFrontier(values[i] ?? null)
      return frontierMs === null ? [] : [[source, frontierMs]]
    }),
  )
}
