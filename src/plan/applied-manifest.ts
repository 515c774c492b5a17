import type { BlobStore } from '../blob/index.ts'
import type { Manifest } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { defineRecord, type MetadataReader } from '../metadata/index.ts'
import type { Instant } from '../values/index.ts'

/** One application of a plan: which manifest has counted from when on. */
export interface Application {
  /** 1, 2, 3 ... within the project. */
  readonly revision: number
  /** What the manifest says. */
  readonly digest: Digest
  /** The manifest as JSON, with the files that declare it. */
  readonly blob: Digest
  readonly appliedAtMs: Instant
  readonly by: string
}

/** The application that counts: one record a project, called `current`. */
export const manifestRecord = defineRecord<Application>({ kind: 'manifest', version: 1, indexes: [] })

/** Every application of a project, by its revision. */
export const applicationRecord = defineRecord<Application>({ kind: 'application', version: 1, indexes: ['revision'] })

/** Which blob is the source of a function, by the digest of its code. What was applied once stays, for versions that use it. */
export const functionRecord = defineRecord<{ readonly blob: Digest }>({ kind: 'function', version: 1, indexes: [] })

/** A manifest with the application that made it count. */
export interface AppliedManifest extends Application {
  readonly manifest: Manifest
}

/** What counts in a project now; null before the first apply. */
export async function currentManifest(
  metadata: MetadataReader,
  blobs: BlobStore,
  project: string,
): Promise<AppliedManifest | null> {
  const record = await metadata.get(manifestRecord, { project, id: 'current' })
  return record === null ? null : { ...record.body, manifest: await readManifest(blobs, record.body.blob) }
}

/** A manifest out of the blob store. @throws store_newer, not_found, blob_damaged */
export async function readManifest(blobs: BlobStore, blob: Digest): Promise<Manifest> {
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(await blobs.get(blob)))
  if (manifest.format !== 1) {
    throw noonmarkError('store_newer', { message: `The manifest has format ${manifest.format}; this release reads 1.` })
  }
  return manifest
}

/** The applications of a project, the newest first. */
export async function applications(
  metadata: MetadataReader,
  project: string,
  { limit }: { readonly limit?: number } = {},
): Promise<Application[]> {
  const { records } = await metadata.list(applicationRecord, {
    project,
    order: { by: 'revision', descending: true },
    ...(limit === undefined ? {} : { limit }),
  })
  return records.map(({ body }) => body)
}

/** The module whose default export is the function of a code digest. @throws not_found for code that was never applied */
export async function functionSource(
  metadata: MetadataReader,
  blobs: BlobStore,
  project: string,
  digest: Digest,
): Promise<string> {
  const record = await metadata.get(functionRecord, { project, id: digest })
  if (record === null) {
    throw noonmarkError('not_found', {
      message: `There is no function of the code ${digest.slice(0, 12)} in project ${project}.`,
      hint: 'Run `noonmark apply` in the project that declares it.',
      path: digest,
    })
  }
  return new TextDecoder().decode(await blobs.get(record.body.blob))
}
