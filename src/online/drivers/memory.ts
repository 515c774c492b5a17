import { compareBytes } from '../../values/index.ts'
import type { Key, OnlineEntry, OnlineRange, OnlineStore } from '../online-store.ts'

/** An online store in memory: for tests, and for projects that may forget. */
export function memoryOnlineStore(): OnlineStore {
  let entries: OnlineEntry[] = []

  /** The place of the first key that is not before this one. */
  const place = (key: Key): number => {
    let [low, high] = [0, entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(entries[middle]!.key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  const has = (at: number, key: Key) => at < entries.length && compareBytes(entries[at]!.key, key) === 0
  const get = (key: Key) => {
    const at = place(key)
    return has(at, key) ? entries[at]!.value : null
  }
  const range = ({ from, to, limit }: OnlineRange) => {
    const start = place(from)
    const end = Math.max(start, place(to))
    return entries.slice(start, limit === undefined ? end : Math.min(end, start + limit))
  }

  return {
    name: 'memory',
    supports: { sharedReaders: false, durable: false },
    read: async ({ gets, ranges }) => ({ values: gets.map(get), ranges: ranges.map(range) }),
    async write({ puts, deletes, deleteRanges = [] }) {
      for (const { from, to } of deleteRanges) {
        const start = place(from)
        entries.splice(start, Math.max(0, place(to) - start))
      }
      for (const key of deletes) {
        const at = place(key)
        if (has(at, key)) entries.splice(at, 1)
      }
      // The last put of a key counts. Bytes are copied: what the caller does with its own afterwards is its business.
      const copies = puts.map(({ key, value }) => ({ key: key.slice(), value: value.slice() }))
      if (copies.length > bulk) {
        entries = merge(entries, copies)
        return
      }
      for (const entry of copies) {
        const at = place(entry.key)
        entries.splice(at, has(at, entry.key) ? 1 : 0, entry)
      }
    },
    close: async () => {},
  }
}

/** From so many puts on it is quicker to sort and merge than to insert one by one. */
const bulk = 256

function merge(stored: readonly OnlineEntry[], puts: OnlineEntry[]): OnlineEntry[] {
  puts.sort((a, b) => compareBytes(a.key, b.key)) // stable: of equal keys the last put stays last
  const merged: OnlineEntry[] = []
  const push = (entry: OnlineEntry) => {
    const last = merged.at(-1)
    if (last !== undefined && compareBytes(last.key, entry.key) === 0) merged[merged.length - 1] = entry
    else merged.push(entry)
  }
  let next = 0
  for (const entry of stored) {
    while (next < puts.length && compareBytes(puts[next]!.key, entry.key) < 0) push(puts[next++]!)
    push(entry)
  }
  while (next < puts.length) push(puts[next++]!)
  return merged
}
