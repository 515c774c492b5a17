import type { Manifest, ModelSpec } from '../define/index.ts'
import { isNoonmarkError } from '../errors.ts'
import type { OutcomeAsk, OutcomeFound } from '../http/work.ts'
import { labelStatuses, maturityLagMs, type OutcomeColumns, type TableVersion } from '../offline/index.ts'
import type { Platform } from '../platform.ts'
import { columnOf, type Instant } from '../values/index.ts'
import { frontiersNow } from './frontiers-now.ts'

/** Finds outcomes of single predictions in the tables, for pages that show them. */
export interface OutcomeLookup {
  /** One answer an ask; null where nobody can say: the model is gone, its key changed, or its outcomes are ambiguous. */
  find(asks: readonly OutcomeAsk[]): Promise<readonly (OutcomeFound | null)[]>
}

/** How a lookup is opened. */
export interface OutcomeLookupOptions {
  /** The writer's frontiers, where it runs in this process. */
  readonly frontiers?: (sources: readonly string[]) => Promise<Readonly<Record<string, Instant>>>
  /** How old a pinned table must be before it is pinned anew for what has matured since; 5 seconds by default. */
  readonly leastPauseMs?: number
}

/** A source's table as it was pinned, and up to when outcomes in it are known. */
interface PinnedOutcomes {
  readonly version: TableVersion
  readonly cutMs: Instant
  readonly pinnedAtMs: number
}

/** After so long, what was mature without an outcome is looked at again: one may have come late. */
const lateAfterMs = 60_000

/**
 * Opens a lookup. It keeps the tables that it pinned, and pins anew only where that may change an answer: received rows become
 * a file when a table is pinned, and pages that are looked at again and again must not make one each time.
 */
export function openOutcomeLookup(platform: Platform, options: OutcomeLookupOptions = {}): OutcomeLookup {
  const { frontiers = (sources) => frontiersNow(platform, sources), leastPauseMs = 5_000 } = options
  const pins = new Map<string, Promise<PinnedOutcomes>>()

  const pin = async (manifest: Manifest, source: string): Promise<PinnedOutcomes> => {
    const { [source]: frontierMs } = await frontiers([source])
    const { [source]: version } = await platform.tables().pin(manifest, [source])
    const now = platform.clock.now()
    return { version: version!, cutMs: Math.min(now, frontierMs ?? now), pinnedAtMs: performance.now() }
  }
  const pinned = (manifest: Manifest, source: string, anew: boolean): Promise<PinnedOutcomes> => {
    const known = pins.get(source)
    if (known !== undefined && !anew) return known
    const made = pin(manifest, source)
    pins.set(source, made)
    made.catch(() => pins.delete(source))
    return made
  }

  const ofModel = async (
    manifest: Manifest,
    model: ModelSpec,
    asks: readonly OutcomeAsk[],
  ): Promise<(OutcomeFound | null)[]> => {
    const { label } = model
    const source = manifest.sources[label.source]
    if (source === undefined || !label.on.every(({ field }) => asks.every(({ key }) => key[field] !== undefined)))
      return asks.map(() => null)
    const maturesAfterMs = label.withinMs + maturityLagMs(source)
    const find = async (anew: boolean) => {
      const { version, cutMs, pinnedAtMs } = await pinned(manifest, label.source, anew)
      const join = (some: readonly OutcomeAsk[]): Promise<OutcomeColumns> =>
        platform.engine().outcomes({
          outcome: label,
          source,
          version,
          key: label.on.map(({ column, field }) =>
            columnOf(
              source.columns[column]!.type,
              some.map(({ key }) => key[field] ?? null),
            ),
          ),
          after: Float64Array.from(some, ({ after }) => after),
          at: Float64Array.from(some, ({ at }) => at),
          cutMs,
        })
      return { found: await unlessAmbiguous(asks, join, label.type === 'bool'), ageMs: performance.now() - pinnedAtMs }
    }
    const first = await find(false)
    const now = platform.clock.now()
    const mayChange = first.found.some((outcome, i) => {
      if (outcome?.status === 'open') return first.ageMs > leastPauseMs && asks[i]!.at + maturesAfterMs < now
      return outcome?.status === 'absent' && first.ageMs > lateAfterMs
    })
    return mayChange ? (await find(true)).found : first.found
  }

  return {
    async find(asks) {
      const { manifest } = await platform.applied()
      const found = new Array<OutcomeFound | null>(asks.length).fill(null)
      for (const [name, places] of Map.groupBy(asks.keys(), (place) => asks[place]!.model)) {
        const model = manifest.models[name]
        if (model === undefined) continue
        const some = await ofModel(
          manifest,
          model,
          places.map((place) => asks[place]!),
        )
        places.forEach((place, i) => {
          found[place] = some[i]!
        })
      }
      return found
    },
  }
}

/** The outcomes of asks; null for the few that are ambiguous, which must not hide those of the others. */
async function unlessAmbiguous(
  asks: readonly OutcomeAsk[],
  join: (asks: readonly OutcomeAsk[]) => Promise<OutcomeColumns>,
  bool: boolean,
): Promise<(OutcomeFound | null)[]> {
  try {
    const { label, labelStatus, labelAt } = await join(asks)
    return asks.map((_, i) => ({
      label: Number.isNaN(label[i]!) ? null : bool ? label[i] === 1 : label[i]!,
      status: labelStatuses[labelStatus[i]!]!,
      at: Number.isNaN(labelAt[i]!) ? null : labelAt[i]!,
    }))
  } catch (error) {
    if (!isNoonmarkError(error) || error.code !== 'outcome_ambiguous') throw error
    if (asks.length === 1) return [null]
    const half = asks.length >> 1
    return [
      ...(await unlessAmbiguous(asks.slice(0, half), join, bool)),
      ...(await unlessAmbiguous(asks.slice(half), join, bool)),
    ]
  }
}
