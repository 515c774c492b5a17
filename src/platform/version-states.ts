import type { BlobStore } from '../blob/index.ts'
import { isNoonmarkError } from '../errors.ts'
import { type Registry, versionName } from '../registry/index.ts'
import { loadVersion, type VersionState } from '../serve/index.ts'

/** Versions made ready to answer, by their pins, each read once. */
export interface VersionStates {
  /** By pin; one that is not registered yet is left out. Versions that are not asked for are let go of. */
  load(pins: ReadonlySet<string>): Promise<ReadonlyMap<string, VersionState>>
  /** Reads those again that could not be read, where it is time to; true where one of them can be read now. */
  retry(): Promise<boolean>
}

interface Unreadable {
  readonly state: VersionState
  readonly atMs: number
  readonly pauseMs: number
}

const firstPauseMs = 1_000
const longestPauseMs = 60_000

/** Opens the versions of a project. */
export function versionStates(registry: Registry, blobs: BlobStore): VersionStates {
  const loaded = new Map<string, VersionState>()
  // What is in the way of reading, a disk or a store, may be gone a moment later.
  const unreadable = new Map<string, Unreadable>()

  const read = async (pin: string): Promise<VersionState> => {
    const version = await registry.version(pin)
    if (!version.passed) return { refused: 'its checks did not pass' }
    return loadVersion({
      name: versionName(version),
      model: version.spec,
      artifact: await blobs.get(version.artifact),
      reference: await blobs.get(version.reference),
    })
  }

  const stateOf = async (pin: string, pauseMs: number): Promise<VersionState | null> => {
    try {
      const state = await read(pin)
      unreadable.delete(pin)
      loaded.set(pin, state)
      return state
    } catch (error) {
      // Not registered yet is pending: when it is, the contract changes.
      if (isNoonmarkError(error) && error.code === 'version_unknown') return null
      const state = { refused: error instanceof Error ? error.message : String(error) }
      unreadable.set(pin, { state, atMs: performance.now() + pauseMs, pauseMs })
      return state
    }
  }

  return {
    async load(pins) {
      for (const known of [loaded, unreadable]) for (const pin of known.keys()) if (!pins.has(pin)) known.delete(pin)
      const states = new Map<string, VersionState>()
      for (const pin of pins) {
        const state = loaded.get(pin) ?? unreadable.get(pin)?.state ?? (await stateOf(pin, firstPauseMs))
        if (state !== null) states.set(pin, state)
      }
      return states
    },
    async retry() {
      let mended = false
      for (const [pin, { atMs, pauseMs }] of [...unreadable]) {
        if (performance.now() < atMs) continue
        await stateOf(pin, Math.min(longestPauseMs, pauseMs * 2))
        mended ||= loaded.has(pin)
      }
      return mended
    },
  }
}
