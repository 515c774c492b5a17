import { AsyncLocalStorage } from 'node:async_hooks'
import type {
  MetadataReader,
  MetadataStore,
  MetadataTransaction,
  RecordDelete,
  RecordPut,
  RecordQuery,
} from '../metadata-store.ts'
import { formatCursor, type PlainQuery, plainQuery, revisionConflict } from '../query.ts'
import { encodeIndexValue, indexValue, type MetadataRecord, type RecordKey, type RecordKind } from '../record.ts'
import { endedError, nestedError } from '../transaction.ts'

/** A record with its body as JSON text, so that nobody outside holds on to what is stored. */
type StoredRecord = Omit<MetadataRecord<never>, 'body'> & { readonly json: string }

interface State {
  readonly records: Map<string, StoredRecord>
  readonly sequences: Map<string, number>
}

/** A metadata store that lives as long as its process. */
export function memoryMetadataStore(options: { readonly clock?: { now(): number } } = {}): MetadataStore {
  const now = () => options.clock?.now() ?? Date.now()
  const inside = new AsyncLocalStorage<{ readonly ended: boolean }>()
  let state: State = { records: new Map(), sequences: new Map() }
  let turn: Promise<unknown> = Promise.resolve()

  function transaction<Result>(work: (transaction: MetadataTransaction) => Promise<Result>): Promise<Result> {
    if (inside.getStore()?.ended === false) return Promise.reject(nestedError())
    const result = turn.then(async () => {
      const draft: State = { records: new Map(state.records), sequences: new Map(state.sequences) }
      const open = { ended: false }
      try {
        const value = await inside.run(open, () => work(memoryTransaction(draft, now, open)))
        state = draft
        return value
      } finally {
        open.ended = true
      }
    })
    turn = result.catch(() => undefined)
    return result
  }

  return {
    supports: { durable: false, sharedWriters: false },
    ...memoryReader(() => {
      if (inside.getStore()?.ended === false) throw nestedError()
      return state
    }),
    transaction,
    write: (changes) =>
      transaction(async (open) => {
        for (const change of changes) await change(open)
      }),
    close: async () => undefined,
  }
}

function memoryTransaction(draft: State, now: () => number, open: { ended: boolean }): MetadataTransaction {
  const current = () => {
    if (open.ended) throw endedError()
    return draft
  }
  const standing = (kind: string, key: RecordDelete) => {
    const record = current().records.get(recordKey(kind, key))
    const conflict = revisionConflict(kind, key, record?.revision ?? 0, key.expectedRevision)
    if (conflict !== null) throw conflict
    return record
  }
  return {
    ...memoryReader(current),
    async put<Body extends object>(kind: RecordKind<Body>, put: RecordPut<Body>) {
      const { project, id, body } = put
      const before = standing(kind.kind, put)
      for (const field of kind.indexes) encodeIndexValue(indexValue(body, field))
      const updatedAtMs = now()
      const record: StoredRecord = {
        kind: kind.kind,
        project,
        id,
        revision: (before?.revision ?? 0) + 1,
        createdAtMs: before?.createdAtMs ?? updatedAtMs,
        updatedAtMs,
        json: JSON.stringify(body),
      }
      draft.records.set(recordKey(kind.kind, put), record)
      return read<Body>(record)
    },
    async delete(kind, key) {
      standing(kind.kind, key)
      draft.records.delete(recordKey(kind.kind, key))
    },
    async sequence({ project, name, above = 0 }) {
      const key = JSON.stringify([project, name])
      const value = Math.max(current().sequences.get(key) ?? 0, above) + 1
      draft.sequences.set(key, value)
      return value
    },
  }
}

function memoryReader(current: () => State): MetadataReader {
  return {
    async get<Body>(kind: RecordKind<Body>, key: RecordKey) {
      const record = current().records.get(recordKey(kind.kind, key))
      return record === undefined ? null : read<Body>(record)
    },
    async list<Body>(kind: RecordKind<Body>, wanted: RecordQuery<Body>) {
      const query = plainQuery(kind, wanted)
      const found = [...current().records.values()]
        .filter((stored) => stored.kind === kind.kind && stored.project === query.project)
        .map((stored) => read<Body>(stored))
        .filter((record) => query.where.every(({ field, is }) => meets(encodedField(record, field), is)))
        .map((record) => ({ record, value: orderValue(record, query.orderBy) }))
        .sort((a, b) => comparePlaces(query, placeOf(a), placeOf(b)))
        .filter((place) => query.after === null || comparePlaces(query, placeOf(place), query.after) > 0)
      const page = found.slice(0, query.limit ?? found.length)
      const last = page.at(-1)
      const next = last === undefined || page.length === found.length ? null : formatCursor(last.value, last.record.id)
      return { records: page.map(({ record }) => record), next }
    },
  }
}

interface Place {
  readonly value: string | number
  readonly id: string
}

function placeOf(found: { readonly record: RecordKey; readonly value: string | number }): Place {
  return { value: found.value, id: found.record.id }
}

function comparePlaces(query: PlainQuery, a: Place, b: Place): number {
  const order = compareValues(a.value, b.value) || compareValues(a.id, b.id)
  return query.descending ? -order : order
}

function compareValues(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
}

function orderValue(record: MetadataRecord<unknown>, orderBy: string): string | number {
  if (orderBy === 'id') return record.id
  if (orderBy === 'createdAtMs') return record.createdAtMs
  if (orderBy === 'updatedAtMs') return record.updatedAtMs
  return encodedField(record, orderBy)
}

function encodedField(record: MetadataRecord<unknown>, field: string): string {
  return encodeIndexValue(indexValue(Object(record.body), field))
}

function meets(value: string, is: PlainQuery['where'][number]['is']): boolean {
  if (typeof is === 'string') return value === is
  return compareValues(value, is.least) >= 0 && compareValues(value, is.end) < 0
}

function read<Body>({ json, ...record }: StoredRecord): MetadataRecord<Body> {
  const body: Body = JSON.parse(json) // a body is read by the kind that wrote it
  return { ...record, body }
}

function recordKey(kind: string, key: RecordKey): string {
  return JSON.stringify([key.project, kind, key.id])
}
