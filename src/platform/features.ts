import { type Frontiers, type OnlineStore, prepareLookup } from '../online/index.ts'
import type { FeatureLookup } from '../serve/index.ts'
import { statuses } from '../values/index.ts'

/** Serving's lookups out of the online store, at the frontiers that this process knows of. */
export function featureLookup(project: string, store: OnlineStore, frontiers: Pick<Frontiers, 'all'>): FeatureLookup {
  return {
    prepare(features) {
      const role = (key: number) => `key ${key}`
      const prepared = prepareLookup(
        project,
        features.map(({ key, ...feature }) => ({ ...feature, role: role(key) })),
      )
      return async (rows) => {
        const answers = await prepared.lookupMany(
          store,
          rows.map(({ at, keys }) => ({
            at,
            keys: Object.fromEntries(keys.map((key, index) => [role(index), key])),
            frontiers: frontiers.all,
          })),
        )
        return answers.map(({ values, statuses: codes, asOf, exactFrom, failure }) => ({
          values,
          statuses: Array.from(codes, (code) => statuses[code]!),
          asOf,
          exactFrom,
          tables: {},
          failure: failure === null ? null : failure instanceof Error ? failure.message : String(failure),
        }))
      }
    },
  }
}
