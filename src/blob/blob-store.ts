import { createHash } from 'node:crypto'
import { noonmarkError } from '../errors.ts'

/**
 * The blob store keeps bytes under the SHA-256 of what they are: artifacts, code bundles, training sets. A blob never changes, the same
 * bytes are stored once, and bytes that are not those of their digest are never given out.
 */
export interface BlobStore {
  readonly supports: BlobStoreSupports

  /** Stores bytes, whole or not at all, and resolves with their digest once they are durable. Bytes that stand already are renewed. */
  put(content: BlobContent): Promise<Digest>

  /**
   * The bytes of a digest.
   * @throws not_found; blob_damaged what is stored has another digest
   */
  get(digest: Digest): Promise<Uint8Array>

  /**
   * The bytes of a digest in pieces, for what is too large to hold. The digest is known at the end only: do not use what was read
   * before the iteration ended without an error.
   * @throws not_found; blob_damaged
   */
  stream(digest: Digest): AsyncIterable<Uint8Array>

  /**
   * A file with the bytes of a digest, to be read only and not kept for longer than the blob; null where the driver has no files.
   * @throws not_found; blob_damaged
   */
  localPath(digest: Digest): Promise<string | null>

  has(digest: Digest): Promise<boolean>

  /** All blobs, in order of their digests. */
  list(): Promise<BlobEntry[]>

  /** Removes a blob and resolves with whether there was one. */
  delete(digest: Digest): Promise<boolean>

  close(): Promise<void>
}

/** What a driver can do beyond the port. */
export interface BlobStoreSupports {
  /** Stored blobs survive `kill -9`. */
  readonly durable: boolean
  /** `localPath` gives files. */
  readonly localPath: boolean
}

/** The SHA-256 of a blob's bytes, as 64 small hexadecimal digits. */
export type Digest = string

/** Bytes to store: as they are, in pieces, or out of a file. */
export type BlobContent = Uint8Array | AsyncIterable<Uint8Array> | { readonly file: string }

/** One stored blob. */
export interface BlobEntry {
  readonly digest: Digest
  readonly sizeBytes: number
}

/** Whether a text is a digest; only such a text ever becomes part of a path. */
export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The error for a digest that nothing is stored under. */
export function blobMissing(digest: Digest) {
  return noonmarkError('not_found', {
    message: `There is no blob ${digest}.`,
    hint: 'Build again what it came from, or restore it from a backup.',
    path: digest,
  })
}

/** The error for bytes that are not those of their digest. */
export function blobDamaged(digest: Digest, found: Digest, place: string) {
  return noonmarkError('blob_damaged', {
    message: `The blob ${digest} is damaged: the bytes in ${place} have the digest ${found}.`,
    path: digest,
  })
}
