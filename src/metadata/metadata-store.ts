import type { IndexField, IndexRange, MetadataRecord, RecordKey, RecordKind } from './record.ts'

/**
 * The metadata store keeps what the platform knows of itself, as records: small, typed, found by declared fields, changed in
 * transactions. What a kind of record means belongs to the room that declares it (`defineRecord`).
 */
export interface MetadataStore extends MetadataReader {
  readonly supports: MetadataStoreSupports

  /**
   * Carries out all changes or none, durably.
   * @throws record_conflict a record has another revision than expected
   */
  write(changes: readonly RecordChange[]): Promise<void>

  /**
   * Runs reads and writes that no other writer, of this process or another, comes between. Everything is undone where `work` throws.
   * Keep it short, and without outside effects: some drivers run it again after a collision. Only `transaction` is to be
   * used inside: writing to the store itself from within is refused.
   * @throws record_conflict; store_busy other writers kept the store for too long
   */
  transaction<Result>(work: (transaction: MetadataTransaction) => Promise<Result>): Promise<Result>

  close(): Promise<void>
}

/** What a driver can do beyond the port. */
export interface MetadataStoreSupports {
  /** Acknowledged writes survive `kill -9`. */
  readonly durable: boolean
  /** Several processes may write at the same time. */
  readonly sharedWriters: boolean
}

/** Reads of one moment: a list is a snapshot; two reads are one only inside a transaction. */
export interface MetadataReader {
  /** The record of that name, or null. */
  get<Body>(kind: RecordKind<Body>, key: RecordKey): Promise<MetadataRecord<Body> | null>
  /** The records of a project that meet every condition, in order, ties by id. */
  list<Body>(kind: RecordKind<Body>, query: RecordQuery<Body>): Promise<RecordPage<Body>>
}

/** Reads and writes of one transaction; usable until its work ends. */
export interface MetadataTransaction extends MetadataReader {
  /** Writes a record, new or in place of the one of that name, and returns it as it now stands. */
  put<Body extends object>(kind: RecordKind<Body>, put: RecordPut<Body>): Promise<MetadataRecord<Body>>
  /** Removes a record; there may be none, unless a revision is expected. */
  delete<Body>(kind: RecordKind<Body>, key: RecordDelete): Promise<void>
  /**
   * The next number of a series: 1, 2, 3 ... without gaps (a transaction that fails gives its number back).
   * `above` skips to the number after it, where that is greater.
   */
  sequence(series: { readonly project: string; readonly name: string; readonly above?: number }): Promise<number>
}

/** Which records a list gives. */
export interface RecordQuery<Body> {
  readonly project: string
  /** Declared index fields only. */
  readonly where?: { readonly [Field in IndexField<Body>]?: Body[Field] | null | IndexRange }
  /** By id where left out. Index values ascend from null over false, true and numbers to text. */
  readonly order?: {
    readonly by: 'id' | 'createdAtMs' | 'updatedAtMs' | IndexField<Body>
    readonly descending?: boolean
  }
  /** The most records in the page; all where left out. */
  readonly limit?: number
  /** The `next` of the page before, of the same query. */
  readonly after?: string
}

/** A part of a list. */
export interface RecordPage<Body> {
  readonly records: readonly MetadataRecord<Body>[]
  /** To be given as `after` for what follows; null at the end. */
  readonly next: string | null
}

/** A record to write. */
export interface RecordPut<Body> extends RecordKey {
  readonly body: Body
  /** The revision that the record must have; 0: it must not exist; left out: whatever stands is replaced. */
  readonly expectedRevision?: number
}

/** A record to remove. */
export interface RecordDelete extends RecordKey {
  readonly expectedRevision?: number
}

/** One change of a batch; make it with `putRecord` or `deleteRecord`. */
export type RecordChange = (transaction: MetadataTransaction) => Promise<unknown>

/** The change that writes a record. */
export function putRecord<Body extends object>(kind: RecordKind<Body>, put: RecordPut<Body>): RecordChange {
  return (transaction) => transaction.put(kind, put)
}

/** The change that removes a record. */
export function deleteRecord<Body>(kind: RecordKind<Body>, key: RecordDelete): RecordChange {
  return (transaction) => transaction.delete(kind, key)
}
